"""称重: goods ordered by the piece are settled by their real weight; what they weigh less goes back by itself."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.db.models import F, QuerySet, Sum

from yantuan.groupbuys.models import GroupBuy
from yantuan.groupbuys.options import offer_options_of
from yantuan.identity.models import Person
from yantuan.identity.rules import masked_name
from yantuan.kernel.actors import Actor
from yantuan.kernel.clock import now
from yantuan.kernel.db import retrying
from yantuan.kernel.errors import AppError, Conflict, NotFound
from yantuan.orders.actions import lock_order, note_event
from yantuan.orders.models import Order, OrderLine
from yantuan.orders.rules import recipient_visible
from yantuan.orders.states import PAID_PAYMENTS
from yantuan.payments.confirming import check_confirmed
from yantuan.payments.models import Refund, RefundLine
from yantuan.payments.queries import left_of_lines
from yantuan.payments.refunds import start_refund
from yantuan.payments.rules import RefundPart
from yantuan.settling import rules
from yantuan.settling.models import Weighing
from yantuan.settling.schemas import WeighedOut, WeighIn, WeighLine

MOST_LINES = 2000


def weigh_lines(group_buy: GroupBuy) -> list[WeighLine]:
    """Every paid line of weighed goods that was not wholly given back, by 跟团号."""
    rows = _lines(group_buy).order_by("order__number", "order_id", "id")
    lines = [row for row in rows[:MOST_LINES] if _grams_of_piece(row)]
    known = Weighing.objects.in_bulk([row.id for row in lines])
    return [_line(row, known.get(row.id)) for row in lines]


def _lines(group_buy: GroupBuy) -> QuerySet[OrderLine]:
    return OrderLine.objects.select_related("order", "offer").filter(
        order__group_buy_id=group_buy.id,
        order__payment__in=PAID_PAYMENTS,
        offer__options__has_key="forming",
        quantity__gt=F("refunded_quantity"),
    )


def _grams_of_piece(line: OrderLine) -> int:
    return offer_options_of(line.offer.options).forming.weigh_g


def _line(line: OrderLine, weighed: Weighing | None) -> WeighLine:
    kept = line.quantity - line.refunded_quantity
    whole = line.order.recipient_name
    name = whole if recipient_visible(line.order, now()) else masked_name(whole)
    return WeighLine(
        line_id=str(line.id), order_id=str(line.order_id), number=line.order.number,
        recipient=name, title=f"{line.title} {line.sku_name}".strip(), quantity=kept,
        standard_g=_grams_of_piece(line) * kept,
        paid_fen=line.amount_fen - line.discount_share_fen - line.refunded_goods_fen + _back(line),
        grams=weighed.grams if weighed else None, back_fen=weighed.back_fen if weighed else 0,
    )  # fmt: skip


def _back(line: OrderLine) -> int:
    """What was given back for its weight so far."""
    rows = RefundLine.objects.filter(order_line_id=line.id, refund__cause=Refund.Cause.WEIGHT)
    return int(rows.aggregate(sum=Sum("goods_fen"))["sum"] or 0)


def weigh(
    person: Person, group_buy: GroupBuy, entries: Sequence[WeighIn], confirmed_at: datetime | None
) -> list[WeighedOut]:
    """Note real weights and give back what they come to less, each line in a transaction of its own; one outcome each.

    The same weight again changes nothing. A lower correction gives the rest back; a higher one is noted, and nothing is
    asked for again. Raises StepUpNeeded, before anything is done, for a large sum.
    """
    by_line = {
        line.id: line for line in _lines(group_buy).filter(id__in=[entry.line_id for entry in entries])
    }
    known = [(by_line[entry.line_id], entry.grams) for entry in entries if entry.line_id in by_line]
    check_confirmed(person, group_buy.store_id, sum(_more(*pair)[1] for pair in known), confirmed_at)
    return [_answer(person, group_buy, entry) for entry in entries]


def _answer(person: Person, group_buy: GroupBuy, entry: WeighIn) -> WeighedOut:
    try:
        back, total = retrying(lambda: _weigh(person, group_buy, entry))
    except AppError as error:
        return WeighedOut(
            line_id=str(entry.line_id), ok=False, problem=error.zh, problem_en=error.en, refund_fen=0, back_fen=0
        )  # fmt: skip
    return WeighedOut(line_id=str(entry.line_id), ok=True, refund_fen=back, back_fen=total)


def _weigh(person: Person, group_buy: GroupBuy, entry: WeighIn) -> tuple[int, int]:
    known = OrderLine.objects.filter(id=entry.line_id, order__group_buy_id=group_buy.id).first()
    if known is None:
        raise _unknown()
    order = lock_order(known.order_id)
    line = OrderLine.objects.select_related("offer").get(id=known.id)
    if not _grams_of_piece(line):
        raise _unknown()
    if order.payment not in PAID_PAYMENTS or line.quantity == line.refunded_quantity:
        raise Conflict("weigh_nothing", "这件商品没有付款或已退款，不用称重", "Nothing of it is paid for.")
    weighed = Weighing.objects.filter(pk=line.id).first()
    if weighed is not None and weighed.grams == entry.grams:
        return 0, weighed.back_fen
    before, more = _more(line, entry.grams)
    actor = Actor("leader", person.id)
    note_event(
        order, "weighed", actor, {"grams": entry.grams, "title": line.title, "amount_fen": before + more}
    )
    if more:
        start_refund(
            order, [RefundPart(line.id, 0, more)], cause=Refund.Cause.WEIGHT, reason=f"实重 {entry.grams} 克",
            restock=False, actor=actor,
        )  # fmt: skip
    _note(line, order, entry.grams, before + more, person)
    return more, before + more


def _unknown() -> NotFound:
    return NotFound("没有找到这件称重商品", "No such weighed goods.")


def _more(line: OrderLine, grams: int) -> tuple[int, int]:
    """Fen given back for the line's weight before, and what this weight gives back besides."""
    before, [left] = _back(line), left_of_lines([line])
    fair = rules.weight_back(left.goods_fen + before, _grams_of_piece(line) * left.quantity, grams)
    return before, min(max(0, fair - before), max(0, left.goods_fen - 1))


def _note(line: OrderLine, order: Order, grams: int, back_fen: int, person: Person) -> None:
    Weighing.objects.update_or_create(
        order_line=line,
        defaults={
            "store_id": order.store_id, "grams": grams, "back_fen": back_fen, "person_id": person.id,
            "weighed_at": now(),
        },
    )  # fmt: skip
