"""A buyer opens a case."""

from __future__ import annotations

from collections.abc import Sequence

from django.db import IntegrityError, transaction

from yantuan.aftersales import flow, rules
from yantuan.aftersales.models import AfterSale, AfterSaleLine
from yantuan.aftersales.reasons import reason_of
from yantuan.aftersales.refunding import order_lines
from yantuan.aftersales.schemas import ClaimIn
from yantuan.identity.models import Person
from yantuan.kernel.actors import Actor
from yantuan.kernel.clock import now
from yantuan.kernel.config import config
from yantuan.kernel.db import retrying
from yantuan.kernel.errors import Conflict, Invalid
from yantuan.media.access import own_media
from yantuan.media.models import Media
from yantuan.orders import actions as orders
from yantuan.orders.access import access_order
from yantuan.orders.models import Order

PICTURES: frozenset[str] = frozenset({Media.Purpose.AFTER_SALE})


def claim(person: Person, order_id: int, body: ClaimIn) -> AfterSale:
    """Open a case about pieces of the buyer's own order.

    Raises Conflict `order_not_paid`, `order_refunded`, `aftersale_window_over`, `aftersale_line_open`,
    `aftersale_decided`, `too_many_pieces`, `nothing_to_return`, `aftersale_amount_too_high`; Invalid `reason_unknown`,
    `picture_needed`, `media_unknown`, `order_line_unknown`.
    """
    order = access_order(person, order_id)
    reason = reason_of(body.reason)
    if reason.needs_picture and not body.media_ids:
        raise Invalid(
            "picture_needed", "请至少上传一张照片作为凭证", "This reason needs a picture.", field="media_ids"
        )
    own_media(person.id, body.media_ids, PICTURES)
    return retrying(lambda: _claim(order.id, body, Actor("buyer", person.id)))


def _claim(order_id: int, body: ClaimIn, actor: Actor) -> AfterSale:
    order = orders.lock_order(order_id)
    days = config().aftersale_window_days
    refusal = rules.window_refusal(order.payment, order.received_at, now(), days)
    if refusal is not None:
        raise refusal
    _refuse_taken([line.order_line_id for line in body.lines])
    lines = order_lines(order_id)
    claims = rules.make_claims(
        {line.id: rules.line_left(line) for line in lines},
        [(line.order_line_id, line.quantity) for line in body.lines],
        body.kind,
        nothing_moved=rules.untouched(lines),
    )
    shares = rules.split(body.amount_fen, claims)
    case = _write(order, body, shares)
    orders.transition(order_id, "aftersale", "open", actor)
    flow.record(
        case, "open", actor, "", {"amount_fen": body.amount_fen, "kind": body.kind, "reason": body.reason}
    )
    return case


def _refuse_taken(line_ids: Sequence[int]) -> None:
    rows = AfterSaleLine.objects.filter(order_line_id__in=line_ids)
    if rows.filter(open=True).exists():
        raise _line_open()
    if rows.filter(aftersale__state="closed").exclude(aftersale__decision="").exists():
        raise Conflict(
            "aftersale_decided",
            "平台已对这件商品的售后作出决定，不能重复申请",
            "The platform has decided about this line.",
        )


def _line_open() -> Conflict:
    return Conflict("aftersale_line_open", "这件商品已有售后在处理中", "A case is open for this line.")


def _write(order: Order, body: ClaimIn, shares: Sequence[rules.Claim]) -> AfterSale:
    moment = now()
    cfg = config()
    case = AfterSale.objects.create(
        order_id=order.id,
        store_id=order.store_id,
        person_id=order.person_id,
        kind=body.kind,
        reason=body.reason,
        description=body.description,
        media_ids=list(body.media_ids),
        requested_fen=body.amount_fen,
        due_at=rules.due_at(
            "requested", moment, reply_hours=cfg.aftersale_reply_hours, days=cfg.aftersale_return_days
        ),
        created_at=moment,
    )
    try:
        with transaction.atomic():
            AfterSaleLine.objects.bulk_create(
                AfterSaleLine(
                    aftersale=case,
                    order_line_id=share.order_line_id,
                    quantity=share.quantity,
                    goods_fen=share.goods_fen,
                    freight_fen=share.freight_fen,
                )
                for share in shares
            )
    except IntegrityError as error:
        raise _line_open() from error
    return case
