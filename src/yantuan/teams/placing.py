"""Teams in placing: their rows are locked in id order behind pools and counters, so that the last seat goes to one order."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Final

from yantuan.kernel.ids import new_id, short_code
from yantuan.orders import hooks
from yantuan.orders.dialect import Dialect, Row, Statement, Table
from yantuan.orders.drafts import Booking, Draft, GroupTerms, Snapshot
from yantuan.teams import rules
from yantuan.teams.rules import Terms

NAME: Final = "teams"

_TEAMS = """
SELECT id, code, group_buy_id, size, taken, state, ends_at FROM teams_team WHERE id {ids} ORDER BY id
"""
_SEATED = """
SELECT s.group_buy_id, s.person_id, t.code FROM teams_seat s JOIN teams_team t ON t.id = s.team_id
WHERE s.state = 'taken' AND s.person_id {people}
"""
_TAKE = """
WITH v(id, seats) AS ({rows})
UPDATE teams_team SET taken = teams_team.taken + v.seats FROM v WHERE teams_team.id = v.id
"""

TEAM = Table(
    "teams_team",
    {
        "id": "bigint", "code": "text", "store_id": "bigint", "group_buy_id": "bigint", "size": "integer",
        "sell_anyway": "boolean", "started_at": "timestamptz", "ends_at": "timestamptz",
    },
    {"taken": "1", "state": "'forming'"},
)  # fmt: skip
SEAT = Table(
    "teams_seat",
    {
        "id": "bigint", "team_id": "bigint", "group_buy_id": "bigint", "order_id": "bigint",
        "person_id": "bigint", "taken_at": "timestamptz",
    },
    {"state": "'taken'"},
)  # fmt: skip


@dataclass(slots=True)
class Facts:
    """What the drafts of a batch must know."""

    teams: dict[int, Terms] = field(default_factory=dict)
    seated: dict[tuple[int, int], str] = field(default_factory=dict)
    """(group buy id, person id) → the code of the forming team they are in."""


@dataclass(frozen=True, slots=True)
class Seated:
    """Where a granted order sits: in a team of before, or in the one it starts."""

    team_id: int
    code: str = ""
    """Of a new team; empty: it is there already."""


class TeamHook:
    """Asked only for drafts that want a team."""

    name = NAME

    def concerns(self, draft: Draft, group: GroupTerms) -> bool:
        return draft.team is not None

    def read(self, dialect: Dialect, drafts: Sequence[Draft], snapshot: Snapshot, *, lock: bool) -> None:
        facts = snapshot.extra[NAME] = Facts()
        statements = []
        wanted = sorted({d.team.team_id for d in drafts if d.team and d.team.team_id is not None})
        if wanted:
            among, ids = dialect.among(wanted)
            row_lock = dialect.row_lock if lock else ""
            statements.append(Statement(_TEAMS.format(ids=among) + row_lock, ids))
        among, people = dialect.among(sorted({draft.person_id for draft in drafts}))
        found = dialect.run([*statements, Statement(_SEATED.format(people=among), people)])
        for row in found[0] if wanted else ():
            team_id, code, group_buy_id, size, taken, state, ends_at = row
            facts.teams[team_id] = Terms(team_id, code, group_buy_id, size, taken, state, _aware(ends_at))
        facts.seated = {(row[0], row[1]): row[2] for row in found[-1]}

    def check(self, draft: Draft, group: GroupTerms, snapshot: Snapshot) -> None:
        if not group.options.teams.size:
            raise rules.no_teams()
        if draft.payment_method != "wechatpay":
            raise rules.only_wechat_pay()
        if draft.adds:
            raise rules.no_adding()
        for line in draft.lines:
            offer = snapshot.offers.get(line.offer_id)
            if offer and offer.options.teams.price_fen is None and not offer.options.money.gift:
                raise rules.goods_without_price(offer.id, offer.title)
        facts: Facts = snapshot.extra[NAME]
        mine = facts.seated.get((draft.group_buy_id, draft.person_id))
        if mine is not None:
            raise rules.already_in(mine)
        wanted = draft.team.team_id if draft.team else None
        if wanted is not None:
            refused = rules.join_refusal(facts.teams.get(wanted), group.id, snapshot.now)
            if refused is not None:
                raise refused

    def take(self, booking: Booking, snapshot: Snapshot) -> None:
        facts: Facts = snapshot.extra[NAME]
        draft = booking.draft
        wanted = draft.team.team_id if draft.team else None
        if wanted is None:
            seat = Seated(new_id(), short_code())
        else:
            facts.teams[wanted].taken += 1
            seat = Seated(wanted)
        facts.seated[draft.group_buy_id, draft.person_id] = seat.code or facts.teams[seat.team_id].code
        booking.notes[NAME] = seat

    def write(self, dialect: Dialect, bookings: Sequence[Booking]) -> Sequence[Statement]:
        more: dict[int, int] = defaultdict(int)
        started: list[Row] = []
        seats: list[Row] = []
        for b in bookings:
            seat: Seated = b.notes[NAME]
            if seat.code:
                started.append(_team_row(b, seat, dialect))
            else:
                more[seat.team_id] += 1
            at = dialect.moment(b.placed_at)
            seats.append((new_id(), seat.team_id, b.group.id, b.id, b.draft.person_id, at))
        statements = dialect.insert(TEAM, started) if started else []
        if more:
            rows, values = dialect.table(("bigint", "bigint"), sorted(more.items()))
            statements = [*statements, Statement(_TAKE.format(rows=rows), values)]
        return [*statements, *dialect.insert(SEAT, seats)]


def _team_row(b: Booking, seat: Seated, dialect: Dialect) -> Row:
    teams = b.group.options.teams
    ends_at = rules.end_of(b.placed_at, teams.hours, b.group.ends_at)
    return (
        seat.team_id, seat.code, b.group.store_id, b.group.id, teams.size, teams.sell_anyway,
        dialect.moment(b.placed_at), dialect.moment(ends_at),
    )  # fmt: skip


def _aware(moment: datetime) -> datetime:
    # SQLite keeps UTC without a zone.
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment


hooks.register(TeamHook())
