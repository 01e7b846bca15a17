"""The rules about counted figures: silent while the worker is on its way, loud when a figure is wrong."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.db.models import F

import factories as make
from yantuan.kernel.clock import frozen, now
from yantuan.members import actions, counting
from yantuan.members.models import Counted, Member
from yantuan.orders.models import Order
from yantuan.reports.checks import run_checks
from yantuan.sharing.actions import count_open, forget_visitors, share_group_buy
from yantuan.sharing.models import Share, ShareDay
from yantuan.sharing.schemas import ShareIn

pytestmark = pytest.mark.django_db


class Shop:
    """陈阿姨 paid twice, 赵子墨 once; the worker has counted them, and ten minutes have gone by."""

    def __init__(self) -> None:
        self.leader = make.leader()
        self.store = make.store(self.leader)
        self.sale = make.group_buy(self.store, [make.product(self.store)])
        self.chen, self.zhao = make.person("陈阿姨"), make.person("赵子墨")
        for who in (self.chen, self.chen, self.zhao):
            make.paid(make.order(self.sale, who))
        counting.count_new()


@pytest.fixture
def shop() -> Shop:
    return Shop()


@pytest.fixture
def later(shop: Shop) -> Iterator[None]:
    with frozen(now() + timedelta(minutes=10)):
        yield


def found(rule: str) -> list[list[str]]:
    report = run_checks([rule])
    assert report.unchecked == {}
    return [one.ids for one in report.violations]


@pytest.mark.usefixtures("later")
@pytest.mark.parametrize("figure", ["orders", "paid_fen", "refunds"])
def test_a_figure_that_is_off_by_one_is_found(shop: Shop, figure: str) -> None:
    assert found("ME1") == []
    wrong = Member.objects.get(person=shop.chen)
    Member.objects.filter(id=wrong.id).update(**{figure: F(figure) + 1})
    assert found("ME1") == [[str(wrong.id)]]
    assert run_checks(["ME1"], store_id=shop.store.id + 1).violations == []
    counting.count(shop.store.id, [shop.chen.id])
    assert found("ME1") == []


@pytest.mark.usefixtures("later")
def test_the_day_of_the_first_order_is_counted_too(shop: Shop) -> None:
    Member.objects.filter(person=shop.zhao).update(first_at=F("first_at") - timedelta(days=1))
    assert len(found("ME1")) == 1


@pytest.mark.usefixtures("later")
def test_a_buyer_without_a_row_is_found(shop: Shop) -> None:
    Member.objects.filter(person=shop.zhao).delete()
    order = Order.objects.get(person=shop.zhao)
    assert found("ME1") == [[str(order.id)]]


@pytest.mark.usefixtures("later")
def test_merged_accounts_are_summed(shop: Shop) -> None:
    keeps, goes = Member.objects.get(person=shop.chen), Member.objects.get(person=shop.zhao)
    actions.merge(shop.leader, keeps.id, goes.id)
    assert found("ME1") == []
    Member.objects.filter(id=keeps.id).update(orders=2)
    assert found("ME1") == [[str(keeps.id)]]


def test_the_newest_payments_may_wait_for_the_worker(shop: Shop) -> None:
    make.paid(make.order(shop.sale, shop.zhao))
    assert found("ME1") == []


def test_what_the_worker_has_not_reached_is_no_fault(shop: Shop) -> None:
    Member.objects.all().delete()
    for reached in (0, 1):
        Counted.objects.update(event_id=reached)
        with frozen(now() + timedelta(days=1)):
            assert found("ME1") == []


def test_opens_of_the_last_days_equal_their_visitors(shop: Shop) -> None:
    share = share_group_buy(shop.leader, shop.sale.id, ShareIn(kind="link", label="群"))
    for who in ("a", "b"):
        assert count_open(share.token, who)
    with frozen(now() + timedelta(days=1)):
        assert count_open(share.token, "a")
        assert found("SH1") == []
        ShareDay.objects.filter(opens=2).update(opens=3)
        Share.objects.update(opens=4)
        assert found("SH1") == [[str(share.id)]]
        ShareDay.objects.filter(opens=3).update(opens=2)
    with frozen(now() + timedelta(days=5)):
        assert forget_visitors() == 3
        assert found("SH1") == []
