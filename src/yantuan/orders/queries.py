"""What buyer and leader see of orders. Callers have passed `access_*` already."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Prefetch, QuerySet

from yantuan.identity.queries import address_text, mask_phone, masked_name, phone_of
from yantuan.kernel.clock import now
from yantuan.kernel.config import config
from yantuan.media.queries import media_map
from yantuan.media.schemas import MediaOut
from yantuan.orders import english, parts
from yantuan.orders.address_records import changes_of, on_stale_paper
from yantuan.orders.holding import Held, held_rows
from yantuan.orders.models import LocalDelivery, Order, OrderEvent, OrderLine
from yantuan.orders.recipient_schemas import RecipientParts, StalePaper
from yantuan.orders.rules import buyer_actions, leader_actions, recipient_visible
from yantuan.orders.schemas import (
    DeductionOut,
    EventOut,
    Labels,
    OrderDetail,
    OrderLineOut,
    OrderRow,
    PickupPlace,
    RevealOut,
)
from yantuan.orders.states import LIVE_PAYMENTS, PAID_PAYMENTS, Viewer, labels
from yantuan.stores.distance import about_m

_WHO = {"buyer": "买家", "leader": "团长", "operator": "平台", "provider": "微信支付", "system": "系统"}


_MOVING = frozenset({"ship", "pickup", "pickup_code"})
"""Words of actions an order that waits is not ready for."""


def with_rows(orders: QuerySet[Order]) -> QuerySet[Order]:
    """Load what a row shows in a fixed number of queries."""
    lines = Prefetch("lines", queryset=OrderLine.objects.order_by("position", "id"))
    return orders.select_related("store", "group_buy", "address_record", "local_delivery").prefetch_related(
        lines
    )


def order_rows(orders: Sequence[Order], viewer: Viewer) -> list[OrderRow]:
    """Cards of orders loaded by `with_rows`; two queries more for pictures and what waits however many orders there are."""
    pictures = media_map(line.picture_media_id for order in orders for line in order.lines.all())
    moment, held = now(), held_rows(orders)
    return [OrderRow(**_row_fields(order, viewer, pictures, moment, held.get(order.id))) for order in orders]


def order_detail(order: Order, viewer: Viewer) -> OrderDetail:
    """One order in full for its buyer or its leader, read anew so that it shows the latest state."""
    fresh = with_rows(Order.objects.filter(id=order.id)).get()
    lines = list(fresh.lines.all())
    code_id = fresh.store.collection_code_media_id if _shows_collection_code(fresh, viewer) else None
    pictures = media_map([*(line.picture_media_id for line in lines), code_id])
    code = pictures.get(code_id or 0)
    return OrderDetail(
        **_row_fields(fresh, viewer, pictures, now(), held_rows([fresh]).get(fresh.id)),
        goods_fen=fresh.goods_fen,
        freight_fen=fresh.freight_fen,
        discount_fen=fresh.discount_fen,
        deductions=[DeductionOut(**one) for one in fresh.deductions or ()],
        about_m=_about_m(fresh),
        answers=fresh.answers,
        pickup_place=_pickup_place(fresh),
        pickup_code=fresh.pickup_code if viewer == "buyer" and fresh.payment in PAID_PAYMENTS else "",
        parcels=parts.part_of("parcels", fresh),
        refunds=parts.part_of("refunds", fresh),
        proofs=parts.part_of("proofs", fresh),
        aftersales=parts.part_of("aftersales", fresh),
        ship_info=_one("ship_info", fresh, viewer == "leader"),
        wechat_confirm=_one("wechat_confirm", fresh, viewer == "buyer"),
        team=_one("team", fresh, True),
        proxy=_one("proxy", fresh, viewer == "leader"),
        timeline=_timeline(fresh),
        address_changes=changes_of(fresh),
        stale_paper=_stale_paper(fresh) if viewer == "leader" else None,
        paid_at=fresh.paid_at,
        closed_at=fresh.closed_at,
        close_reason=fresh.close_reason,
        auto_receive_at=fresh.auto_receive_at,
        collection_code_url=code.url if code else "",
        offline_note=fresh.store.offline_note if _shows_collection_code(fresh, viewer) else "",
        contact_wechat=fresh.store.contact_wechat,
        contact_phone=fresh.store.contact_phone,
    )


def _stale_paper(order: Order) -> StalePaper | None:
    if not on_stale_paper(order):
        return None
    kept = order.address_record
    return StalePaper(kind=kept.printed_kind, printed_at=kept.printed_at, changed_at=kept.changed_at)


def _about_m(order: Order) -> int | None:
    kept: LocalDelivery | None = getattr(order, "local_delivery", None)
    return about_m(kept.metres) if kept else None


def _one(part: parts.Part, order: Order, shown: bool) -> Any:
    found = parts.part_of(part, order) if shown else []
    return found[0] if found else None


def reveal_out(order: Order) -> RevealOut:
    """The recipient in full; the caller audits."""
    return RevealOut(
        recipient_name=order.recipient_name,
        phone=phone_of(order.phone_sealed),
        place=place_of(order),
        parts=recipient_parts(order),
    )


def recipient_parts(order: Order) -> RecipientParts:
    """The recipient in full, part by part; for the buyer, or by a reveal that is audited."""
    return RecipientParts(
        name=order.recipient_name, phone=phone_of(order.phone_sealed), province=order.province, city=order.city,
        district=order.district, detail=order.detail, building=order.building, unit=order.unit, room=order.room,
    )  # fmt: skip


def _shows_collection_code(order: Order, viewer: Viewer) -> bool:
    return viewer == "buyer" and order.payment_method == "offline" and order.payment in LIVE_PAYMENTS


def _row_fields(
    order: Order, viewer: Viewer, pictures: Mapping[int, MediaOut], moment: datetime, held: Held | None
) -> dict[str, Any]:
    lines = list(order.lines.all())
    return {
        "id": str(order.id),
        "store_id": str(order.store_id),
        "store_name": order.store.name,
        "group_buy_code": order.group_buy.code,
        "group_buy_title": order.group_buy.title,
        "number": order.number,
        "payment": order.payment,
        "delivery": order.delivery,
        "aftersale": order.aftersale,
        "labels": _labels(order, held),
        "payment_method": order.payment_method,
        "delivery_method": order.delivery_method,
        "lines": [_line_out(line, pictures) for line in lines],
        "total_fen": order.total_fen,
        "paid_fen": order.paid_fen,
        "refunded_fen": order.refunded_fen,
        **_recipient(order, viewer, moment),
        "remark": order.remark,
        "private_note": order.private_note if viewer == "leader" else "",
        "flags": [*order.flags, *(["address_stale"] if on_stale_paper(order) else [])]
        if viewer == "leader"
        else [],
        "placed_at": order.placed_at,
        "expires_at": order.expires_at,
        "actions": [
            word for word in _actions(order, viewer, lines, moment) if not (held and word in _MOVING)
        ],
    }


def _labels(order: Order, held: Held | None) -> Labels:
    waits, waits_en = held.label if held else ("", "")
    texts = labels(order, waits)
    return Labels(
        payment=texts.payment, delivery=texts.delivery, aftersale=texts.aftersale, headline=texts.headline,
        waiting=waits, waiting_en=waits_en,
    )  # fmt: skip


def _actions(order: Order, viewer: Viewer, lines: Sequence[OrderLine], moment: datetime) -> list[str]:
    window = timedelta(days=config().aftersale_window_days)
    buyer = viewer == "buyer"
    own = buyer_actions(order, lines, moment, window) if buyer else leader_actions(order, lines)
    return list(dict.fromkeys([*own, *parts.more_actions(order, viewer)]))


def _recipient(order: Order, viewer: Viewer, moment: datetime) -> dict[str, str]:
    """The buyer sees all. The leader of a paid, open order sees name and place to hand out by; the whole phone only by a reveal, which is audited."""
    phone = phone_of(order.phone_sealed)
    if viewer == "buyer":
        return {"recipient_name": order.recipient_name, "phone": phone, "place": place_of(order)}
    if recipient_visible(order, moment):
        return {"recipient_name": order.recipient_name, "phone": mask_phone(phone), "place": place_of(order)}
    rough = f"{order.province}{order.city if order.city != order.province else ''}{order.district}"
    return {
        "recipient_name": masked_name(order.recipient_name),
        "phone": mask_phone(phone),
        "place": str(order.pickup_snapshot.get("name", "")) or f"{rough} ****",
    }


def place_of(order: Order) -> str:
    """Address, or pick-up point and door, on one line."""
    if order.delivery_method == "courier":
        return address_text(order)
    return " ".join(
        part for part in (str(order.pickup_snapshot.get("name", "")), address_text(order)) if part
    )


def _pickup_place(order: Order) -> PickupPlace | None:
    if order.delivery_method != "pickup":
        return None
    kept = order.pickup_snapshot
    names = ("name", "address", "hours", "contact_name", "contact_phone")
    return PickupPlace(**{name: str(kept.get(name, "")) for name in names})


def _line_out(line: OrderLine, pictures: Mapping[int, MediaOut]) -> OrderLineOut:
    picture = pictures.get(line.picture_media_id or 0)
    return OrderLineOut(
        id=str(line.id),
        offer_id=str(line.offer_id),
        title=line.title,
        sku_name=line.sku_name,
        sku_code=line.sku_code,
        picture_url=picture.thumb_url if picture else "",
        price_fen=line.price_fen,
        quantity=line.quantity,
        amount_fen=line.amount_fen,
        freight_share_fen=line.freight_share_fen,
        shipped_quantity=line.shipped_quantity,
        picked_quantity=line.picked_quantity,
        refunded_quantity=line.refunded_quantity,
        refunded_fen=line.refunded_goods_fen + line.refunded_freight_fen,
    )


def _timeline(order: Order) -> list[EventOut]:
    return [event_out(event) for event in OrderEvent.objects.filter(order_id=order.id).order_by("-id")]


def event_out(event: OrderEvent) -> EventOut:
    """One line of a timeline, in both languages."""
    return EventOut(
        at=event.at,
        text=parts.event_text(event.axis, event.event, event.data),
        text_en=english.event_text(event.axis, event.event, event.data),
        who=_WHO.get(event.actor_kind, "系统"),
        who_en=english.ACTORS.get(event.actor_kind, "System"),
        axis=event.axis,
        event=event.event,
    )
