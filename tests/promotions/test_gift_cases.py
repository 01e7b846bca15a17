"""A gift by itself: it cost nothing, so taking it back moves no money and nobody can claim any for it."""

from __future__ import annotations

import pytest

from promotions.test_coupon_refunds import TRADE, bought, shop
from yantuan.aftersales import actions as aftersales
from yantuan.aftersales.schemas import ClaimIn, ClaimLineIn
from yantuan.kernel.errors import AppError
from yantuan.orders.models import Order, OrderLine
from yantuan.payments.actions import refund_as_leader
from yantuan.payments.models import Refund
from yantuan.payments.rules import Wish
from yantuan.reports.checks import run_checks

pytestmark = pytest.mark.django_db


def test_a_gift_taken_back_alone_moves_no_money() -> None:
    leader, sale, offers = shop()
    order = bought(leader, sale, offers)
    gift = OrderLine.objects.get(order=order, offer=offers[2])
    refund_as_leader(
        leader, order.id, [Wish(gift.id, 1)], include_freight=False, reason="送完了", restock=True
    )
    done = Refund.objects.get()
    assert (done.amount_fen, done.state) == (0, "succeeded")
    assert OrderLine.objects.get(id=gift.id).refunded_quantity == 1
    kept = Order.objects.get(id=order.id)
    assert (kept.payment, kept.refunded_fen) == ("paid", 0)
    assert run_checks(TRADE).violations == []


def test_a_claim_for_a_gift_alone_is_refused() -> None:
    leader, sale, offers = shop()
    order = bought(leader, sale, offers)
    gift = OrderLine.objects.get(order=order, offer=offers[2])
    claim = ClaimIn(
        kind="refund_only", reason="other", description="坏了",
        lines=[ClaimLineIn(order_line_id=gift.id, quantity=1)], amount_fen=1,
    )  # fmt: skip
    with pytest.raises(AppError) as refused:
        aftersales.claim(order.person, order.id, claim)
    assert refused.value.code == "aftersale_amount_too_high"
    assert Order.objects.get(id=order.id).aftersale == "none"
