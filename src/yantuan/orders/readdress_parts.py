"""What a change of address adds to an order's page: the action word and its sentence in the timeline."""

from __future__ import annotations

from typing import Any

from yantuan.orders import english, parts
from yantuan.orders.models import Order
from yantuan.orders.readdress_rules import part_words, refusal
from yantuan.orders.readdressing import before_cut_off
from yantuan.orders.states import Viewer


@parts.provide_actions
def address_action(order: Order, viewer: Viewer) -> list[str]:
    """`address` while the destination may be changed; `group_buy` is joined in lists and pages."""
    refused = refusal(order, by_leader=viewer == "leader", sale_open=before_cut_off(order.group_buy))
    return [] if refused else ["address"]


def _from_to(data: dict[str, Any]) -> str:
    # Another door of one house reads alike when it is masked.
    return data["after"] if data["before"] == data["after"] else f"{data['before']} → {data['after']}"


def _told(data: dict[str, Any]) -> str:
    changed = part_words(data.get("parts", ()))
    # After the buyer's leaving nothing of it is left but that it happened.
    return f"修改了收货信息（{changed}）：{_from_to(data)}" if changed else "修改了收货信息"


def _told_en(data: dict[str, Any]) -> str:
    changed = part_words(data.get("parts", ()), english=True)
    return f"Changed the recipient ({changed}): {_from_to(data)}" if changed else "Changed the recipient"


parts.event_texts["note", "readdressed"] = _told
english.event_texts["note", "readdressed"] = _told_en
