"""What leaders are told when a sale forms, and when it was judged."""

from __future__ import annotations

from typing import Any, Final

from yantuan.groupbuys.models import GroupBuy
from yantuan.kernel.outbox import on
from yantuan.notices.actions import tell_leader
from yantuan.notices.rules import Words
from yantuan.settling.models import Formation

_JUDGED: Final = {
    "formed": ("截单结算好了", "该退的差额和余数会自动退回，可以备货了"),
    "failed": ("没有成团", "已付款的订单会自动全额退款"),
}


@on("sale.formed")
def sale_formed(payload: dict[str, Any]) -> None:
    """Before its end: the condition is reached."""
    _tell(int(payload["group_buy_id"]), "formed", "已成团", "达到成团条件了，截单前还可以继续跟团")


@on("sale.judged")
def sale_judged(payload: dict[str, Any]) -> None:
    """After its end."""
    words = _JUDGED[Formation.State(payload["state"])]
    _tell(int(payload["group_buy_id"]), "judged", *words)


def _tell(group_buy_id: int, what: str, outcome: str, more: str) -> None:
    sale = GroupBuy.objects.select_related("store__leader").get(id=group_buy_id)
    link = f"/leader/settling/index?id={sale.id}"
    tell_leader(
        sale.store, "selling", Words(f"「{sale.title}」{outcome}", more), f"sale_{what}:{sale.id}", link=link
    )
