"""What an operator decides by hand."""

from __future__ import annotations

from django.db import transaction

from yantuan.kernel import audit, said
from yantuan.kernel.actors import Actor
from yantuan.kernel.clock import now
from yantuan.kernel.errors import Conflict, NotFound
from yantuan.moderation import judging
from yantuan.moderation.models import Submission, Verdict
from yantuan.moderation.settling import open_verdicts, settle, tell

State = Submission.State
DECIDABLE = (State.WAITING, State.DOUBTFUL, State.REJECTED)
REJECTABLE = (State.WAITING, State.DOUBTFUL)


def approve(submission_id: int, reason: str, operator_id: int) -> None:
    """Find every piece good and carry the wish out, once. Raises Conflict `submission_decided`."""
    with transaction.atomic():
        row = _locked(submission_id, DECIDABLE)
        for verdict in open_verdicts(row):
            _pass(verdict, operator_id)
            judging.unhide(verdict)
        row.state = State.PASSED if row.live else State.WAITING
        row.live, row.reason, row.reason_en, row.revision = False, "", "", row.revision + 1
        row.save(update_fields=["state", "live", "reason", "reason_en", "revision"])
        _note(row, "content.approve", reason, operator_id)
    settle(submission_id)


def reject(submission_id: int, reason: str, operator_id: int) -> None:
    """Do not show it, or no longer; the reason is told to the author. Raises Conflict `submission_decided`."""
    with transaction.atomic():
        row = _locked(submission_id, REJECTABLE)
        if row.live:
            carrier = said.carrier_of(row.kind)
            assert carrier is not None
            carrier.take_down(row.subject_id)
        row.state, row.live, row.decided_at = State.REJECTED, False, now()
        row.reason, row.reason_en, row.revision = reason[:200], "", row.revision + 1
        row.save(update_fields=["state", "live", "reason", "reason_en", "decided_at", "revision"])
        _note(row, "content.reject", reason, operator_id)
        tell(row, State.REJECTED)


def _locked(submission_id: int, states: tuple[str, ...]) -> Submission:
    row = Submission.objects.select_for_update().filter(id=submission_id).first()
    if row is None:
        raise NotFound
    if row.state not in states:
        raise Conflict("submission_decided", "这条内容已经处理过了", "This has been decided already.")
    return row


def _pass(verdict: Verdict, operator_id: int) -> None:
    Verdict.objects.filter(id=verdict.id).update(
        state=Verdict.State.PASSED, operator_id=operator_id, decided_at=now(), token=None, cause=""
    )


def _note(row: Submission, action: str, reason: str, operator_id: int) -> None:
    actor = Actor("operator", operator_id)
    audit.record(
        actor, action, row.kind, row.subject_id, store_id=row.store_id, reason=reason, submission=str(row.id)
    )
