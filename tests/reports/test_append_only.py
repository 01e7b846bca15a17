"""The timeline and the audit log are written once, an order's words are known ones: the database itself sees to it."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.db import IntegrityError, connection, transaction

from appendonly import lifted
from yantuan.kernel import audit
from yantuan.kernel.actors import SYSTEM, Actor
from yantuan.kernel.clock import now
from yantuan.kernel.db import vendor
from yantuan.kernel.models import AuditEntry
from yantuan.orders import states
from yantuan.orders.models import DELIVERY_METHODS, PAYMENT_METHODS, Order, OrderEvent, Participation
from yantuan.reports import append_only
from yantuan.reports.checks import run_checks

TABLES = {"orders_orderevent": OrderEvent, "kernel_auditentry": AuditEntry}
TRIGGERS = [(table, verb) for table in TABLES for verb in append_only.verbs(vendor())]


def an_order() -> Order:
    """An order with one event and one audit entry, in the smallest words."""
    store = 7
    joined = Participation.objects.create(
        store_id=store, group_buy_id=8, person_id=9, number=1, created_at=now()
    )
    order = Order.objects.create(
        store_id=store, group_buy_id=8, person_id=9, participation=joined, number=1, payment_method="offline",
        delivery_method="courier", recipient_name="王五", phone_sealed="x", phone_last4="1234", goods_fen=1,
        total_fen=1, idempotency_key="k", body_hash="h", placed_at=now(),
    )  # fmt: skip
    OrderEvent.objects.create(
        order=order,
        store_id=store,
        at=now(),
        actor_kind="buyer",
        axis="payment",
        event="placed",
        after="unpaid",
    )
    audit.record(Actor("operator", 1), "test", "store", store, reason="检查")
    # PostgreSQL empties or alters no table while checks of its rows are still to come.
    connection.check_constraints()
    return order


def standing() -> dict[str, list[dict[str, object]]]:
    return {table: list(model.objects.order_by("id").values()) for table, model in TABLES.items()}


def raw(statement: str) -> Callable[[], object]:
    def run() -> object:
        with connection.cursor() as cursor:
            return cursor.execute(statement)

    return run


ATTEMPTS: list[tuple[str, Callable[[], object]]] = [
    ("the timeline, changed", lambda: OrderEvent.objects.update(event="teleport")),
    ("the timeline, deleted", lambda: OrderEvent.objects.all().delete()),
    ("one event, saved again", lambda: OrderEvent.objects.get().save()),
    ("an order, and its timeline with it", lambda: Order.objects.get().delete()),
    ("the log, changed", lambda: AuditEntry.objects.update(reason="改过")),
    ("the log, deleted", lambda: AuditEntry.objects.get().delete()),
    ("the timeline, by hand", raw("DELETE FROM orders_orderevent")),
    ("the log, by hand", raw("UPDATE kernel_auditentry SET seq = seq + 1")),
]
if vendor() == "postgresql":
    ATTEMPTS += [(f"{t}, emptied", raw(f"TRUNCATE {t}")) for t in TABLES]


@pytest.mark.django_db
@pytest.mark.parametrize("attempt", [a for _, a in ATTEMPTS], ids=[name for name, _ in ATTEMPTS])
def test_what_was_written_stays(attempt: Callable[[], object]) -> None:
    an_order()
    before = standing()
    assert all(len(rows) == 1 for rows in before.values())
    with pytest.raises(IntegrityError, match="append-only"), transaction.atomic():
        attempt()
    assert standing() == before and Order.objects.count() == 1


@pytest.mark.django_db
def test_more_may_be_written_and_a_statement_that_meets_no_row_is_none() -> None:
    order = an_order()
    OrderEvent.objects.bulk_create(
        OrderEvent(order=order, store_id=7, at=now(), actor_kind="system", axis="note", event=name)
        for name in ("one", "two")
    )
    audit.record(SYSTEM, "test.more", "store", 7)
    assert OrderEvent.objects.filter(event="nothing").update(event="x") == 0
    assert OrderEvent.objects.filter(event="nothing").delete()[0] == 0
    assert (OrderEvent.objects.count(), AuditEntry.objects.count()) == (3, 2)


@pytest.mark.django_db
def test_the_guards_come_back_after_a_test_lifts_them() -> None:
    """The negative control: without the triggers the same statements go through."""
    an_order()
    with transaction.atomic(), lifted(connection):
        OrderEvent.objects.update(event="teleport")
        AuditEntry.objects.all().delete()
    assert (OrderEvent.objects.get().event, AuditEntry.objects.count()) == ("teleport", 0)
    with pytest.raises(IntegrityError, match="append-only"), transaction.atomic():
        OrderEvent.objects.all().delete()


def d1() -> list[tuple[list[str], str]]:
    report = run_checks(["D1"])
    assert report.unchecked == {}
    return [(v.ids, v.expected[:9]) for v in report.violations]


@pytest.mark.django_db
@pytest.mark.parametrize(("table", "verb"), TRIGGERS)
def test_a_missing_trigger_is_told_and_can_be_put_back(table: str, verb: str) -> None:
    assert d1() == []
    name = append_only.name_of(table, verb)
    raw(f"DROP TRIGGER {name}" + (f" ON {table}" if vendor() == "postgresql" else ""))()
    assert d1() == [([name], "订单经过和审计日志")]
    append_only.guard(connection)
    assert d1() == []


@pytest.mark.django_db
@pytest.mark.skipif(vendor() != "postgresql", reason="SQLite's triggers can't be switched off")
@pytest.mark.parametrize("how", ["DISABLE", "ENABLE REPLICA"])
def test_a_trigger_switched_off_is_told(how: str) -> None:
    name = append_only.name_of("orders_orderevent", "DELETE")
    raw(f"ALTER TABLE orders_orderevent {how} TRIGGER {name}")()
    assert ([name], "订单经过和审计日志") in d1()


@pytest.mark.django_db
def test_a_table_made_anew_has_lost_its_triggers_and_is_told() -> None:
    """What a migration of SQLite does to a table that it changes."""
    if vendor() == "postgresql":
        raw("CREATE TABLE made_anew (LIKE orders_orderevent INCLUDING ALL)")()
        raw("DROP TABLE orders_orderevent")()
        raw("ALTER TABLE made_anew RENAME TO orders_orderevent")()
    else:
        raw("CREATE TABLE made_anew AS SELECT * FROM orders_orderevent")()
        raw("DROP TABLE orders_orderevent")()
        raw("ALTER TABLE made_anew RENAME TO orders_orderevent")()
    assert [append_only.name_of("orders_orderevent", v) for v in append_only.verbs(vendor())] in [
        ids for ids, _ in d1()
    ]


WORDS: dict[str, tuple[str, ...]] = {
    "payment": states.PAYMENT.states,
    "delivery": states.DELIVERY.states,
    "aftersale": states.AFTERSALE.states,
    "payment_method": PAYMENT_METHODS,
    "delivery_method": DELIVERY_METHODS,
}


@pytest.mark.django_db
@pytest.mark.parametrize("column", WORDS)
def test_an_order_keeps_to_known_words(column: str) -> None:
    order = an_order()
    for word in WORDS[column]:
        assert Order.objects.filter(id=order.id).update(**{column: word}) == 1
    before = Order.objects.values().get()
    guard = "order_methods_known" if column.endswith("method") else "order_axes_known"
    for word in ("", "lost", WORDS[column][0].upper(), WORDS[column][0] + " "):
        with pytest.raises(IntegrityError, match=guard), transaction.atomic():
            Order.objects.filter(id=order.id).update(**{column: word})
    assert Order.objects.values().get() == before
