"""Pushes: verified, stored once, answered, then handled by the worker from the stored copy."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from django.db import transaction
from django.db.models import F

from yantuan.gateways.wechat_push import OpenedPush, PushSettings, check_url, open_push, parse
from yantuan.identity.gateway import NotConfigured
from yantuan.kernel import outbox
from yantuan.kernel.clock import now
from yantuan.kernel.config import config
from yantuan.kernel.models import OutboxEvent
from yantuan.kernel.tokens import seal, unseal
from yantuan.push.messages import Push, topic_of
from yantuan.push.models import PushMessage

_SEAL = "wechat-push"
_NOT_A_NAME = re.compile(r"[^a-z0-9_.-]")
MAX_EVENT = 58
"""Characters of an event's name; the platform's own have fewer than fifty."""


def settings() -> PushSettings:
    """What the operator agreed on with the platform. Raises NotConfigured."""
    cfg = config()
    appids = tuple(appid for appid in (cfg.wechat_mini_appid, cfg.wechat_oa_appid) if appid)
    if not cfg.wechat_push_token or not appids:
        raise NotConfigured("微信消息推送", "The WeChat message push")
    return PushSettings(cfg.wechat_push_token, cfg.wechat_push_mode, appids, cfg.wechat_push_aes_key)


def answer_check(query: Mapping[str, str]) -> str:
    """The text to answer when the platform checks our address. Raises PushRefused or NotConfigured."""
    return check_url(settings(), query, now())


def receive(query: Mapping[str, str], body: bytes) -> int | None:
    """Verify and keep one push, once; answers its row's id, or None for what isn't an event.

    Raises PushRefused, PushUnreadable, GatewayUndecryptable or NotConfigured; then nothing is stored.
    """
    opened = open_push(settings(), query, body, now())
    if _text(opened, "MsgType").lower() != "event" or not _text(opened, "Event"):
        return None
    return _keep(opened)


def _keep(opened: OpenedPush) -> int:
    event = _NOT_A_NAME.sub("", _text(opened, "Event").lower())[:MAX_EVENT]
    row = PushMessage(
        event=event,
        sealed=seal(_SEAL, opened.text),
        dedupe=_fingerprint(opened.fields),
        sent_at=_moment(opened.fields.get("CreateTime")),
        received_at=now(),
    )
    work = outbox.events_for(topic_of(event), {"push_id": row.id}, key=f"push:{row.id}")
    row.handlers = len(work)
    with transaction.atomic():
        PushMessage.objects.bulk_create([row], ignore_conflicts=True)
        kept = PushMessage.objects.get(dedupe=row.dedupe)
        if kept.id == row.id:
            OutboxEvent.objects.bulk_create(work)
        else:
            PushMessage.objects.filter(id=kept.id).update(seen=F("seen") + 1)
    return kept.id


def _text(opened: OpenedPush, name: str) -> str:
    value = opened.fields.get(name, "")
    return value if isinstance(value, str) else ""


def _fingerprint(fields: Mapping[str, Any]) -> str:
    # Sender, time, event and business number are all among the fields, whatever the number is called.
    return hashlib.sha256(json.dumps(fields, sort_keys=True).encode()).hexdigest()


def _moment(value: object) -> datetime | None:
    text = str(value) if isinstance(value, str | int) else ""
    if not (text.isascii() and text.isdigit() and len(text) <= 11):
        return None
    return datetime.fromtimestamp(int(text), UTC)


def load(push_id: int) -> Push | None:
    """A stored push as handlers see it; None when it is gone."""
    row = PushMessage.objects.filter(id=push_id).first()
    if row is None:
        return None
    fields = parse(unseal(_SEAL, row.sealed))
    sender = fields.get("FromUserName")
    return Push(row.id, row.event, sender if isinstance(sender, str) else "", row.sent_at, fields)


def handled(push_id: int) -> None:
    """Note that a handler is through with it."""
    PushMessage.objects.filter(id=push_id).update(handled_at=now())
