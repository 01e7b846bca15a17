"""What buyer and leader see of cases. Callers have passed `access_*` already."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any, cast

from django.db.models import Prefetch, QuerySet

from yantuan.aftersales import rules, states
from yantuan.aftersales.models import AfterSale, AfterSaleLine
from yantuan.aftersales.reasons import REASONS, Reason, reason_label
from yantuan.aftersales.refunding import order_lines
from yantuan.aftersales.schemas import (
    AfterSaleDetail,
    AfterSaleKind,
    AfterSaleRow,
    CaseLine,
    ClaimableLine,
    OptionsOut,
    ReasonOut,
)
from yantuan.identity.models import Person
from yantuan.identity.queries import masked_name
from yantuan.kernel.clock import now
from yantuan.kernel.config import config
from yantuan.kernel.errors import Invalid
from yantuan.kernel.http import Page, after_id
from yantuan.media.queries import media_map
from yantuan.media.schemas import MediaOut
from yantuan.orders.models import Order, OrderEvent
from yantuan.orders.queries import event_out
from yantuan.orders.schemas import AfterSaleBrief, EventOut, RefundOut
from yantuan.orders.states import Viewer
from yantuan.payments.models import Refund
from yantuan.payments.queries import refund_out
from yantuan.stores.models import Store

PAGE = 20
_MAX_ID = 2**63 - 1


def options_of(order: Order) -> OptionsOut:
    """What the buyer can claim of an order now, and why not if nothing."""
    days = config().aftersale_window_days
    refusal = rules.window_refusal(order.payment, order.received_at, now(), days)
    lines = order_lines(order.id)
    taken = set(
        AfterSaleLine.objects.filter(order_line__order_id=order.id, open=True).values_list(
            "order_line_id", flat=True
        )
    )
    lefts = {line.id: rules.line_left(line) for line in lines}
    free = [line for line in lines if line.id not in taken and lefts[line.id].quantity]
    pictures = media_map(line.picture_media_id for line in free)
    by_piece = rules.untouched(lines)
    why = refusal.zh if refusal else "" if free else _nothing_free(bool(taken))
    if not why and not any(lefts[line.id].goods_fen + lefts[line.id].freight_fen for line in free):
        why = "没有可退的金额"
    moved = any(lefts[line.id].moved for line in free)
    return OptionsOut(
        open=not why,
        why_not=why,
        kinds=["refund_only", "return_refund"] if moved else ["refund_only"],
        reasons=[reason_out(reason) for reason in REASONS],
        lines=[
            ClaimableLine(
                order_line_id=str(line.id),
                title=line.title,
                sku_name=line.sku_name,
                picture_url=_thumb(pictures, line.picture_media_id),
                quantity_left=lefts[line.id].quantity,
                quantity_returnable=lefts[line.id].moved,
                goods_left_fen=lefts[line.id].goods_fen,
                freight_left_fen=lefts[line.id].freight_fen,
                freight_by_piece=by_piece,
            )
            for line in free
        ],
        until=order.received_at + timedelta(days=days) if order.received_at else None,
    )


def reason_out(reason: Reason) -> ReasonOut:
    """A reason as forms show it."""
    return ReasonOut(code=reason.code, label=reason.label, needs_picture=reason.needs_picture)


def _nothing_free(taken: bool) -> str:
    return "商品都已在售后处理中" if taken else "商品都已退款"


def _thumb(pictures: Mapping[int, MediaOut], media_id: int | None) -> str:
    picture = pictures.get(media_id or 0)
    return picture.thumb_url if picture else ""


def with_rows(cases: QuerySet[AfterSale]) -> QuerySet[AfterSale]:
    """Load what a row shows in a fixed number of queries."""
    lines = Prefetch(
        "lines",
        queryset=AfterSaleLine.objects.select_related("order_line").order_by("order_line__position", "id"),
    )
    return cases.select_related("order__store", "order__person").prefetch_related(lines)


def buyer_cases(person: Person, cursor: str) -> Page[AfterSaleRow]:
    """The buyer's own cases, newest first."""
    return _page(AfterSale.objects.filter(person_id=person.id), cursor, "buyer")


def leader_cases(store: Store, *, tab: str, cursor: str) -> Page[AfterSaleRow]:
    """A store's cases, newest first: `open` or `all`."""
    rows = AfterSale.objects.filter(store_id=store.id)
    if tab == "open":
        rows = rows.exclude(state__in=list(states.ENDED))
    elif tab != "all":
        raise Invalid("tab_unknown", "没有这个分类", "No such tab.", field="tab")
    return _page(rows, cursor, "leader")


def _page(rows: QuerySet[AfterSale], cursor: str, viewer: Viewer) -> Page[AfterSaleRow]:
    before = after_id(cursor)
    if before is not None:
        rows = rows.filter(id__lt=min(before, _MAX_ID))
    found = list(with_rows(rows).order_by("-id")[: PAGE + 1])
    more = str(found[PAGE - 1].id) if len(found) > PAGE else None
    pictures = media_map(line.order_line.picture_media_id for case in found for line in case.lines.all())
    return Page(items=[AfterSaleRow(**_row(case, viewer, pictures)) for case in found[:PAGE]], next=more)


def _row(case: AfterSale, viewer: Viewer, pictures: Mapping[int, MediaOut]) -> dict[str, Any]:
    nickname = case.order.person.nickname or "团员"
    return {
        "id": str(case.id),
        "order_id": str(case.order_id),
        "number": case.order.number,
        "store_name": case.order.store.name,
        "buyer_name": nickname if viewer == "buyer" else masked_name(nickname),
        "kind": case.kind,
        "kind_label": case.get_kind_display(),
        "reason_label": reason_label(case.reason),
        "state": case.state,
        "state_label": states.CASE.labels[case.state],
        "requested_fen": case.requested_fen,
        "agreed_fen": case.agreed_fen,
        "due_at": case.due_at,
        "created_at": case.created_at,
        "lines": [_line(line, pictures) for line in case.lines.all()],
        "actions": states.actions_for(case.state, viewer),
    }


def _line(line: AfterSaleLine, pictures: Mapping[int, MediaOut]) -> CaseLine:
    sold = line.order_line
    return CaseLine(
        order_line_id=str(sold.id),
        title=sold.title,
        sku_name=sold.sku_name,
        picture_url=_thumb(pictures, sold.picture_media_id),
        quantity=line.quantity,
        goods_fen=line.goods_fen,
        freight_fen=line.freight_fen,
    )


def detail(case: AfterSale, viewer: Viewer) -> AfterSaleDetail:
    """One case in full, read anew so that it shows the latest state."""
    fresh = with_rows(AfterSale.objects.filter(id=case.id)).get()
    evidence = list(fresh.media_ids)
    pictures = media_map([*evidence, *(line.order_line.picture_media_id for line in fresh.lines.all())])
    return AfterSaleDetail(
        **_row(fresh, viewer, pictures),
        description=fresh.description,
        pictures=[pictures[media_id] for media_id in evidence if media_id in pictures],
        answer=fresh.answer,
        return_name=str(fresh.return_snapshot.get("name", "")),
        return_phone=str(fresh.return_snapshot.get("phone", "")),
        return_address=str(fresh.return_snapshot.get("address", "")),
        return_carrier_name=fresh.return_carrier_name,
        return_tracking_no=fresh.return_tracking_no,
        escalation=fresh.escalation,
        decision=fresh.decision,
        refund=_refund(fresh),
        timeline=_timeline(fresh),
    )


def _refund(case: AfterSale) -> RefundOut | None:
    refund = Refund.objects.filter(id=case.refund_id).first() if case.refund_id else None
    return refund_out(refund) if refund else None


def _timeline(case: AfterSale) -> list[EventOut]:
    rows = OrderEvent.objects.filter(order_id=case.order_id, axis="case", data__aftersale_id=str(case.id))
    return [event_out(row) for row in rows.order_by("-id")]


def briefs(order: Order) -> list[AfterSaleBrief]:
    """The order's cases for its own page, oldest first."""
    rows = AfterSale.objects.filter(order_id=order.id).order_by("id")
    return [
        AfterSaleBrief(
            id=str(row.id),
            kind=cast(AfterSaleKind, row.kind),
            state=row.state,
            state_label=states.CASE.labels[row.state],
            requested_fen=row.requested_fen,
        )
        for row in rows
    ]
