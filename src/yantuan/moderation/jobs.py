"""Content checks after a commit, answers pushed by the platform, and time running out."""

from __future__ import annotations

from typing import Any

from yantuan.kernel.clock import now
from yantuan.kernel.outbox import on
from yantuan.kernel.schedule import every
from yantuan.moderation import gateway, judging
from yantuan.moderation.gate import OPEN
from yantuan.moderation.models import Submission, Verdict
from yantuan.moderation.rules import ANSWER_WITHIN, KEPT
from yantuan.moderation.settling import settle
from yantuan.push.registry import Push
from yantuan.push.registry import on as on_push


@on("moderation.check")
def check(payload: dict[str, Any]) -> None:
    """Ask about one piece."""
    judging.ask(int(payload["verdict_id"]))


@on_push("wxa_media_check")
def answered(push: Push) -> None:
    """A picture was judged."""
    judging.pushed(dict(push.fields), push.text("trace_id"), push.text("errcode"), push.sent_at)


@every(60)
def watch() -> int:
    """Give up on what was not answered in half an hour, and settle what a lost step left behind."""
    given_up = judging.overdue(now() - ANSWER_WITHIN) if gateway.active() else 0
    for submission_id in Submission.objects.filter(state__in=OPEN, live=False).values_list("id", flat=True)[
        :500
    ]:
        settle(submission_id)
    return given_up


@every(3600)
def prune() -> int:
    """Forget verdicts after a month, except those a wish still waits for; done wishes with them."""
    before = now() - KEPT
    Submission.objects.filter(state__in=["passed", "withdrawn"], submitted_at__lt=before).delete()
    needed = Submission.objects.filter(state__in=["waiting", "doubtful", "rejected"]).values("parts__digest")
    old = Verdict.objects.filter(decided_at__lt=before).exclude(digest__in=needed)
    gone, _ = old.delete()
    return gone
