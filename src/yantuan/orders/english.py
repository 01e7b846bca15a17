"""The timeline in English. The Chinese sentences are in `orders.parts`; each floor that adds one adds its English here."""

from __future__ import annotations

from typing import Any, Final

from yantuan.kernel.money import price_text
from yantuan.orders.parts import TextFn

ACTORS: Final = {
    "buyer": "Buyer",
    "leader": "Leader",
    "operator": "Platform",
    "provider": "WeChat Pay",
    "system": "System",
}

_CLOSE_WORDS: Final = {
    "expired": "Not paid in time, the order was closed",
    "buyer": "The buyer cancelled the order",
    "leader": "The leader closed the order",
    "operator": "The platform closed the order",
    "team_over": "The team did not form, the order was closed",
}


def plain(text: str) -> TextFn:
    """The same sentence whatever the event's data."""
    return lambda data: text


def with_reason(text: str) -> TextFn:
    """The sentence, followed by the reason a person gave."""
    return lambda data: f"{text}: {data['reason']}" if data.get("reason") else text


def with_amount(text: str) -> TextFn:
    """The sentence with the event's amount in place of `{}`; without one the gap closes."""

    def words(data: dict[str, Any]) -> str:
        amount = price_text(int(data["amount_fen"])) if "amount_fen" in data else ""
        return " ".join(text.format(amount).split())

    return words


def _delegate(data: dict[str, Any]) -> str:
    return f" by {data['delegate']}, a friend" if data.get("delegate") else ""


def _promise(data: dict[str, Any]) -> str:
    return f", to be sent by {data['ships_on']}" if "ships_on" in data else ""


def _number_before(data: dict[str, Any]) -> str:
    return f", number {data['before']} became {data['after']}" if "before" in data else ""


event_texts: dict[tuple[str, str], TextFn] = {
    ("note", "placed"): lambda d: with_amount("Order placed {}")(d) + _promise(d),
    ("note", "late_money"): with_amount(
        "Payment {} arrived after the order was closed; it goes back by itself"
    ),
    ("note", "extra_money"): with_amount("A second payment {} arrived; it goes back by itself"),
    ("note", "revealed"): plain("The leader looked at the recipient in full"),
    ("note", "reminded"): plain("The leader asked for the payment"),
    ("note", "claimed"): lambda d: "Claimed by the person it was ordered for" + _number_before(d),
    ("note", "claim_undone"): lambda d: "The leader undid the claim" + _number_before(d),
    ("payment", "submit_proof"): plain("The buyer sent a proof of payment"),
    ("payment", "pay"): with_amount("Paid {}"),
    ("payment", "pay_late"): with_amount("Payment {} arrived after closing; the order is open again"),
    ("payment", "reject_proof"): with_reason("The leader has not received the money"),
    ("payment", "close"): lambda d: _CLOSE_WORDS.get(str(d.get("reason", "")), "The order was closed"),
    ("payment", "refund_part"): with_amount("A part {} was refunded"),
    ("payment", "refund_all"): with_amount("Everything {} was refunded"),
    ("delivery", "ship_part"): plain("The leader shipped a part"),
    ("delivery", "ship_all"): plain("The leader shipped everything"),
    ("delivery", "withdraw_part"): plain("The leader withdrew a parcel"),
    ("delivery", "withdraw_all"): plain("The leader withdrew the shipping"),
    ("delivery", "receive"): lambda d: (
        "Receipt confirmed by the system, the time was up" if d.get("auto") else "Receipt confirmed"
    ),
    ("delivery", "await_pickup"): plain("Waiting to be picked up"),
    ("delivery", "pick_part"): lambda d: "A part was picked up" + _delegate(d),
    ("delivery", "pick_all"): lambda d: "Everything was picked up" + _delegate(d),
    ("delivery", "unpick_part"): plain("A part of the pick-up was undone"),
    ("delivery", "unpick_all"): plain("The pick-up was undone"),
    ("aftersale", "open"): plain("The buyer asked for after-sales"),
    ("aftersale", "settle"): plain("After-sales settled"),
}
"""(axis, event) → English sentence from the event's data. Upper floors add or replace entries."""


def event_text(axis: str, event: str, data: dict[str, Any]) -> str:
    """One line of the timeline in English."""
    fn = event_texts.get((axis, event))
    return fn(data) if fn else "The order was updated"
