"""Writes one decided batch: one guarded stock update, bulk inserts, outbox rows. Runs inside one short transaction."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence

from django.db import IntegrityError, connection

from yantuan.orders import hooks
from yantuan.orders.book_postgres import POSTGRES
from yantuan.orders.book_sqlite import SQLITE
from yantuan.orders.decide import decide
from yantuan.orders.dialect import Dialect, Statement
from yantuan.orders.drafts import Booking, Decision, Draft, Join
from yantuan.orders.hooks import PlacingHook
from yantuan.orders.rows import (
    EVENT,
    LINE,
    MOVEMENT,
    ORDER,
    OUTBOX,
    PARTICIPATION,
    event_rows,
    join_row,
    line_rows,
    move_rows,
    order_row,
    outbox_rows,
)
from yantuan.orders.snapshot import read_snapshot

_TAKE = """
WITH v(id, held, sold) AS ({rows})
UPDATE catalog_stockpool SET available = available - v.held - v.sold, held = catalog_stockpool.held + v.held,
       sold = catalog_stockpool.sold + v.sold
FROM v WHERE catalog_stockpool.id = v.id AND catalog_stockpool.available >= v.held + v.sold
RETURNING catalog_stockpool.id
"""

_COUNT = """
WITH v(group_buy_id, fresh, placed) AS ({rows})
INSERT INTO groupbuys_groupcounter (group_buy_id, last_number, orders)
SELECT group_buy_id, fresh, placed FROM v WHERE true
ON CONFLICT (group_buy_id) DO UPDATE SET last_number = groupbuys_groupcounter.last_number + excluded.last_number,
       orders = groupbuys_groupcounter.orders + excluded.orders
"""

_LIMIT = """
WITH v(offer_id, person_id, quantity) AS ({rows})
INSERT INTO orders_limituse (offer_id, person_id, quantity)
SELECT offer_id, person_id, quantity FROM v WHERE true
ON CONFLICT (offer_id, person_id) DO UPDATE SET quantity = orders_limituse.quantity + excluded.quantity
"""

_THREE = ("bigint", "bigint", "bigint")


def dialect() -> Dialect:
    """The dialect of the configured database."""
    return POSTGRES if connection.vendor == "postgresql" else SQLITE


def book(drafts: Sequence[Draft]) -> list[Decision]:
    """Decide and write one batch in the open transaction. Raises DatabaseError when a row can't be written."""
    engine = dialect()
    decisions = decide(drafts, read_snapshot(engine, drafts))
    bookings = [one for one in decisions if isinstance(one, Booking)]
    if bookings:
        _write(engine, bookings)
    return decisions


def _write(engine: Dialect, bookings: Sequence[Booking]) -> None:
    take, pools = _take_stock(engine, bookings)
    tables = [
        (PARTICIPATION, [join_row(join, engine) for join in _new_joins(bookings)]),
        (ORDER, [order_row(b, engine) for b in bookings]),
        (LINE, [row for b in bookings for row in line_rows(b)]),
        (EVENT, [row for b in bookings for row in event_rows(b, engine)]),
        (MOVEMENT, [row for b in bookings for row in move_rows(b, engine)]),
        (OUTBOX, [row for b in bookings for row in outbox_rows(b, engine)]),
    ]
    inserts = [statement for table, rows in tables if rows for statement in engine.insert(table, rows)]
    more = [statement for hook in hooks.registered() for statement in _more(hook, engine, bookings)]
    taken = engine.run([take, _count(engine, bookings), *inserts, _use_limits(engine, bookings), *more])[0]
    if len(taken) != pools:
        raise IntegrityError("a stock pool had less than was decided")


def _more(hook: PlacingHook, engine: Dialect, bookings: Sequence[Booking]) -> Sequence[Statement]:
    """What an option writes beside the orders it concerns."""
    mine = [b for b in bookings if hook.concerns(b.draft, b.group)]
    return hook.write(engine, mine) if mine else ()


def _take_stock(engine: Dialect, bookings: Sequence[Booking]) -> tuple[Statement, int]:
    """Held for orders to be paid, sold at once for those of nothing; the guard is the last defence against overselling.

    Answers the statement and how many pools it must name.
    """
    units: dict[int, list[int]] = defaultdict(lambda: [0, 0])
    for booking in bookings:
        for line in booking.lines:
            units[line.offer.pool_id][1 if booking.zero else 0] += line.quantity
        for one in booking.reserved:
            units[one.pool_id][0] -= one.quantity
    rows, values = engine.table(_THREE, [(pool_id, *both) for pool_id, both in sorted(units.items())])
    return Statement(_TAKE.format(rows=rows), values), len(units)


def _count(engine: Dialect, bookings: Sequence[Booking]) -> Statement:
    """Count the orders and the numbers given to new participants; the snapshot holds the counter's lock."""
    counts: dict[int, int] = defaultdict(int)
    for booking in bookings:
        counts[booking.group.id] += 1
    fresh: dict[int, int] = defaultdict(int)
    for join in _new_joins(bookings):
        fresh[join.group_buy_id] += 1
    rows, values = engine.table(_THREE, [(one, fresh[one], counts[one]) for one in sorted(counts)])
    return Statement(_COUNT.format(rows=rows), values)


def _new_joins(bookings: Iterable[Booking]) -> list[Join]:
    return list({b.join.id: b.join for b in bookings if b.join.fresh}.values())


def _use_limits(engine: Dialect, bookings: Sequence[Booking]) -> Statement:
    used: dict[tuple[int, int], int] = defaultdict(int)
    for booking in bookings:
        for line in booking.lines:
            used[line.offer.id, booking.draft.person_id] += line.quantity
    rows, values = engine.table(_THREE, [(*pair, units) for pair, units in sorted(used.items())])
    return Statement(_LIMIT.format(rows=rows), values)
