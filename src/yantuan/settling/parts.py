"""What settling tells the floors below: which orders wait, and which sales can't be extended any more."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from yantuan.groupbuys.models import GroupBuy
from yantuan.groupbuys.options import sale_options_of
from yantuan.groupbuys.parts import provide_end_check
from yantuan.kernel.errors import Conflict
from yantuan.kernel.money import price_text
from yantuan.orders import english, parts
from yantuan.orders.holding import NOT_FORMED as NOT_FORMED_LABEL
from yantuan.orders.holding import TO_FORM, TO_SPLIT, Held, provide_held
from yantuan.orders.models import Order
from yantuan.settling.models import Formation

NOT_FORMED: Final = Held("not_formed", "这个团还没成团，成团前不能发货和核销", "The sale has not formed yet.", TO_FORM)  # fmt: skip
FAILED: Final = Held("not_formed", "这个团没有成团，货款会自动退回，不用发货", "The sale did not form; it is being refunded.", NOT_FORMED_LABEL)  # fmt: skip
CARTONS_OPEN: Final = Held(
    "cartons_open",
    "拼箱要等截单分配后才能发货和核销",
    "Cartons are split when the sale closes; nothing leaves before.",
    TO_SPLIT,
)


def _may(order: Order) -> bool:
    return "forming" in order.group_buy.options


@provide_held(_may)
def held_by_sale(group_buys: Mapping[int, int]) -> Mapping[int, Held]:
    """Orders of sales that have not formed, or whose cartons are not split yet."""
    sales = GroupBuy.objects.filter(id__in=set(group_buys.values()), options__has_key="forming")
    options = {id_: sale_options_of(kept).forming for id_, kept in sales.values_list("id", "options")}
    waiting = {id_ for id_, forming in options.items() if forming.rule or forming.cartons}
    if not waiting:
        return {}
    formations = Formation.objects.in_bulk(list(waiting))
    why: dict[int, Held] = {}
    for id_ in waiting:
        known = formations.get(id_)
        if known is not None and known.state == Formation.State.FAILED:
            why[id_] = FAILED
        elif options[id_].rule and (known is None or known.state == Formation.State.WAITING):
            why[id_] = NOT_FORMED
        elif options[id_].cartons and (known is None or known.judged_at is None):
            why[id_] = CARTONS_OPEN
    return {order_id: why[sale] for order_id, sale in group_buys.items() if sale in why}


@provide_end_check
def refuse_judged(group_buy_id: int) -> None:
    """A sale that was judged stays closed; asked under the sale's lock."""
    if Formation.objects.filter(pk=group_buy_id, judged_at__isnull=False).exists():
        raise Conflict(
            "sale_settled",
            "这个团已经截单结算，不能再延长，可以再开一次",
            "The sale was settled; open it again instead.",
        )


def _weighed(data: dict[str, Any]) -> str:
    back = int(data["amount_fen"])
    money = f"，共退差额 {price_text(back)}" if back else ""
    return f"「{data.get('title', '')}」实重 {data.get('grams', 0)} 克{money}"


def _weighed_en(data: dict[str, Any]) -> str:
    back = int(data["amount_fen"])
    money = f", {price_text(back)} back in all" if back else ""
    return f"Weighed {data.get('grams', 0)} g{money}"


parts.event_texts[("note", "weighed")] = _weighed
english.event_texts[("note", "weighed")] = _weighed_en
