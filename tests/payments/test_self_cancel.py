"""Until when buyers cancel paid orders themselves: as the sale says, and never after the first parcel."""

from __future__ import annotations

from datetime import datetime

import pytest

import factories as make
from yantuan.groupbuys.models import GroupBuy
from yantuan.groupbuys.options import SaleOptions, packed
from yantuan.groupbuys.options.limits import SaleLimits, SelfCancel
from yantuan.kernel.clock import frozen, now
from yantuan.kernel.errors import AppError
from yantuan.orders.models import Order
from yantuan.orders.queries import order_detail
from yantuan.payments.cancelling import cancel
from yantuan.payments.models import Refund

pytestmark = pytest.mark.django_db


def paid(rule: SelfCancel) -> tuple[Order, GroupBuy]:
    shop = make.store(make.leader())
    sale = make.group_buy(shop, [make.product(shop)])
    sale.options = packed(SaleOptions(limits=SaleLimits(self_cancel=rule)))
    sale.save(update_fields=["options"])
    return make.paid(make.order(sale, make.person())), sale


def after_end(sale: GroupBuy) -> datetime:
    assert sale.ends_at is not None
    return sale.ends_at


@pytest.mark.parametrize(
    ("rule", "over", "may"),
    [
        ("before_shipping", False, True),
        ("before_shipping", True, True),
        ("before_end", False, True),
        ("before_end", True, False),
        ("never", False, False),
    ],
)
def test_the_button_and_the_refusal_agree(rule: SelfCancel, over: bool, may: bool) -> None:
    order, sale = paid(rule)
    with frozen(after_end(sale) if over else now()):
        row = Order.objects.select_related("store", "group_buy").get(id=order.id)
        assert ("cancel" in order_detail(row, "buyer").actions) == may
        if may:
            cancel(order.person, order.id, "")
            assert Refund.objects.get(order=order).amount_fen == order.total_fen
            return
        with pytest.raises(AppError) as refused:
            cancel(order.person, order.id, "")
    assert refused.value.code == "cancel_barred"
    assert not Refund.objects.exists()


def test_a_sale_closed_by_hand_counts_as_over() -> None:
    order, sale = paid("before_end")
    GroupBuy.objects.filter(id=sale.id).update(state="closed", closed_at=now())
    with pytest.raises(AppError, match="cancel_barred"):
        cancel(order.person, order.id, "")
    assert not Refund.objects.exists()
