"""Nothing is kept longer than the registry says, and nothing goes early."""

from __future__ import annotations

from datetime import timedelta

import pytest

import factories as make
from privacy.conftest import Trail
from yantuan.identity.models import Session
from yantuan.kernel.clock import frozen, now
from yantuan.kernel.config import config
from yantuan.media.models import Media
from yantuan.notices.models import Delivery, InboxMessage, ServiceCard
from yantuan.orders.models import Order
from yantuan.privacy import jobs, scrub
from yantuan.reports.checks import run_checks

pytestmark = pytest.mark.django_db(transaction=True)
YEARS = timedelta(days=1185)


def test_people_go_from_orders_after_three_years_and_a_quarter(trail: Trail) -> None:
    old, young = (make.received(make.order(trail.sale, trail.buyer)) for _ in range(2))
    Order.objects.filter(id=young.id).update(placed_at=now() + timedelta(days=2))
    trail.paid_by_wechat(old)
    sums = Order.objects.values("total_fen", "paid_fen", "goods_text").get(id=old.id)
    with frozen(old.placed_at + YEARS - timedelta(hours=1)):
        assert jobs.forget_old_orders() == 0
    with frozen(old.placed_at + YEARS + timedelta(hours=1)):
        assert jobs.forget_old_orders() == 1
        assert jobs.forget_old_orders() == 0
    gone, stays = Order.objects.get(id=old.id), Order.objects.get(id=young.id)
    assert (gone.recipient_name, gone.phone_sealed, gone.phone_last4, gone.detail) == (scrub.GONE, "", "", "")
    assert Order.objects.values("total_fen", "paid_fen", "goods_text").get(id=old.id) == sums
    assert stays.recipient_name == trail.buyer.nickname[:20] and stays.phone_sealed
    # The screenshot of the payment went with it; the person is still a person.
    assert (
        Media.objects.filter(owner_id=trail.buyer.id, purpose="proof", removed_at__isnull=False).count() == 1
    )
    assert trail.buyer.phone_hash is not None
    assert run_checks(["V1", "FL1", "P1", "P2", "P3", "P4", "P5"]).violations == []


def test_orders_that_are_not_over_keep_their_people(trail: Trail) -> None:
    waiting = make.order(trail.sale, trail.buyer)
    case = make.received(make.order(trail.sale, trail.buyer))
    make.aftersale(case)
    with frozen(now() + YEARS + timedelta(days=30)):
        assert jobs.forget_old_orders() == 0
    assert not Order.objects.filter(id__in=[waiting.id, case.id], recipient_name=scrub.GONE).exists()


def test_less_than_three_years_can_not_be_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("YANTUAN_ORDERS_PEOPLE_DAYS", "365")
    config.cache_clear()
    with pytest.raises(ValueError, match="1095"):
        config()
    monkeypatch.undo()
    config.cache_clear()


def test_sign_ins_and_messages_end(trail: Trail) -> None:
    Delivery.objects.update(created_at=now())
    waiting = Delivery.objects.create(
        channel="wecom",
        recipient="1",
        kind="x",
        event_key="e9",
        title="t",
        body="b",
        due_at=now(),
        created_at=now(),
    )
    order = make.received(make.order(trail.sale, trail.buyer))
    trail.paid_by_wechat(order)
    Session.objects.filter(person=trail.buyer).update(revoked_at=now())
    with frozen(now() + timedelta(days=29)):
        jobs.keep_no_longer()
    assert Session.objects.filter(person=trail.buyer).count() == 1
    assert ServiceCard.objects.exclude(openid="").count() == 1, "a card that is still shown needs it"
    ServiceCard.objects.update(state="over")
    with frozen(now() + timedelta(days=31)):
        jobs.keep_no_longer()
    assert not Session.objects.filter(person=trail.buyer).exists()
    assert InboxMessage.objects.filter(person_id=trail.buyer.id).exists()
    assert not ServiceCard.objects.exclude(openid="").exists()
    with frozen(now() + timedelta(days=181)):
        jobs.keep_no_longer()
    assert not InboxMessage.objects.exists()
    assert list(Delivery.objects.filter(state="waiting", id=waiting.id)) == [waiting]
    assert not Delivery.objects.exclude(state="waiting").exists()
