"""Everything the product sent to people: SMS, subscription messages, WeCom, e-mail."""

import json
from typing import Any

from yantuan.simulator.clock import china_time, rfc3339
from yantuan.simulator.database import Row
from yantuan.simulator.world import World

CHANNELS = {
    "sms": "短信",
    "subscribe": "订阅消息",
    "template": "模板消息",
    "wecom": "企业微信",
    "email": "邮件",
}


def put(
    world: World,
    channel: str,
    recipient: str,
    title: str,
    body: str,
    *,
    code: str = "",
    details: dict[str, Any] | None = None,
) -> int:
    """Store a message as it reached `recipient` (a phone, a person, a robot or an address)."""
    return world.db.insert(
        "inbox",
        at=world.clock.now(),
        channel=channel,
        recipient=recipient,
        title=title,
        body=body,
        code=code,
        details=json.dumps(details or {}, ensure_ascii=False),
    )


def listed(
    world: World, *, phone: str | None = None, channel: str | None = None, limit: int = 100
) -> list[dict[str, Any]]:
    """Newest first. `phone` matches the recipient whole, or by its last digits when it is shorter."""
    rows = world.db.rows(
        "SELECT * FROM inbox WHERE (?1 IS NULL OR recipient LIKE '%' || ?1) AND (?2 IS NULL OR channel = ?2)"
        " ORDER BY id DESC LIMIT ?3",
        phone or None,
        channel or None,
        max(1, min(limit, 500)),
    )
    return [_shown(row) for row in rows]


def _shown(row: Row) -> dict[str, Any]:
    return {
        "id": row["id"],
        "at": rfc3339(row["at"]),
        "clock": china_time(row["at"]).strftime("%m-%d %H:%M:%S"),
        "channel": row["channel"],
        "channel_title": CHANNELS[row["channel"]],
        "recipient": row["recipient"],
        "title": row["title"],
        "body": row["body"],
        "code": row["code"],
        "details": json.loads(row["details"]),
    }


def sent_since(world: World, channel: str, recipient: str, seconds: float) -> int:
    return world.db.number(
        "SELECT count(*) FROM inbox WHERE channel = ? AND recipient = ? AND at > ?",
        channel,
        recipient,
        world.clock.now() - seconds,
    )
