"""Words, amounts and times in the desk's templates."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString

from yantuan.desk.words import PROOF_FLAGS, SEVERITIES, TONES, Words, delivery_state, refund_words
from yantuan.kernel.clock import china_text
from yantuan.kernel.money import price_text
from yantuan.orders.schemas import OrderRow, RefundOut
from yantuan.stores.distance import about_text, about_text_en

register = template.Library()


@register.simple_tag(takes_context=True)
def say(context: Mapping[str, Any], zh: str, en: str) -> str:
    """The sentence in the page's language."""
    return en if context.get("en") else zh


@register.simple_tag(takes_context=True)
def word(context: Mapping[str, Any], words: Mapping[str, Words], key: str) -> str:
    """A state's word in the page's language; an unknown one as it stands."""
    return words[key][1 if context.get("en") else 0] if key in words else key


@register.simple_tag(takes_context=True)
def mark(context: Mapping[str, Any], words: Mapping[str, Words], key: str) -> SafeString:
    """A state as a coloured word."""
    text = word(context, words, key)
    return format_html('<span class="mark mark-{}">{}</span>', TONES.get(key, "plain"), text)


@register.simple_tag(takes_context=True)
def delivery(context: Mapping[str, Any], row: OrderRow) -> SafeString:
    """How far the goods are, as a coloured word."""
    key, words = delivery_state(row)
    tone, text = TONES.get(key, "plain"), words[1 if context.get("en") else 0]
    return format_html('<span class="mark mark-{}">{}</span>', tone, text)


@register.simple_tag(takes_context=True)
def far(context: Mapping[str, Any], metres: int) -> str:
    """How far an order goes in a straight line: `直线距离约 2.3 km`."""
    return f"{about_text_en(metres)}, straight line" if context.get("en") else f"直线距离{about_text(metres)}"


@register.simple_tag(takes_context=True)
def refund(context: Mapping[str, Any], row: RefundOut) -> str:
    """How far a refund is, and why it was made."""
    if context.get("en"):
        return refund_words(row.state, row.cause, offline=row.offline)
    return f"{row.state_label} · {row.cause_label}"


@register.simple_tag
def pieces(row: OrderRow) -> int:
    """Pieces of all lines."""
    return sum(line.quantity for line in row.lines)


@register.simple_tag
def at(found: Mapping[Any, str], key: Any) -> str:
    """The value of a key; empty for none."""
    return found.get(key, "")


@register.simple_tag(takes_context=True)
def proof_flag(context: Mapping[str, Any], flag: str) -> str:
    """A doubt about a proof of payment."""
    return word(context, PROOF_FLAGS, flag)


@register.simple_tag(takes_context=True)
def severity(context: Mapping[str, Any], key: str) -> SafeString:
    """How much is wrong with a row of a sheet."""
    tone = {"ok": "good", "confirm": "act", "error": "bad"}.get(key, "plain")
    return format_html('<span class="mark mark-{}">{}</span>', tone, word(context, SEVERITIES, key))


@register.filter
def yuan(fen: int | None) -> str:
    """`3990` → `¥39.90`."""
    return "" if fen is None else price_text(fen)


@register.filter
def moment(at: datetime | None) -> str:
    """Beijing time to the minute; empty for none."""
    return china_text(at) if at else ""


@register.filter
def short(at: datetime | None) -> str:
    """Month, day and minute."""
    return china_text(at)[5:] if at else ""
