"""Where upper floors add what they know of an order, so that orders never imports them.

Providers are registered when each app's `parts` or `jobs` module is imported at start.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal

from yantuan.kernel.money import price_text
from yantuan.orders.models import Order
from yantuan.orders.states import Viewer

Part = Literal["parcels", "refunds", "proofs", "aftersales", "ship_info", "wechat_confirm", "team", "proxy"]
PartFn = Callable[[Order], list[Any]]
ActionsFn = Callable[[Order, Viewer], list[str]]
TextFn = Callable[[dict[str, Any]], str]

SharesFn = Callable[[set[str]], dict[str, int]]
CountFn = Callable[[int], int]

_shares: list[SharesFn] = []
_parts: dict[str, PartFn] = {}
_actions: list[ActionsFn] = []
_counts: dict[str, CountFn] = {}


def provide(part: Part) -> Callable[[PartFn], PartFn]:
    """Register the one function that lists `part` of an order for its detail page (schemas of `orders.schemas`)."""

    def register(fn: PartFn) -> PartFn:
        _parts[part] = fn
        return fn

    return register


def part_of(part: Part, order: Order) -> list[Any]:
    """What the upper floor knows; empty when no floor provides it."""
    fn = _parts.get(part)
    return fn(order) if fn else []


def provide_actions(fn: ActionsFn) -> ActionsFn:
    """Register further action words. Called once per row of a list too, so `fn` must decide from the row without queries."""
    if fn not in _actions:
        _actions.append(fn)
    return fn


def more_actions(order: Order, viewer: Viewer) -> list[str]:
    return [word for fn in _actions for word in fn(order, viewer)]


def provide_count(tab: str) -> Callable[[CountFn], CountFn]:
    """Register who counts the orders of a store in a tab of an upper floor (see `lists.LEADER_TABS`)."""

    def register(fn: CountFn) -> CountFn:
        _counts[tab] = fn
        return fn

    return register


def count_of(tab: str, store_id: int) -> int:
    """How many orders; 0 when no floor counts them."""
    fn = _counts.get(tab)
    return fn(store_id) if fn else 0


def provide_shares(fn: SharesFn) -> SharesFn:
    """Register who knows share links: tokens → ids; unknown tokens are left out. The last registration counts."""
    _shares[:] = [fn]
    return fn


def share_ids(tokens: set[str]) -> dict[str, int]:
    return _shares[0](tokens) if _shares and tokens else {}


ClosedFn = Callable[[Order], None]
RevivedFn = Callable[[Order], bool]
_closings: dict[str, tuple[ClosedFn, RevivedFn]] = {}


def provide_closing(name: str, closed: ClosedFn, revived: RevivedFn) -> None:
    """Register what an upper floor gives back when an order closes unpaid, and takes again when money comes late.

    Both run inside the transaction that moves the order, its row locked. `revived` answers False where it can't be had
    any more: then the order stays closed and the money goes back.
    """
    _closings[name] = (closed, revived)


def give_back_for(order: Order) -> None:
    """All that upper floors hold for an order that closes."""
    for closed, _ in _closings.values():
        closed(order)


def take_again_for(order: Order) -> bool:
    """All of it again, or nothing."""
    done: list[ClosedFn] = []
    for closed, revived in _closings.values():
        if not revived(order):
            for undo in done:
                undo(order)
            return False
        done.append(closed)
    return True


def _money(data: dict[str, Any]) -> str:
    return f" {price_text(int(data['amount_fen']))}" if "amount_fen" in data else ""


def _delegate(data: dict[str, Any]) -> str:
    return f"（{data['delegate']} 代取）" if data.get("delegate") else ""


def _promise(data: dict[str, Any]) -> str:
    return f"，约定 {data['ships_on']} 前发货" if "ships_on" in data else ""


def _number_before(data: dict[str, Any]) -> str:
    return f"，跟团号由 #{data['before']} 改为 #{data['after']}" if "before" in data else ""


_CLOSE_WORDS = {
    "expired": "超时未支付，订单已关闭",
    "buyer": "买家取消了订单",
    "leader": "团长关闭了订单",
    "operator": "平台关闭了订单",
    "team_over": "拼团未成，订单已关闭",
}

event_texts: dict[tuple[str, str], TextFn] = {
    ("note", "placed"): lambda d: f"提交订单{_money(d)}{_promise(d)}",
    ("note", "late_money"): lambda d: f"订单关闭后收到付款{_money(d)}，将自动退回",
    ("note", "extra_money"): lambda d: f"收到重复付款{_money(d)}，将自动退回",
    ("note", "revealed"): lambda d: "团长查看了完整收货信息",
    ("note", "reminded"): lambda d: "团长提醒了付款",
    ("note", "claimed"): lambda d: "本人认领了团长代下的订单" + _number_before(d),
    ("note", "claim_undone"): lambda d: "团长撤回了认领" + _number_before(d),
    ("payment", "submit_proof"): lambda d: "买家提交了付款凭证",
    ("payment", "pay"): lambda d: f"完成支付{_money(d)}",
    ("payment", "pay_late"): lambda d: f"关闭后收到付款{_money(d)}，订单已恢复",
    ("payment", "reject_proof"): lambda d: "团长未收到款项" + (f"：{d['reason']}" if d.get("reason") else ""),
    ("payment", "close"): lambda d: _CLOSE_WORDS.get(str(d.get("reason", "")), "订单已关闭"),
    ("payment", "refund_part"): lambda d: f"部分退款{_money(d)} 已退回",
    ("payment", "refund_all"): lambda d: f"退款{_money(d)} 已全部退回",
    ("delivery", "ship_part"): lambda d: "团长发出部分商品",
    ("delivery", "ship_all"): lambda d: "团长已全部发货",
    ("delivery", "withdraw_part"): lambda d: "团长撤回了一个包裹",
    ("delivery", "withdraw_all"): lambda d: "团长撤回了发货",
    ("delivery", "receive"): lambda d: "已确认收货" if not d.get("auto") else "超过期限，系统自动确认收货",
    ("delivery", "await_pickup"): lambda d: "等待自提",
    ("delivery", "pick_part"): lambda d: "已领取部分商品" + _delegate(d),
    ("delivery", "pick_all"): lambda d: "商品已全部领取" + _delegate(d),
    ("delivery", "unpick_part"): lambda d: "撤回了部分核销",
    ("delivery", "unpick_all"): lambda d: "撤回了核销",
    ("aftersale", "open"): lambda d: "买家申请了售后",
    ("aftersale", "settle"): lambda d: "售后已完结",
}
"""(axis, event) → natural Chinese sentence from the event's data. Upper floors may add or replace entries."""


def event_text(axis: str, event: str, data: dict[str, Any]) -> str:
    fn = event_texts.get((axis, event))
    return fn(data) if fn else "订单有更新"
