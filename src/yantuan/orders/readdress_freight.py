"""Freight of a parcel that goes elsewhere: where it would be another one, the change is refused, never charged silently."""

from __future__ import annotations

from collections.abc import Sequence

from yantuan.groupbuys.models import GroupBuy
from yantuan.groupbuys.options import sale_options_of
from yantuan.kernel.errors import AppError, Conflict
from yantuan.kernel.money import price_text
from yantuan.orders.models import OrderLine
from yantuan.stores.freight import FreightTemplate, Load, Place, freight_template_of, template_fen
from yantuan.stores.models import Store


def check_freight(
    sale: GroupBuy, before: Place, after: Place, lines: Sequence[OrderLine], *, agreed: bool
) -> None:
    """Compare what the parcel costs by today's template to both places. Flat freight never differs.

    `agreed`: the leader bears a difference. Raises Conflict `freight_differs`, `region_not_delivered` or `below_least_order`.
    """
    template = template_of(sale)
    if template is None:
        return
    load = load_of(lines)
    now_fen = template_fen(template, after, load)
    was_fen = _was(template, before, load, lines)
    if now_fen != was_fen and not agreed:
        raise freight_differs(was_fen, now_fen)


def template_of(sale: GroupBuy) -> FreightTemplate | None:
    """The sale's own template, else the store's where it uses one."""
    own = sale_options_of(sale.options).money.freight
    if own is not None:
        return own
    by_template = sale.store.freight_kind == Store.Freight.TEMPLATE
    return freight_template_of(sale.store.freight_template) if by_template else None


def load_of(lines: Sequence[OrderLine]) -> Load:
    """What the parcel carries; gifts travel free and what was given back stays."""
    load = Load()
    for line in lines:
        pieces = line.quantity - line.refunded_quantity
        if line.price_fen:
            load = load.plus(Load(line.price_fen * pieces, pieces, line.offer.sku.weight_g * pieces))
    return load


def _was(template: FreightTemplate, before: Place, load: Load, lines: Sequence[OrderLine]) -> int:
    try:
        return template_fen(template, before, load)
    except AppError:
        # The place it was ordered to is served no more: what was paid for it stands.
        return sum(line.freight_share_fen - line.refunded_freight_fen for line in lines)


def freight_differs(was_fen: int, now_fen: int) -> Conflict:
    """Why a place with another freight is refused; both amounts are named."""
    return Conflict(
        "freight_differs",
        f"寄到新地址运费是 {price_text(now_fen)}，原来是 {price_text(was_fen)}，不能直接改；请联系团长，或取消后重新下单",
        f"Sending there costs {price_text(now_fen)} and not {price_text(was_fen)}; ask the leader, or cancel and order again.",
        was_fen=was_fen,
        now_fen=now_fen,
    )
