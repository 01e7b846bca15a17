"""Two at one sheet, two sheets for the same orders, one number for two people: no parcel is there twice (SHP-01 to SHP-05)."""

from __future__ import annotations

import json

from django.db import connection, transaction

from fulfilment.sheetworld import HEAD, line, live, number, people, sent, upload, xlsx
from fulfilment.tradeworld import Shop, Trade, caller, make_shop
from races.conftest import Pace
from races.racing import LOCK, SEEN, crowd, meeting, together, unconstrained, without
from yantuan.fulfilment.imports import actions, booking, undoing
from yantuan.fulfilment.models import ShipImport, ShipImportRow, Shipment
from yantuan.fulfilment.sending import Parcel, send
from yantuan.kernel.actors import Actor
from yantuan.kernel.errors import AppError
from yantuan.orders.models import OrderEvent

WRITES_PARCELS = 'INSERT INTO "fulfilment_shipment"'


def _confirmed(shop: Shop, *sheets: list[tuple[object, ...]]) -> list[int]:
    """Sheets that only wait for their worker."""
    read = [int(sent(shop, xlsx(HEAD, *sheet))["id"]) for sheet in sheets]
    for batch in read:
        actions.confirm(shop.boss.who, batch, [])
    return read


def _rows(trades: list[Trade], first: int = 0) -> list[tuple[object, ...]]:
    return [line(trade, number(first + n)) for n, trade in enumerate(trades)]


def _fine(done: list[object]) -> None:
    assert [one for one in done if isinstance(one, Exception)] == []


def _parcels(trades: list[Trade]) -> list[int]:
    return [len(live(trade.id)) for trade in trades]


def test_two_workers_at_one_sheet(pace: Pace) -> None:
    """SHP-01: a lease ran out while the first was still at it."""
    shop = make_shop(stock_units=300)
    with crowd(2):
        for _ in range(pace.size(2, 30, 1)):
            trades = people(shop, pace.size(12, 130, 3))
            batch = _confirmed(shop, _rows(trades))[0]
            _fine(together([lambda b=batch: booking.book(b)] * 2))  # type: ignore[misc]
            assert set(_parcels(trades)) == {1}
            assert set(ShipImportRow.objects.filter(batch_id=batch).values_list("result", flat=True)) == {
                "booked"
            }
            assert OrderEvent.objects.filter(
                order_id__in=[t.id for t in trades], event="ship_all"
            ).count() == len(trades)


def test_two_sheets_for_the_same_orders(pace: Pace) -> None:
    """SHP-02: two of the staff, each with a sheet of their own; every order has one parcel, and each row says what became of it."""
    shop = make_shop(stock_units=300)
    with crowd(2):
        for _ in range(pace.size(2, 30, 1)):
            trades = people(shop, pace.size(12, 130, 3))
            one, other = _confirmed(shop, _rows(trades), _rows(list(reversed(trades)), 500))
            _fine(together([lambda: booking.book(one), lambda: booking.book(other)]))  # noqa: B023
            assert set(_parcels(trades)) == {1}
            results = ShipImportRow.objects.filter(batch_id__in=[one, other])
            assert results.filter(result="booked").count() == len(trades)
            assert results.filter(result="refused", refusal="already_shipped").count() == len(trades)
            # Each of the two numbers would have been used once more by the next round.
            Shipment.objects.update(tracking_no="OLD")


def test_control_without_guards_orders_are_shipped_twice(pace: Pace) -> None:
    """SHP-02: without row locks and the look at the version both sheets send everything."""
    shop = make_shop(stock_units=300)
    trades = people(shop, 3)
    one, other = _confirmed(shop, _rows(trades), _rows(trades, 500))
    with unconstrained("orders_orderline", "line_counts_within_quantity"), without(LOCK, SEEN):
        with meeting(WRITES_PARCELS, 2):
            together([lambda: booking.book(one), lambda: booking.book(other)])
        assert _parcels(trades) == [2, 2, 2]
        with connection.cursor() as cursor:
            cursor.execute("TRUNCATE fulfilment_shipment CASCADE")


def _number_for(shop: Shop, trade: Trade, tracking: str) -> str:
    parcel = Parcel(trade.id, "YTO", "圆通速递", tracking)
    with transaction.atomic():
        answer = send(shop.world.store.id, [parcel], Actor("leader", shop.boss.who.id))[0]
    return answer.code if isinstance(answer, AppError) else "sent"


def test_one_number_for_two_people(pace: Pace) -> None:
    """SHP-03: entered in the same moment, it belongs to the first."""
    shop = make_shop(stock_units=300)
    with crowd(2):
        for place in range(pace.size(4, 60, 1)):
            first, second = people(shop, 2)
            work = [lambda t=trade, n=place: _number_for(shop, t, number(n)) for trade in (first, second)]  # type: ignore[misc]
            assert sorted(map(str, together(work))) == ["sent", "tracking_no_used"]


def test_control_without_the_lock_one_number_goes_to_two(pace: Pace) -> None:
    """SHP-03: without the lock neither sees the other."""
    shop = make_shop(stock_units=300)
    first, second = people(shop, 2)
    with without(LOCK), meeting(WRITES_PARCELS, 2):
        done = together(
            [lambda: _number_for(shop, first, number(1)), lambda: _number_for(shop, second, number(1))]
        )
    assert done == ["sent", "sent"]


def test_the_same_file_from_two_hands(pace: Pace) -> None:
    """SHP-04: one batch, and both are answered with it."""
    shop = make_shop(stock_units=300)
    with crowd(2):
        for place in range(pace.size(3, 60, 1)):
            trade = people(shop, 1)[0]
            data = xlsx(HEAD, line(trade, number(place)))
            hands = [shop.boss, caller(shop.boss.who)]
            answers = together([lambda who=who: upload(who, shop.world.store.id, data) for who in hands])  # type: ignore[misc] # noqa: B023
            assert len({json.loads(one.content)["id"] for one in answers}) == 1  # type: ignore[union-attr]
    assert ShipImport.objects.count() == pace.size(3, 60, 1)


def test_booking_beside_taking_back(pace: Pace) -> None:
    """SHP-05: a sheet taken back while a second worker thinks it is still being booked: nothing is left, nothing is sent again."""
    shop = make_shop(stock_units=300)
    trades = people(shop, pace.size(6, 60, 2))
    batch = _confirmed(shop, _rows(trades))[0]
    booking.book(batch)
    undoing.undo(shop.boss.who, batch)
    with crowd(3):
        _fine(
            together(
                [
                    lambda: undoing.take_back(batch),
                    lambda: undoing.take_back(batch),
                    lambda: booking.book(batch),
                ]
            )
        )
    assert (set(_parcels(trades)), {t.row.delivery for t in trades}) == ({0}, {"none"})
    assert set(ShipImportRow.objects.filter(batch_id=batch).values_list("result", flat=True)) == {"undone"}
