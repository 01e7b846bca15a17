"""Every change of a stock pool, but the hold taken when orders are booked (`orders.book`).

Pools change by deltas under their row lock, taken in id order, inside the caller's transaction. Each change that belongs
to an order line leaves a `StockMovement` that can exist once, so a repeated call changes nothing. The movements explain
the counters exactly:

    available = Σ adjust − Σ hold + Σ release + Σ restock
    held      = Σ hold − Σ release − Σ sell
    sold      = Σ sell − Σ restock

so whoever sells without a hold (a zero order, money that came after the hold was released) writes a hold and a sell.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Final, Protocol

from django.db import connection
from django.db.models import F, Sum

from yantuan.catalog.models import StockMovement, StockPool
from yantuan.kernel.actors import SYSTEM, Actor
from yantuan.kernel.clock import now
from yantuan.kernel.errors import Conflict, NotFound

Kind = StockMovement.Kind

MAX_STOCK: Final = 99_999_999
SECOND_HOLD: Final = 1
"""`cause_id` of the hold taken anew for money that came after the first hold was released."""


class LineLike(Protocol):
    """What stock needs of an order line."""

    @property
    def id(self) -> int: ...
    @property
    def store_id(self) -> int: ...
    @property
    def pool_id(self) -> int: ...
    @property
    def quantity(self) -> int: ...


def create_pool(store_id: int, first: int, actor: Actor) -> int:
    """Make a pool with `first` available units and answer its id."""
    _require_transaction()
    pool = StockPool.objects.create(store_id=store_id, total=first, available=first)
    if first:
        _move(pool, Kind.ADJUST, first, actor).save(force_insert=True)
    return pool.id


def drop_pool(pool_id: int) -> None:
    """Forget a pool nobody ever ordered from, with its movements: an offer of a draft was taken out again.

    Raises Conflict `stock_in_use` otherwise.
    """
    lock_pools([pool_id])
    if StockMovement.objects.filter(pool_id=pool_id).exclude(kind=Kind.ADJUST).exists():
        raise Conflict("stock_in_use", "这份库存已经有订单使用", "Orders have drawn from this stock.")
    StockMovement.objects.filter(pool_id=pool_id).delete()
    StockPool.objects.filter(id=pool_id).delete()


def adjust(pool_id: int, delta: int, actor: Actor) -> StockPool:
    """Add or take available units; held and sold ones stay as they are.

    Raises Conflict `stock_too_low` when fewer than −delta units are free, `stock_too_high` above 99,999,999.
    """
    pool = lock_pools([pool_id])[pool_id]
    after = pool.available + delta
    if after < 0:
        raise Conflict(
            "stock_too_low",
            f"可售库存只有 {pool.available} 件，不能再减这么多（已被下单的不受影响）",
            "Fewer units are free than you want to take.",
            available=pool.available,
            held=pool.held,
        )
    if pool.total + delta > MAX_STOCK:
        raise Conflict("stock_too_high", "库存最多 99,999,999 件", "Stock is limited to 99,999,999 units.")
    if delta:
        _shift(pool.id, total=delta, available=delta)
        _move(pool, Kind.ADJUST, delta, actor).save(force_insert=True)
        pool.refresh_from_db()
    return pool


def hold(line: LineLike, actor: Actor = SYSTEM) -> bool:
    """Hold free units for something that is no order yet, such as an offered place in a waiting list; False if too few.

    `release` gives them back; an order that takes them over writes its own hold (`orders.book`). Once per `line.id`.
    """
    pool = lock_pools([line.pool_id])[line.pool_id]
    if pool.available < line.quantity or Kind.HOLD in _history([line])[line.id]:
        return False
    _shift(pool.id, available=-line.quantity, held=line.quantity)
    _move(pool, Kind.HOLD, line.quantity, actor, line.id).save(force_insert=True)
    return True


def release(lines: Iterable[LineLike], actor: Actor = SYSTEM) -> None:
    """Give the held units of closed orders back. Lines that are not held any more are left alone."""
    chosen = list(lines)
    pools = lock_pools({line.pool_id for line in chosen})
    seen = _history(chosen)
    back: dict[int, int] = defaultdict(int)
    moves = []
    for line in chosen:
        kinds = seen[line.id]
        if Kind.HOLD in kinds and Kind.RELEASE not in kinds and Kind.SELL not in kinds:
            back[line.pool_id] += line.quantity
            moves.append(_move(pools[line.pool_id], Kind.RELEASE, line.quantity, actor, line.id))
    for pool_id, units in sorted(back.items()):
        _shift(pool_id, available=units, held=-units)
    StockMovement.objects.bulk_create(moves)


def sell(lines: Iterable[LineLike], actor: Actor = SYSTEM) -> None:
    """Turn held units into sold ones; sold lines are left alone. Raises Conflict `stock_not_held` for a released line."""
    chosen = list(lines)
    pools = lock_pools({line.pool_id for line in chosen})
    seen = _history(chosen)
    units_of: dict[int, int] = defaultdict(int)
    moves = []
    for line in chosen:
        kinds = seen[line.id]
        if Kind.SELL in kinds:
            continue
        if Kind.HOLD not in kinds or Kind.RELEASE in kinds:
            raise Conflict("stock_not_held", "这笔订单的库存已经释放", "The line's stock is no longer held.")
        units_of[line.pool_id] += line.quantity
        moves.append(_move(pools[line.pool_id], Kind.SELL, line.quantity, actor, line.id))
    for pool_id, units in sorted(units_of.items()):
        _shift(pool_id, held=-units, sold=units)
    StockMovement.objects.bulk_create(moves)


def sell_direct(lines: Iterable[LineLike], actor: Actor = SYSTEM) -> bool:
    """Sell units that are not held, for money that came after the hold was released: all lines, or none and False.

    Lines already sold count as done.
    """
    chosen = list(lines)
    pools = lock_pools({line.pool_id for line in chosen})
    seen = _history(chosen)
    waiting = [line for line in chosen if Kind.SELL not in seen[line.id]]
    units_of: dict[int, int] = defaultdict(int)
    for line in waiting:
        units_of[line.pool_id] += line.quantity
    if any(pools[pool_id].available < units for pool_id, units in units_of.items()):
        return False
    for pool_id, units in sorted(units_of.items()):
        _shift(pool_id, available=-units, sold=units)
    moves = []
    for line in waiting:
        pool = pools[line.pool_id]
        moves.append(_move(pool, Kind.HOLD, line.quantity, actor, line.id, SECOND_HOLD))
        moves.append(_move(pool, Kind.SELL, line.quantity, actor, line.id))
    StockMovement.objects.bulk_create(moves)
    return True


def restock(line: LineLike, quantity: int, cause_id: int, actor: Actor = SYSTEM) -> bool:
    """Put sold units of a refunded line back on sale; `cause_id` is the refund line. False if that was done before.

    Raises Conflict `restock_exceeds_sold` when more would come back than was sold.
    """
    pool = lock_pools([line.pool_id])[line.pool_id]
    rows = StockMovement.objects.filter(order_line_id=line.id)
    if quantity < 1 or rows.filter(kind=Kind.RESTOCK, cause_id=cause_id).exists():
        return False
    sold = rows.filter(kind=Kind.SELL).aggregate(n=Sum("quantity"))["n"] or 0
    before = rows.filter(kind=Kind.RESTOCK).aggregate(n=Sum("quantity"))["n"] or 0
    if before + quantity > sold:
        raise Conflict(
            "restock_exceeds_sold",
            "退回库存的数量超过了售出数量",
            "More units would be restocked than were sold.",
        )
    _shift(pool.id, available=quantity, sold=-quantity)
    _move(pool, Kind.RESTOCK, quantity, actor, line.id, cause_id).save(force_insert=True)
    return True


def _require_transaction() -> None:
    if not connection.in_atomic_block:
        raise RuntimeError("stock changes only inside a transaction")


def lock_pools(pool_ids: Iterable[int]) -> dict[int, StockPool]:
    """The pools by id, row-locked in id order until the open transaction ends. On SQLite the transaction itself is the lock."""
    _require_transaction()
    ids = set(pool_ids)
    pools = {
        p.id: p for p in StockPool.objects.select_for_update(no_key=True).filter(id__in=ids).order_by("id")
    }
    if len(pools) != len(ids):
        raise NotFound
    return pools


def _history(lines: Sequence[LineLike]) -> Mapping[int, set[str]]:
    """Kinds of movement each line has left behind; read after the lock."""
    seen: dict[int, set[str]] = defaultdict(set)
    rows = StockMovement.objects.filter(order_line_id__in=[line.id for line in lines])
    for line_id, kind in rows.values_list("order_line_id", "kind"):
        if line_id is not None:
            seen[line_id].add(kind)
    return seen


def _shift(pool_id: int, **deltas: int) -> None:
    StockPool.objects.filter(id=pool_id).update(**{name: F(name) + delta for name, delta in deltas.items()})


def _move(
    pool: StockPool, kind: str, quantity: int, actor: Actor, line_id: int | None = None, cause_id: int = 0
) -> StockMovement:
    return StockMovement(
        store_id=pool.store_id,
        pool_id=pool.id,
        kind=kind,
        quantity=quantity,
        order_line_id=line_id,
        cause_id=cause_id,
        actor_kind=actor.kind,
        actor_id=actor.id,
        created_at=now(),
    )
