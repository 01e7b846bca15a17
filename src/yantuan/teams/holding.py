"""Paid orders of forming teams wait: nothing of them is shipped or handed out before it is known what they get."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from yantuan.groupbuys.models import GroupBuy
from yantuan.orders.holding import NOT_FORMED, TO_FORM, Held, provide_held
from yantuan.orders.models import Order
from yantuan.teams.models import Seat
from yantuan.teams.states import TAKEN

UNFORMED: Final = Held(
    "team_forming",
    "拼团还没有成团，成团后才能发货或自提",
    "The team is still forming; its orders wait until it is formed.",
    TO_FORM,
)
OVER: Final = Held(UNFORMED.code, "拼团没有成团，货款会自动退回，不用发货", "The team did not form; it is being refunded.", NOT_FORMED)  # fmt: skip


def _may(order: Order) -> bool:
    """Teams pay by WeChat Pay, and the shelf has none."""
    return order.payment_method == "wechatpay" and order.group_buy.kind == GroupBuy.Kind.DATED


@provide_held(_may)
def held(group_buys: Mapping[int, int]) -> dict[int, Held]:
    """Orders whose team is forming, or is over and on its way back."""
    waiting = Seat.objects.filter(order_id__in=list(group_buys))
    rows = waiting.filter(state=TAKEN) | waiting.filter(team__state="over")
    return {
        order_id: OVER if state == "over" else UNFORMED
        for order_id, state in rows.values_list("order_id", "team__state")
    }
