"""Asking the platform, and taking its answers."""

from __future__ import annotations

import secrets
from datetime import datetime
from typing import Any

from django.db import transaction

from yantuan.gateways.errors import GatewayError, GatewayRefused, GatewayThrottled, GatewayUnavailable
from yantuan.gateways.wechat_content import AuthorInactive, Judgement, PictureRefused, judgement_of
from yantuan.identity.queries import openid_of
from yantuan.kernel.clock import now
from yantuan.kernel.config import config
from yantuan.kernel.outbox import Later
from yantuan.media.models import Media
from yantuan.moderation import gateway
from yantuan.moderation.models import Verdict
from yantuan.moderation.rules import ANSWER_WITHIN, STILL_ASKING
from yantuan.moderation.settling import settle_with

State = Verdict.State

QUOTA_SECONDS = 900
BUSY_SECONDS = 30
REFUSED_SECONDS = 600
EARLY_SECONDS = 5
"""A push may overtake the answer that names its number."""
PUBLIC_PURPOSES = ("product", "store", "content", "avatar")


def ask(verdict_id: int) -> None:
    """Have one piece judged. Raises Later when the platform can't just now; nothing is lost by that."""
    verdict = Verdict.objects.filter(id=verdict_id).first()
    if verdict is None or not gateway.active() or not _askable(verdict):
        return
    openid = openid_of(verdict.author_id, config().wechat_mini_appid)
    if not openid:
        doubt(verdict, "inactive")
        return
    try:
        if verdict.media_id is None:
            take(verdict, gateway.client().check_text(verdict.text, openid))
        else:
            _ask_about_picture(verdict, openid)
    except AuthorInactive:
        doubt(verdict, "inactive")
    except PictureRefused:
        doubt(verdict, "unreadable")
    except GatewayThrottled as error:
        raise _later(verdict, "quota", QUOTA_SECONDS) from error
    except GatewayUnavailable as error:
        raise _later(verdict, "unreachable", BUSY_SECONDS) from error
    except (GatewayRefused, GatewayError) as error:
        raise _later(verdict, "unreachable", REFUSED_SECONDS) from error


def _askable(verdict: Verdict) -> bool:
    doubted = verdict.state == State.DOUBTFUL and verdict.cause in STILL_ASKING
    return verdict.operator_id is None and (verdict.state == State.NEW or doubted)


def _later(verdict: Verdict, cause: str, seconds: float) -> Later:
    Verdict.objects.filter(id=verdict.id, state=State.NEW).update(cause=cause)
    return Later(seconds)


def _ask_about_picture(verdict: Verdict, openid: str) -> None:
    token = secrets.token_urlsafe(32)
    # Written before the call: the platform may come for the picture while we still wait for its answer.
    Verdict.objects.filter(id=verdict.id).update(token=token, asked_at=now())
    trace_id = gateway.client().check_picture(picture_address(token), openid)
    Verdict.objects.filter(id=verdict.id, operator_id=None).update(
        trace_id=trace_id, state=State.ASKED, cause=""
    )


def picture_address(token: str) -> str:
    """Where the platform fetches a picture it was asked about."""
    return f"{config().public_url.rstrip('/')}/notify/wechat/content/{token}.jpg"


def picture_for(token: str) -> Media | None:
    """The picture of an address given to the platform, as long as it may still need it."""
    verdict = Verdict.objects.filter(token=token, state__in=[State.NEW, State.ASKED, State.DOUBTFUL]).first()
    if verdict is None or verdict.asked_at is None or now() - verdict.asked_at > ANSWER_WITHIN:
        return None
    return Media.objects.filter(id=verdict.media_id or 0).first()


def take(verdict: Verdict, judgement: Judgement) -> None:
    """Write down the platform's judgement, unless an operator has decided; again: no change."""
    if judgement.suggest == "review":
        doubt(verdict, "review", judgement.label)
        return
    state = State.PASSED if judgement.suggest == "pass" else State.RISKY
    with transaction.atomic():
        row = Verdict.objects.select_for_update().get(id=verdict.id)
        if row.operator_id is not None or (row.state == state and not row.cause):
            return
        row.state, row.label, row.cause, row.token, row.decided_at = state, judgement.label, "", None, now()
        row.save()
        if state == State.RISKY:
            hide(row)
    settle_with(row.digest)


def hide(verdict: Verdict) -> None:
    """A picture that must not be seen is no longer served to everybody; its owner sees it still."""
    if verdict.media_id is not None:
        Media.objects.filter(sha256=verdict.digest, purpose__in=PUBLIC_PURPOSES).update(private=True)


def unhide(verdict: Verdict) -> None:
    """Serve a picture again that an operator found good."""
    if verdict.media_id is not None:
        Media.objects.filter(sha256=verdict.digest, purpose__in=PUBLIC_PURPOSES).update(private=False)


def doubt(verdict: Verdict, cause: str, label: int = 0) -> None:
    """The platform gives no clear answer: an operator's turn, or through all the same where the instance says so."""
    with transaction.atomic():
        row = Verdict.objects.select_for_update().get(id=verdict.id)
        if row.operator_id is not None or row.state in (State.PASSED, State.RISKY):
            return
        row.state, row.cause, row.label = State.DOUBTFUL, cause, label
        if config().content_check_fail_open:
            row.state, row.cause = State.PASSED, "fail_open"
        if cause not in STILL_ASKING:
            row.decided_at = now()
        row.save()
    settle_with(row.digest)


def overdue(before: datetime) -> int:
    """Give up waiting for pieces whose asking began before this moment; answers how many."""
    rows = list(Verdict.objects.filter(state__in=[State.NEW, State.ASKED], created_at__lt=before)[:200])
    for verdict in rows:
        asked = verdict.state == State.ASKED
        doubt(verdict, "timeout" if asked else verdict.cause or "unreachable")
    return len(rows)


def pushed(fields: dict[str, Any], trace_id: str, errcode: str, sent_at: datetime | None) -> None:
    """An answer about a picture. Raises Later when it came before we knew its number."""
    verdict = Verdict.objects.filter(trace_id=trace_id).first() if trace_id else None
    if verdict is None:
        if trace_id and sent_at is not None and (now() - sent_at).total_seconds() < 60:
            raise Later(EARLY_SECONDS)
        return
    if errcode not in ("", "0"):
        doubt(verdict, "unreadable")
        return
    try:
        take(verdict, judgement_of(fields))
    except GatewayUnavailable:
        doubt(verdict, "unreadable")
