"""Freight of a parcel that goes elsewhere: where it would be another one, the change is refused, never charged silently.

Where freight goes by distance, another door or person is as far as before; another street needs a point of its own, for the
one of the old address is not kept. A leader who bears the difference may do without: then nobody knows how far it is.
"""

from __future__ import annotations

from collections.abc import Sequence

from yantuan.groupbuys.models import GroupBuy
from yantuan.groupbuys.options import sale_options_of
from yantuan.kernel.errors import AppError, Conflict
from yantuan.kernel.money import price_text
from yantuan.orders.models import LocalDelivery, Order, OrderLine
from yantuan.orders.readdress_rules import Destination
from yantuan.stores.distance import Distance, address_unmarked, band_of, metres_to
from yantuan.stores.freight import FreightTemplate, Load, Place, freight_template_of, template_fen
from yantuan.stores.models import Store

Way = tuple[int, int, int]
"""Metres, border of the band, its fee: what `LocalDelivery` keeps."""


def check_freight(
    sale: GroupBuy, before: Destination, after: Destination, lines: Sequence[OrderLine], *, agreed: bool
) -> Way | None:
    """Compare what the parcel costs by today's template to both places; answers how far it goes then, where that counts.

    Flat freight never differs. `agreed`: the leader bears a difference. Raises Conflict `freight_differs`,
    `region_not_delivered`, `below_least_order`, `beyond_delivery` or `address_unmarked`.
    """
    template = template_of(sale)
    if template is None:
        return None
    if template.distance is not None and (
        before.street == after.street or not _known(template.distance, after, agreed)
    ):
        return None
    load = load_of(lines)
    metres = metres_to(template.distance, after) if template.distance else None
    now_fen = template_fen(template, after, load, metres)
    was_fen = _was(template, before, load, lines)
    if now_fen != was_fen and not agreed:
        raise freight_differs(was_fen, now_fen)
    band = band_of(template.distance, metres) if template.distance and metres is not None else None
    return (metres, band.up_to_m, band.fee_fen) if band and metres is not None else None


def _known(distance: Distance, after: Destination, agreed: bool) -> bool:
    known = metres_to(distance, after) is not None
    if not known and not agreed:
        raise address_unmarked()
    return known


def keep_way(together: Sequence[Order], way: Way | None) -> None:
    """How far these orders go from now on; their rows are locked by the caller."""
    LocalDelivery.objects.filter(order_id__in=[o.id for o in together]).delete()
    if way is not None:
        LocalDelivery.objects.bulk_create(
            [
                LocalDelivery(
                    order_id=o.id, store_id=o.store_id, metres=way[0], up_to_m=way[1], fee_fen=way[2]
                )
                for o in together
            ]
        )


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
        return template_fen(template, before, load, _charged(lines) if template.distance else None)
    except AppError:
        # The place it was ordered to is served no more: what was paid for it stands.
        return sum(line.freight_share_fen - line.refunded_freight_fen for line in lines)


def _charged(lines: Sequence[OrderLine]) -> int | None:
    """How far the parcel went when it was ordered; None for orders from before freight went by distance."""
    kept = LocalDelivery.objects.filter(order_id__in={line.order_id for line in lines})
    return kept.order_by("order_id").values_list("metres", flat=True).first()


def freight_differs(was_fen: int, now_fen: int) -> Conflict:
    """Why a place with another freight is refused; both amounts are named."""
    return Conflict(
        "freight_differs",
        f"寄到新地址运费是 {price_text(now_fen)}，原来是 {price_text(was_fen)}，不能直接改；请联系团长，或取消后重新下单",
        f"Sending there costs {price_text(now_fen)} and not {price_text(was_fen)}; ask the leader, or cancel and order again.",
        was_fen=was_fen,
        now_fen=now_fen,
    )
