"""From judged pieces to what becomes of a wish: carried out, rejected, or put before an operator."""

from __future__ import annotations

from django.db import transaction

from yantuan.kernel import outbox, said
from yantuan.kernel.clock import now
from yantuan.kernel.db import retrying
from yantuan.kernel.errors import AppError
from yantuan.moderation import gateway
from yantuan.moderation.gate import OPEN, parts_of
from yantuan.moderation.models import Submission, Verdict
from yantuan.moderation.rules import outcome

State = Submission.State


def settle_with(digest: str) -> None:
    """Settle every wish in which this piece occurs."""
    rows = Submission.objects.filter(parts__digest=digest).exclude(
        state__in=[State.WITHDRAWN, State.REJECTED]
    )
    for row in rows.distinct():
        settle(row.id)


def settle(submission_id: int) -> None:
    """Do what the pieces' verdicts allow; nothing when they allow nothing new. Safe to repeat."""
    row = Submission.objects.filter(id=submission_id).first()
    if row is None:
        return
    if row.state == State.PASSED:
        _look_again(row)
    if row.state not in OPEN or row.live:
        return
    decided = outcome(_states(row)) if gateway.active() else "passed"
    if decided == "passed":
        retrying(lambda: _carry_out(row))
    elif decided != row.state:
        retrying(lambda: _note(row, decided))


def _states(row: Submission) -> list[str]:
    # A verdict that was dropped after its month is unknown again.
    return [verdict.state if verdict is not None else "new" for _, verdict in parts_of(row)]


def _note(row: Submission, decided: str) -> None:
    changed = Submission.objects.filter(id=row.id, revision=row.revision, state=row.state).update(
        state=decided, decided_at=now() if decided == "rejected" else None
    )
    if changed:
        tell(row, decided)


def _carry_out(row: Submission) -> None:
    """Under the subject's own lock, and only if nobody has wished otherwise meanwhile."""
    carrier = said.carrier_of(row.kind)
    if carrier is None:
        return
    carrier.lock(row.subject_id)
    current = Submission.objects.select_for_update().get(id=row.id)
    if current.revision != row.revision or current.state not in OPEN:
        return
    try:
        with transaction.atomic():
            carrier.carry(row.subject_id, row.person_id, row.wish)
    except AppError as error:
        # What stood in its way (a closed window, a suspended store) is told in its own words.
        current.state, current.decided_at = State.REJECTED, now()
        current.reason, current.reason_en = error.zh[:200], error.en[:300]
        current.save(update_fields=["state", "reason", "reason_en", "decided_at"])
        tell(current, State.REJECTED)
        return
    current.refresh_from_db()
    if not gateway.active():
        current.state, current.decided_at = State.PASSED, now()
        current.save(update_fields=["state", "decided_at"])
    if current.state == State.PASSED:
        tell(current, State.PASSED)


def _look_again(row: Submission) -> None:
    """Shown without an answer, and the answer came: risky. An operator decides what to do about it."""
    if outcome(_states(row)) == "rejected":
        Submission.objects.filter(id=row.id, state=State.PASSED, revision=row.revision).update(
            state=State.DOUBTFUL, live=True, decided_at=None
        )


def tell(row: Submission, state: str) -> None:
    """Let upper floors tell the author."""
    payload = {
        "submission_id": row.id, "kind": row.kind, "subject_id": row.subject_id, "person_id": row.person_id,
        "store_id": row.store_id, "title": row.title, "state": state,
        "change": row.wish is not None, "revision": row.revision, "reason": row.reason,
    }  # fmt: skip
    outbox.emit("moderation.decided", payload, store_id=row.store_id)


def open_verdicts(row: Submission) -> list[Verdict]:
    """The pieces of a submission that have not passed."""
    return [v for _, v in parts_of(row) if v is not None and v.state != Verdict.State.PASSED]
