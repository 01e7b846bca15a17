"""Pictures as answers: one's own upload goes with the order, and whoever handles orders there may look at it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from yantuan.identity.models import Person
from yantuan.media.access import grant
from yantuan.media.models import Media
from yantuan.orders import hooks, refusals
from yantuan.orders.dialect import Dialect, Statement
from yantuan.orders.drafts import Booking, Draft, GroupTerms, Snapshot
from yantuan.orders.models import Order
from yantuan.staff.access import of_person

NAME: Final = "pictures"
_MAX_ID: Final = 2**63 - 1

_OWN = """
SELECT m.id, m.owner_id FROM media_media m
WHERE m.id {ids} AND m.purpose = 'answer' AND m.removed_at IS NULL {lock}
"""


def _asked(draft: Draft, group: GroupTerms) -> list[tuple[str, str, str]]:
    """(question id, label, answer) of the picture questions this draft answers."""
    given = dict(draft.answers)
    questions = [one for one in group.questions if one.get("kind") == "picture"]
    found = [(str(one["id"]), str(one["label"]), given.get(str(one["id"]), "").strip()) for one in questions]
    return [one for one in found if one[2]]


def _id(answer: str) -> int:
    """The picture an answer names; 0 for anything else."""
    number = int(answer) if answer.isascii() and answer.isdigit() and len(answer) <= 19 else 0
    return number if number <= _MAX_ID else 0


class PictureHook:
    name = NAME

    def concerns(self, draft: Draft, group: GroupTerms) -> bool:
        return bool(draft.answers) and bool(_asked(draft, group))

    def read(self, dialect: Dialect, drafts: Sequence[Draft], snapshot: Snapshot, *, lock: bool) -> None:
        """The rows are held, so that no picture is destroyed while the order that names it is being written."""
        groups = snapshot.groups
        asked = {_id(a) for d in drafts for _, _, a in _asked(d, groups[d.group_buy_id])} - {0}
        among, ids = dialect.among(sorted(asked or {0}))
        held = f"ORDER BY m.id {dialect.row_lock}" if lock else ""
        [rows] = dialect.run([Statement(_OWN.format(ids=among, lock=held), ids)])
        snapshot.extra[NAME] = {(row[0], row[1]) for row in rows}

    def check(self, draft: Draft, group: GroupTerms, snapshot: Snapshot) -> None:
        for question_id, label, answer in _asked(draft, group):
            if (_id(answer), draft.person_id) not in snapshot.extra.get(NAME, ()):
                raise refusals.picture_unfit(label, question_id)

    def take(self, booking: Booking, snapshot: Snapshot) -> None:
        """Nothing: a picture may answer several orders."""

    def write(self, dialect: Dialect, bookings: Sequence[Booking]) -> Sequence[Statement]:
        return ()


@grant("answer")
def seller_sees_answer(person: Person, media: Media) -> bool:
    """The leader of the store it was sent to with an order, and who handles orders there, may look at it."""
    if media.owner_id is None:
        return False
    mine = of_person(person, "store__", ("orders",))
    rows = Order.objects.filter(mine, person_id=media.owner_id).values_list("answers", flat=True)
    return any(answer.get("media_id") == str(media.id) for answers in rows for answer in answers)


hooks.register(PictureHook())
