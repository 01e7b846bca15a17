"""Refunds of orders with deductions: in any steps they end at exactly what was paid, and what was promised stands."""

from __future__ import annotations

from datetime import timedelta

import pytest

import factories as make
from yantuan.groupbuys.models import GroupBuy, Offer
from yantuan.groupbuys.options import OfferOptions, SaleOptions, packed
from yantuan.groupbuys.options.money import Gift, OfferMoney, Reduction, SaleMoney, Step
from yantuan.identity.models import Person
from yantuan.kernel.actors import Actor
from yantuan.kernel.clock import now
from yantuan.orders.drafts import Placed
from yantuan.orders.incoming import draft_of
from yantuan.orders.models import Order, OrderLine
from yantuan.orders.placing import place_orders
from yantuan.orders.quoting import quote
from yantuan.orders.schemas import LineIn, OrderIn, QuoteIn
from yantuan.payments.actions import refund_as_leader
from yantuan.payments.models import Refund
from yantuan.payments.refunds import leader_done
from yantuan.payments.rules import Wish
from yantuan.promotions import actions
from yantuan.promotions.models import Coupon, CouponClaim
from yantuan.promotions.schemas import CouponIn
from yantuan.reports.checks import run_checks

TRADE = ("M1", "M2", "L4", "L5", "ST1", "ST2", "ST3", "ST4", "O1", "O2", "O4", "P1", "P4", "R1")
"""Invariants of money, stock and states."""

pytestmark = pytest.mark.django_db


def shop() -> tuple[Person, GroupBuy, list[Offer]]:
    """Two goods and a gift: ¥15 off from ¥80, a gift from ¥50."""
    leader = make.leader()
    store = make.store(leader)
    sale = make.group_buy(store, [make.product(store, prices=(3990, 2577, 990))])
    offers = list(sale.offers.order_by("position"))
    sale.options = packed(
        SaleOptions(
            money=SaleMoney(reduction=Reduction(steps=(Step(reach=8000, minus_fen=1500),)), gifts=True)
        )
    )
    sale.save(update_fields=["options"])
    offers[2].options = packed(OfferOptions(money=OfferMoney(gift=Gift(reach=5000))))
    offers[2].save(update_fields=["options"])
    return leader, sale, offers


def coupon_for(leader: Person, sale: GroupBuy, buyer: Person) -> CouponClaim:
    body = CouponIn(kind="percent", percent_off=13, starts_at=now(), ends_at=now() + timedelta(days=3))
    coupon = actions.issue_coupon(leader, sale.store_id, body)
    actions.claim(buyer, coupon.id)
    return CouponClaim.objects.get(coupon=coupon, person=buyer)


def bought(leader: Person, sale: GroupBuy, offers: list[Offer]) -> Order:
    """3 + 1 pieces with gift and coupon, paid."""
    buyer = make.person()
    home = make.address(buyer)
    claim = coupon_for(leader, sale, buyer)
    lines = [LineIn(offer_id=offers[0].id, quantity=3), LineIn(offer_id=offers[1].id, quantity=1)]
    seen = quote(
        buyer.id,
        QuoteIn(
            group_buy_id=sale.id,
            lines=lines,
            delivery_method="courier",
            coupon_id=claim.id,
            address_id=home.id,
        ),
    )
    gifts = [LineIn(offer_id=int(g.offer_id), quantity=g.quantity) for g in seen.gifts]
    body = OrderIn(
        group_buy_id=sale.id, lines=[*lines, *gifts], delivery_method="courier", payment_method="offline",
        address_id=home.id, expected_total_fen=seen.total_fen, coupon_id=claim.id,
    )  # fmt: skip
    outcome = place_orders([draft_of(body, buyer.id, "one")])[0]
    assert isinstance(outcome, Placed), outcome
    return make.paid(Order.objects.get(id=outcome.order.id))


def give_back(leader: Person, order: Order, wishes: list[Wish], *, freight: bool) -> int:
    refund = refund_as_leader(leader, order.id, wishes, include_freight=freight, reason="少发", restock=True)
    leader_done(order, refund.id, Actor("leader", leader.id))
    return Refund.objects.get(id=refund.id).amount_fen


def test_line_by_line_to_the_last_fen() -> None:
    leader, sale, offers = shop()
    order = bought(leader, sale, offers)
    goods = 3 * 3990 + 2577
    after = goods - 1500
    off = 1500 + after * 13 // 100
    assert (order.goods_fen, order.discount_fen, order.total_fen) == (goods, off, goods - off + 800)
    one, two, gift = OrderLine.objects.filter(order=order).order_by("position")
    first = give_back(leader, order, [Wish(one.id, 1)], freight=False)
    # What was promised stands: the other pieces keep their share although the step is no longer reached.
    assert first == (one.amount_fen - one.discount_share_fen) // 3
    rest = [Wish(one.id, 2), Wish(two.id, 1), Wish(gift.id, 1)]
    second = give_back(leader, order, rest, freight=True)
    assert first + second == order.total_fen
    done = Order.objects.get(id=order.id)
    assert (done.payment, done.refunded_fen) == ("refunded", done.paid_fen)
    assert Coupon.objects.get().used == 1
    assert run_checks(TRADE).violations == []


def test_everything_at_once_brings_the_gift_back_to_the_shelf() -> None:
    leader, sale, offers = shop()
    order = bought(leader, sale, offers)
    assert give_back(leader, order, [], freight=True) == order.total_fen
    gift = OrderLine.objects.get(order=order, offer=offers[2])
    assert (gift.refunded_quantity, gift.price_fen) == (1, 0)
    assert run_checks(TRADE).violations == []
