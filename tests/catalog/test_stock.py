from __future__ import annotations

import threading
from dataclasses import dataclass

import pytest
from django.db import IntegrityError, connection, transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from yantuan.catalog import stock
from yantuan.catalog.models import StockMovement, StockPool
from yantuan.kernel.actors import SYSTEM, Actor
from yantuan.kernel.clock import now
from yantuan.kernel.db import vendor
from yantuan.kernel.errors import AppError, Conflict
from yantuan.kernel.ids import new_id

BOSS = Actor("leader", 5)


@dataclass(frozen=True)
class Line:
    id: int
    store_id: int
    pool_id: int
    quantity: int


def pool(first: int = 10) -> int:
    with transaction.atomic():
        return stock.create_pool(1, first, BOSS)


def hold(pool_id: int, quantity: int) -> Line:
    """What booking does."""
    line = Line(new_id(), 1, pool_id, quantity)
    row = StockPool.objects.get(id=pool_id)
    StockPool.objects.filter(id=pool_id).update(available=row.available - quantity, held=row.held + quantity)
    StockMovement.objects.create(
        store_id=1, pool_id=pool_id, kind="hold", quantity=quantity, order_line_id=line.id,
        actor_kind="buyer", created_at=now(),
    )  # fmt: skip
    return line


def counts(pool_id: int) -> tuple[int, int, int, int]:
    p = StockPool.objects.get(id=pool_id)
    return p.total, p.available, p.held, p.sold


def explained(pool_id: int) -> tuple[int, int, int, int]:
    """The counters as the movements explain them."""
    sums = dict.fromkeys(["adjust", "hold", "release", "sell", "restock"], 0)
    for kind, quantity in StockMovement.objects.filter(pool_id=pool_id).values_list("kind", "quantity"):
        sums[kind] += quantity
    available = sums["adjust"] - sums["hold"] + sums["release"] + sums["restock"]
    held = sums["hold"] - sums["release"] - sums["sell"]
    sold = sums["sell"] - sums["restock"]
    return sums["adjust"], available, held, sold


@pytest.mark.django_db
def test_a_leader_adds_and_takes_free_units_only() -> None:
    p = pool(10)
    hold(p, 8)
    with transaction.atomic():
        assert stock.adjust(p, 5, BOSS).available == 7
        assert stock.adjust(p, -7, BOSS).available == 0
    with pytest.raises(Conflict) as refused, transaction.atomic():
        stock.adjust(p, -1, BOSS)
    assert refused.value.code == "stock_too_low"
    assert refused.value.details == {"available": 0, "held": 8}
    assert counts(p) == (8, 0, 8, 0) == explained(p)


@pytest.mark.django_db
def test_held_units_stay_payable_when_the_leader_lowers_the_stock() -> None:
    p = pool(10)
    line = hold(p, 10)
    with pytest.raises(Conflict), transaction.atomic():
        stock.adjust(p, -5, BOSS)
    with transaction.atomic():
        stock.sell([line])
    assert counts(p) == (10, 0, 0, 10)


@pytest.mark.django_db
def test_stock_has_a_ceiling() -> None:
    p = pool(10)
    with pytest.raises(Conflict) as refused, transaction.atomic():
        stock.adjust(p, stock.MAX_STOCK, BOSS)
    assert (refused.value.code, counts(p)) == ("stock_too_high", (10, 10, 0, 0))


@pytest.mark.django_db
def test_everything_happens_once() -> None:
    p = pool(10)
    kept, dropped = hold(p, 3), hold(p, 2)
    for _ in range(3):
        with transaction.atomic():
            stock.sell([kept])
            stock.release([dropped, kept])
    assert counts(p) == (10, 7, 0, 3)
    with transaction.atomic():
        assert [stock.restock(kept, 2, 91), stock.restock(kept, 2, 91), stock.restock(kept, 1, 92)] == [
            True,
            False,
            True,
        ]
    with pytest.raises(Conflict) as refused, transaction.atomic():
        stock.restock(kept, 1, 93)
    assert refused.value.code == "restock_exceeds_sold"
    assert counts(p) == (10, 10, 0, 0) == explained(p)


@pytest.mark.django_db
def test_released_units_are_not_sold_but_may_be_taken_anew() -> None:
    p = pool(4)
    late = hold(p, 3)
    with transaction.atomic():
        stock.release([late])
    with pytest.raises(Conflict) as refused, transaction.atomic():
        stock.sell([late])
    assert refused.value.code == "stock_not_held"
    hold(p, 2)
    with transaction.atomic():
        assert stock.sell_direct([late]) is False
    assert counts(p) == (4, 2, 2, 0)
    with transaction.atomic():
        stock.adjust(p, 1, BOSS)
        assert [stock.sell_direct([late]), stock.sell_direct([late])] == [True, True]
        stock.release([late])
    assert counts(p) == (5, 0, 2, 3) == explained(p)


@pytest.mark.django_db
def test_taking_anew_is_all_or_nothing() -> None:
    many, few = pool(9), pool(1)
    lines = [hold(many, 2), hold(few, 1)]
    with transaction.atomic():
        stock.release(lines)
        stock.adjust(few, -1, BOSS)
        assert stock.sell_direct(lines) is False
    assert counts(many) == (9, 9, 0, 0)


@pytest.mark.django_db(transaction=True)
def test_stock_changes_only_inside_a_transaction() -> None:
    p = pool(1)
    for work in (lambda: stock.adjust(p, 1, BOSS), lambda: stock.create_pool(1, 1, BOSS)):
        with pytest.raises(RuntimeError):
            work()
    assert counts(p) == (1, 1, 0, 0)


@pytest.mark.django_db
def test_the_database_itself_refuses_wrong_counters() -> None:
    p = pool(3)
    for wrong in ({"available": -1, "total": -1}, {"held": 1}, {"total": 4}):
        with pytest.raises(IntegrityError), transaction.atomic():
            StockPool.objects.filter(id=p).update(**wrong)
    assert counts(p) == (3, 3, 0, 0)


@pytest.mark.django_db
def test_a_used_pool_is_not_dropped() -> None:
    fresh, used = pool(3), pool(3)
    hold(used, 1)
    with transaction.atomic():
        stock.drop_pool(fresh)
    with pytest.raises(Conflict), transaction.atomic():
        stock.drop_pool(used)
    assert list(StockPool.objects.values_list("id", flat=True)) == [used]


steps = st.lists(
    st.tuples(
        st.sampled_from(["adjust", "hold", "release", "sell", "again", "restock"]),
        st.integers(0, 7),
        st.integers(-4, 6),
    ),
    max_size=25,
)


@pytest.mark.django_db
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.integers(0, 12), steps)
def test_movements_always_explain_the_counters(first: int, work: list[tuple[str, int, int]]) -> None:
    p = pool(first)
    lines: list[Line] = []
    for number, (verb, which, amount) in enumerate(work):
        line = lines[which % len(lines)] if lines else None
        try:
            with transaction.atomic():
                if verb == "adjust":
                    stock.adjust(p, amount, BOSS)
                elif verb == "hold" and 0 < amount <= counts(p)[1]:
                    lines.append(hold(p, amount))
                elif line and verb == "release":
                    stock.release([line])
                elif line and verb == "sell":
                    stock.sell([line])
                elif line and verb == "again":
                    stock.sell_direct([line])
                elif line and verb == "restock" and amount > 0:
                    stock.restock(line, min(amount, line.quantity), number, SYSTEM)
        except AppError:
            pass
        assert counts(p) == explained(p)


def _race(work: list[object]) -> list[BaseException]:
    """Run all at once in threads with connections of their own."""
    gate = threading.Barrier(len(work))
    errors: list[BaseException] = []

    def run(step: object) -> None:
        try:
            gate.wait()
            with transaction.atomic():
                step()  # type: ignore[operator]
        except BaseException as error:
            errors.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=(step,)) for step in work]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return errors


@pytest.mark.django_db(transaction=True)
def test_parallel_changes_lose_nothing() -> None:
    if vendor() != "postgresql":
        pytest.skip("SQLite's in-memory test database has one writer")
    p, q = pool(0), pool(50)
    lines = [hold(q, 1) for _ in range(8)]
    work: list[object] = [lambda: stock.adjust(p, 10, BOSS) for _ in range(10)]
    work += [lambda line=line: stock.release([line]) for line in lines for _ in range(2)]
    assert _race(work) == []
    assert counts(p) == (100, 100, 0, 0) == explained(p)
    assert counts(q) == (50, 50, 0, 0) == explained(q)


@pytest.mark.django_db(transaction=True)
def test_without_the_lock_units_are_given_back_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    """The negative control: the guard is what keeps `release` from running twice on PostgreSQL."""
    if vendor() != "postgresql":
        pytest.skip("on SQLite the transaction itself is the lock")
    q = pool(50)
    line = hold(q, 5)
    gate = threading.Barrier(2)

    def unlocked(ids: object) -> dict[int, StockPool]:
        return {p.id: p for p in StockPool.objects.filter(id__in=ids)}

    real = stock._history

    def slow(lines: object) -> object:
        seen = real(lines)  # type: ignore[arg-type]
        gate.wait(5)
        return seen

    monkeypatch.setattr(stock, "lock_pools", unlocked)
    monkeypatch.setattr(stock, "_history", slow)
    errors = _race([lambda: stock.release([line]), lambda: stock.release([line])])
    # Both passed the check; only the database's constraints stopped the second.
    assert [type(e) for e in errors] == [IntegrityError]
