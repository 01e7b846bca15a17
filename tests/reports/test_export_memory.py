"""A sheet is streamed: the last portion of orders takes no more memory than the first, whatever columns are chosen."""

from __future__ import annotations

import gc
import tracemalloc
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from fulfilment.tradeworld import Shop, make_shop
from yantuan.kernel.clock import now
from yantuan.kernel.ids import new_id
from yantuan.kernel.sheets import writing
from yantuan.orders.models import Order, OrderLine
from yantuan.reports import sheets
from yantuan.reports.columns import COLUMNS, View
from yantuan.reports.sheets import Written

pytestmark = pytest.mark.django_db
ORDERS, PORTION = 240, 20


@pytest.fixture
def shop(monkeypatch: pytest.MonkeyPatch) -> Shop:
    """A store with many orders of two lines, made from one, written in small portions."""
    monkeypatch.setattr(sheets, "PORTION", PORTION)
    shop = make_shop(offers=2)
    trade = shop.order(2, 1)
    order, lines = Order.objects.values().get(id=trade.id), list(OrderLine.objects.order_by("id").values())
    copies = [Order(**order | {"id": new_id(), "idempotency_key": f"copy-{n}"}) for n in range(ORDERS - 1)]
    Order.objects.bulk_create(copies)
    OrderLine.objects.bulk_create(
        OrderLine(**line | {"id": new_id(), "order_id": copy.id}) for copy in copies for line in lines
    )
    return shop


def grown(path: Path, view: View) -> float:
    """How many times the memory of the first two portions the last two take; all columns."""
    peaks: list[int] = []

    def told(_: Written) -> None:
        peaks.append(tracemalloc.get_traced_memory()[1])
        gc.collect()
        tracemalloc.reset_peak()

    def write(sink: Any) -> Written:
        return sheets.write_orders(path, Order.objects.all(), now(), sink, list(COLUMNS.values()), view)

    # What is loaded with the first sheet of a process is not what a sheet takes.
    write(lambda _: None)
    tracemalloc.start()
    try:
        written = write(told)
    finally:
        tracemalloc.stop()
    rows = openpyxl.load_workbook(path, read_only=True).active.max_row  # type: ignore[union-attr]
    assert (written.orders, written.rows, rows) == (ORDERS, rows - 1, ORDERS * (2 - (view == "orders")) + 1)
    return max(peaks[-2:]) / max(peaks[:2])


@pytest.mark.parametrize("view", ["lines", "orders"])
def test_memory_does_not_follow_the_number_of_orders(shop: Shop, tmp_path: Path, view: View) -> None:
    assert grown(tmp_path / "a.xlsx", view) < 1.3


def test_control_a_writer_that_keeps_its_rows_takes_more_and_more(
    shop: Shop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(writing._OPTIONS, "constant_memory", False)
    assert grown(tmp_path / "a.xlsx", "lines") > 2
