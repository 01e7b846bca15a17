from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.contrib.auth import get_user_model
from django.db import DatabaseError, connection, transaction
from django.db.models import F
from django_tasks_db.models import DBTaskResult, get_date_max

from appendonly import lifted
from reports import planted_figures, planted_settling, planted_splits, planted_teams
from reports.trade import Trade, full_trade, write_files
from yantuan.aftersales.models import AfterSale, AfterSaleLine
from yantuan.catalog.models import Sku, StockMovement, StockPool
from yantuan.fulfilment.models import PickupCheck, Shipment
from yantuan.groupbuys.models import GroupBuy, GroupCounter, Offer
from yantuan.identity.models import Person
from yantuan.kernel import audit
from yantuan.kernel.actors import Actor
from yantuan.kernel.clock import now
from yantuan.kernel.db import vendor
from yantuan.kernel.models import AuditEntry, OutboxEvent, TimedRun
from yantuan.kernel.money import MAX_FEN
from yantuan.leaders.models import InviteCode, Leader
from yantuan.media.files import path_of
from yantuan.media.models import Media
from yantuan.merchants.models import MerchantAccount
from yantuan.notices.models import Delivery
from yantuan.orders.models import LimitUse, Order, OrderEvent, OrderLine
from yantuan.payments.models import OfflineProof, PaymentAttempt, ProviderNotice, Refund, RefundLine
from yantuan.promotions.models import Coupon, CouponClaim, CouponUse
from yantuan.reports.checks import run_checks
from yantuan.reports.rules import RULES
from yantuan.reports.rules.base import Scope
from yantuan.reports.snapshot import snapshot
from yantuan.shipinfo.models import ShippingInfo
from yantuan.stores.models import Store

LONG_AGO = timedelta(days=2)
MOVE = {"store_id": 1, "actor_kind": "system", "quantity": 1}

Plant = Callable[[Trade], object]


def pool(trade: Trade) -> StockPool:
    return StockPool.objects.get(id=trade.lines("unpaid")[0].pool_id)


def the(trade: Trade, name: str) -> Order:
    return trade.order(name)


def rows(trade: Trade, name: str) -> dict[str, int]:
    return {"order_id": trade.orders[name]}


def set_order(name: str, **values: object) -> Plant:
    return lambda t: Order.objects.filter(id=t.orders[name]).update(**values)


def past_triggers(plant: Plant) -> Plant:
    """The plant of somebody who took the triggers of append-only rows away meanwhile."""

    def planted(trade: Trade) -> None:
        with lifted(connection):
            plant(trade)

    return planted


def past_checks(plant: Plant) -> Plant:
    """The plant of somebody who got past the CHECK on an order's axes."""

    def planted(trade: Trade) -> None:
        postgres = vendor() == "postgresql"
        with connection.cursor() as cursor:
            if postgres:
                cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
                cursor.execute("ALTER TABLE orders_order DROP CONSTRAINT order_axes_known")
            else:
                cursor.execute("PRAGMA ignore_check_constraints = ON")
            try:
                plant(trade)
            finally:
                if not postgres:
                    cursor.execute("PRAGMA ignore_check_constraints = OFF")

    return planted


def forgotten_task(**values: object) -> None:
    task = DBTaskResult.objects.create(
        task_path="x",
        args_kwargs={},
        backend_name="default",
        exception_class_path="",
        traceback="",
        run_after=now(),
    )
    DBTaskResult.objects.filter(id=task.id).update(**values)


def stuck_shipping(trade: Trade) -> None:
    order = trade.order("online")
    attempt = order.attempts.get()  # type: ignore[attr-defined]
    ShippingInfo.objects.create(
        attempt=attempt,
        order=order,
        store_id=order.store_id,
        transaction_id=attempt.transaction_id,
        state="waiting",
        waiting_since=now() - LONG_AGO,
        created_at=now() - LONG_AGO,
    )


def foreign_account(trade: Trade) -> None:
    attempt = PaymentAttempt.objects.filter(state="succeeded").first()
    assert attempt is not None
    account = MerchantAccount.objects.create(
        store_id=attempt.store_id, mode="direct", state="checked", mchid="1999999999",
        created_at=now(), updated_at=now(), retired_at=now(),
    )  # fmt: skip
    PaymentAttempt.objects.filter(id=attempt.id).update(account=account)


def stale_route(trade: Trade) -> None:
    TimedRun.objects.update_or_create(
        name="yantuan.merchants.jobs.refresh_routes", defaults={"next_at": now(), "finished_at": now()}
    )
    Store.objects.update(pay_route="none", created_at=now() - LONG_AGO)


def coupon(trade: Trade, **values: int) -> Coupon:
    store_id = the(trade, "paid").store_id
    return Coupon.objects.create(
        store_id=store_id, kind="fixed", minus_fen=500, starts_at=now(), ends_at=now() + LONG_AGO, created_at=now(), **values
    )  # fmt: skip


def used_by(name: str) -> Plant:
    """A copy of the buyer's that an order of theirs holds without having got anything for it, or though it is closed."""

    def plant(trade: Trade) -> None:
        order = the(trade, name)
        made = coupon(trade, claimed=1, used=1, used_fen=500)
        claim = CouponClaim.objects.create(coupon=made, person_id=order.person_id, nth=1, claimed_at=now())
        CouponUse.objects.create(coupon=made, claim=claim, order_id=order.id, fen=500, used_at=now())

    return plant


PLANTS: list[tuple[str, Plant]] = [
    ("C1", lambda t: coupon(t, claimed=1)),
    ("C1", used_by("paid")),
    ("C1", used_by("closed")),
    ("PA2", stale_route),
    ("PA3", foreign_account),
    ("W1", stuck_shipping),
    ("M1", set_order("paid", goods_fen=F("goods_fen") + 1, total_fen=F("total_fen") + 1)),
    ("M1", lambda t: OrderLine.objects.filter(**rows(t, "paid")).update(freight_share_fen=F("freight_share_fen") + 1)),
    ("M2", lambda t: OrderLine.objects.filter(**rows(t, "paid")).update(title="改过的标题")),
    ("M2", lambda t: OrderLine.objects.filter(**rows(t, "paid")).update(snapshot_hash="0" * 64)),
    ("L4", set_order("online", paid_fen=F("paid_fen") + 1)),
    ("L4", set_order("settled", refunded_fen=F("refunded_fen") + 1)),
    ("L4", lambda t: OfflineProof.objects.filter(**rows(t, "paid")).update(amount_fen=F("amount_fen") + 1)),
    ("L6", set_order("paid", paid_fen=F("paid_fen") + 1)),
    ("L8", lambda t: Refund.objects.filter(**rows(t, "online")).update(amount_fen=MAX_FEN + 1)),
    ("L8", set_order("paid", paid_fen=MAX_FEN * 11)),
    ("L5", lambda t: Refund.objects.filter(**rows(t, "online")).update(amount_fen=F("amount_fen") * 3)),
    ("L5", lambda t: RefundLine.objects.filter(refund__order_id=t.orders["online"]).update(goods_fen=F("goods_fen") + 1)),
    ("ST1", lambda t: StockMovement.objects.create(pool_id=pool(t).id, kind="adjust", created_at=now(), **MOVE)),
    ("ST2", lambda t: StockPool.objects.filter(id=pool(t).id).update(available=F("available") - 1, held=F("held") + 1)),
    ("ST2", lambda t: StockPool.objects.filter(id=pool(t).id).update(held=F("held") - 1, sold=F("sold") + 1)),
    ("ST3", lambda t: StockMovement.objects.filter(order_line_id=t.lines("paid")[0].id, kind="sell").delete()),
    ("ST3", lambda t: StockMovement.objects.filter(order_line_id=t.lines("closed")[0].id, kind="hold").delete()),
    ("ST3", lambda t: StockMovement.objects.filter(order_line_id=t.lines("paid")[0].id, kind="sell").update(kind="release")),
    ("ST4", lambda t: Offer.objects.update(limit_per_person=1)),
    ("ST4", lambda t: LimitUse.objects.update(quantity=F("quantity") + 1)),
    ("ST4", lambda t: GroupCounter.objects.update(orders=F("orders") + 1)),
    ("ST4", lambda t: GroupCounter.objects.update(last_number=F("last_number") + 1)),
    ("ST5", set_order("unpaid", expires_at=now() - timedelta(minutes=6))),
    ("ST5", lambda t: StockMovement.objects.filter(order_line_id=t.lines("closed")[0].id, kind="release").delete()),
    ("O1", set_order("paid", delivery="shipped")),
    ("O1", past_checks(set_order("paid", delivery="lost"))),
    ("O1", past_triggers(lambda t: OrderEvent.objects.filter(axis="payment", event="pay", **rows(t, "paid")).delete())),
    ("O1", past_triggers(lambda t: OrderEvent.objects.filter(axis="delivery", **rows(t, "received")).update(event="teleport"))),
    ("O1", past_triggers(lambda t: OrderEvent.objects.filter(axis="case").update(after="nowhere"))),
    ("O1", past_triggers(lambda t: OrderEvent.objects.filter(axis="payment", **rows(t, "paid")).update(actor_kind=""))),
    ("O3", set_order("received", received_at=None)),
    ("O3", set_order("closed", closed_at=None)),
    ("O2", set_order("paid", paid_fen=0)),
    ("O2", set_order("unpaid", paid_fen=5)),
    ("O2", set_order("paid", payment="refunded")),
    ("O2", set_order("refunded", paid_fen=F("paid_fen") + 1)),
    ("O3", lambda t: Shipment.objects.filter(**rows(t, "shipped")).update(withdrawn_at=now())),
    ("O3", lambda t: PickupCheck.objects.update(undone_at=now())),
    ("O3", set_order("unpaid", delivery="shipped")),
    ("O3", set_order("closed", aftersale="open")),
    ("O4", lambda t: Refund.objects.filter(**rows(t, "late")).delete()),
    ("O5", lambda t: OrderLine.objects.filter(**rows(t, "shipped")).update(shipped_quantity=0)),
    ("O5", set_order("claimed", aftersale="none")),
    ("P1", lambda t: PaymentAttempt.objects.filter(**rows(t, "online")).update(paid_fen=F("paid_fen") - 1)),
    ("P1", lambda t: PaymentAttempt.objects.filter(**rows(t, "online")).update(transaction_id=None)),
    ("P2", lambda t: PaymentAttempt.objects.filter(**rows(t, "late")).update(state="prepaid", created_at=now() - LONG_AGO)),
    ("P3", lambda t: ProviderNotice.objects.create(
        notice_id="n", event_type="e", business_no="b", body="", resource="", dedupe="d", received_at=now() - LONG_AGO)),
    ("P3", lambda t: ProviderNotice.objects.create(
        notice_id="m", event_type="TRANSACTION.SUCCESS", business_no="nobody", body="", resource="", dedupe="m",
        outcome="applied", received_at=now())),
    ("P5", lambda t: PaymentAttempt.objects.filter(**rows(t, "online")).update(success_at=now() - LONG_AGO)),
    ("P4", lambda t: PaymentAttempt.objects.filter(**rows(t, "twice")).update(extra=False)),
    ("P4", lambda t: Refund.objects.filter(cause="extra").update(amount_fen=1)),
    ("R1", lambda t: Refund.objects.filter(**rows(t, "online")).update(next_try_at=now() - timedelta(minutes=16))),
    ("R1", lambda t: Refund.objects.filter(**rows(t, "settled")).update(amount_fen=F("amount_fen") - 1)),
    ("R2", lambda t: AfterSale.objects.update(requested_fen=F("requested_fen") + 1)),
    ("R2", lambda t: AfterSaleLine.objects.filter(open=True).update(open=False)),
    ("I1", lambda t: InviteCode.objects.create(
        code_hash="h", code_sealed="s", uses_allowed=3, uses_taken=1, expires_at=now(), created_at=now())),
    ("I2", lambda t: Leader.objects.update(suspended_at=now() - LONG_AGO)),
    ("I2", lambda t: GroupBuy.objects.update(published_at=now() - LONG_AGO)),
    ("T2", lambda t: Person.objects.filter(leader__isnull=False).update(disabled_at=now())),
    ("T2", lambda t: get_user_model().objects.create(username="ops", is_staff=True, last_login=now())),
    ("N2", lambda t: forgotten_task(enqueued_at=now() - LONG_AGO, run_after=get_date_max())),
    ("N2", lambda t: forgotten_task(status="RUNNING", started_at=now() - LONG_AGO)),
    ("N2", lambda t: TimedRun.objects.bulk_create([
        TimedRun(name="kernel.worker", next_at=now(), started_at=now()), TimedRun(name="x", next_at=now() - LONG_AGO)])),
    ("V1", set_order("paid", phone_sealed="13800000000")),
    ("V1", lambda t: Person.objects.filter(leader__isnull=False).update(phone_sealed="13800000000")),
    ("T1", lambda t: Offer.objects.update(store_id=5)),
    ("T1", lambda t: OrderLine.objects.filter(**rows(t, "paid")).update(store_id=5)),
    ("T1", lambda t: Shipment.objects.update(store_id=5)),
    ("T1", lambda t: Sku.objects.update(store_id=5)),
    ("N1", lambda t: OutboxEvent.objects.create(topic="x", available_at=now() - LONG_AGO, created_at=now())),
    ("N1", lambda t: Delivery.objects.create(
        channel="email", recipient="1", kind="k", event_key="e", title="t", body="b", due_at=now() - LONG_AGO, created_at=now())),
    ("D1", lambda t: Sku.objects.filter(offers=None).update(pool_id=5) or Sku.objects.filter(id=Sku.objects.first().id).update(pool_id=5)),  # type: ignore[union-attr]
    ("D1", lambda t: OrderLine.objects.filter(**rows(t, "paid")).update(offer_id=5)),
    ("D1", lambda t: GroupCounter.objects.all().delete()),
    ("V2", past_triggers(lambda t: AuditEntry.objects.filter(seq=2).update(reason="改过"))),
    ("V2", past_triggers(lambda t: AuditEntry.objects.filter(seq=2).delete())),
    ("FL1", lambda t: path_of(Media.objects.first().key).write_bytes(b"")),  # type: ignore[union-attr]
]  # fmt: skip


EVERY = (
    PLANTS + planted_figures.PLANTS + planted_settling.PLANTS + planted_splits.PLANTS + planted_teams.PLANTS
)


def broken() -> set[str]:
    report = run_checks()
    assert report.unchecked == {}
    assert all(
        v.ids and len(v.ids) <= 20 and v.expected and v.found and v.suggestion for v in report.violations
    )
    return {v.rule for v in report.violations}


class _Undo(Exception):
    pass


@pytest.mark.django_db
@pytest.mark.urls("stores.shop_urls")
@pytest.mark.usefixtures("_sound_house")
def test_good_trade_is_clean_and_every_planted_fault_is_found() -> None:
    trade = full_trade()
    write_files()
    for number in range(3):
        audit.record(Actor("operator", 1), "test", "store", number, reason="检查")
    OutboxEvent.objects.all().delete()
    assert broken() == set()
    for index, (rule, plant) in enumerate(EVERY):
        with pytest.raises(_Undo), transaction.atomic():
            plant(trade)
            assert rule in broken(), (index, rule)
            raise _Undo
        if rule == "FL1":
            write_files()
    assert broken() == set()
    assert {rule for rule, _ in EVERY} | {"D2", "CF1", "PA1"} == set(RULES)


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("_sound_house")
def test_a_run_sees_one_snapshot_and_writes_nothing() -> None:
    assert run_checks().exit_code == 0
    with snapshot(Scope()):
        assert Leader.objects.count() == 0
        if vendor() == "postgresql":
            with pytest.raises(DatabaseError), transaction.atomic():
                OutboxEvent.objects.create(topic="x", available_at=now(), created_at=now())
    # The connection is usable afterwards.
    OutboxEvent.objects.create(topic="x", available_at=now(), created_at=now())
    assert OutboxEvent.objects.count() == 1


@pytest.mark.django_db
@pytest.mark.urls("stores.shop_urls")
@pytest.mark.usefixtures("_sound_house")
def test_a_run_of_late_changes_looks_only_at_what_was_touched() -> None:
    trade = full_trade()
    write_files()
    OutboxEvent.objects.all().delete()
    assert run_checks(since=now() - timedelta(hours=2)).violations == []
    set_order("paid", paid_fen=F("paid_fen") + 1)(trade)
    touched = run_checks(since=now() - timedelta(hours=2))
    assert {v.rule for v in touched.violations} == {"L4"}
    assert touched.exit_code == 1
    # Everything here happened before tomorrow, so a run since then looks at none of it.
    assert run_checks(since=now() + timedelta(days=1)).violations == []
    assert {v.rule for v in run_checks().violations} == {"L4", "L6"}


@pytest.mark.django_db
@pytest.mark.urls("stores.shop_urls")
@pytest.mark.usefixtures("_sound_house")
def test_a_run_of_one_store_finds_only_its_own_faults() -> None:
    mine, other = full_trade(), full_trade()
    set_order("paid", paid_fen=F("paid_fen") + 1)(mine)
    StockPool.objects.filter(id=pool(mine).id).update(held=F("held") - 1, sold=F("sold") + 1)
    here, there = mine.order("paid").store_id, other.order("paid").store_id
    found = run_checks(store_id=here)
    assert {v.rule for v in found.violations} == {"L4", "L6", "ST2", "ST3"}
    assert all(set(v.stores) == {str(here)} for v in found.violations)
    assert run_checks(store_id=there).violations == []
    assert "N1" not in found.rules and "CF1" not in found.rules
    everything = {v.rule: set(v.stores) for v in run_checks(["L4", "L6", "ST2", "ST3"]).violations}
    assert everything == {rule: {str(here)} for rule in ("L4", "L6", "ST2", "ST3")}
