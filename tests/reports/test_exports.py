"""Order exports: what is in the sheet, who may have it, and how long."""

from __future__ import annotations

import zipfile
from datetime import timedelta
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from django.db import transaction

from reports.trade import Trade, full_trade, open_trade
from stores.shop_kit import caller, leader, person
from yantuan.kernel import outbox
from yantuan.kernel.actors import Actor
from yantuan.kernel.clock import frozen, now
from yantuan.kernel.errors import Conflict, Invalid
from yantuan.kernel.models import AuditEntry, OutboxEvent
from yantuan.orders.models import AddressRecord, Order, OrderLine
from yantuan.reports import exports
from yantuan.reports.models import OrderExport
from yantuan.stores.models import Store

pytestmark = [pytest.mark.django_db, pytest.mark.urls("stores.shop_urls")]


@pytest.fixture(autouse=True)
def _folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exports, "data_folder", lambda: tmp_path)


def store_of(trade: Trade) -> Store:
    return Store.objects.get(id=int(trade.shop.store["id"]))


def asked(trade: Trade, **wish: Any) -> OrderExport:
    return exports.request(trade.boss, store_of(trade), **{"group_buy_id": None, "tab": "all"} | wish)


def written(export: OrderExport) -> OrderExport:
    exports.write(export.id)
    export.refresh_from_db()
    return export


def rows_of(export: OrderExport) -> list[dict[str, Any]]:
    sheet = openpyxl.load_workbook(exports.file_of(export)).active
    head, *rows = sheet.iter_rows(values_only=True)
    return [dict(zip(head, row, strict=True)) for row in rows]


def test_the_sheet_holds_every_line_of_every_order() -> None:
    trade = full_trade()
    export = written(asked(trade))
    assert export.state == "done"
    rows = rows_of(export)
    lines = OrderLine.objects.filter(store_id=export.store_id)
    assert sorted((row["订单编号"], row["商品"], row["规格"] or "", row["数量"]) for row in rows) == sorted(
        (str(line.order_id), line.title, line.sku_name, line.quantity) for line in lines
    )
    assert export.orders_done == export.orders_total == Order.objects.filter(store_id=export.store_id).count()
    for row in rows:
        order = Order.objects.get(id=int(row["订单编号"]))
        assert round(row["订单金额（元）"] * 100) == order.total_fen
        assert round(row["已付（元）"] * 100) == order.paid_fen


def test_only_paid_open_orders_show_the_recipient() -> None:
    trade = open_trade()
    trade.place("paid", (0, 1))
    trade.pay("paid")
    trade.place("unpaid", (0, 1))
    export = written(asked(trade))
    shown = {int(row["订单编号"]): row for row in rows_of(export)}
    assert shown[trade.orders["paid"]]["手机号"] == "13812341234"
    assert shown[trade.orders["paid"]]["收货人"] == "王五"
    assert "文三路1号" in shown[trade.orders["paid"]]["地址或自提点"]
    hidden = shown[trade.orders["unpaid"]]
    assert hidden["手机号"] == "138****1234" and hidden["收货人"] != "王五"
    assert "文三路" not in hidden["地址或自提点"]
    assert export.full_phones == 1
    done = AuditEntry.objects.get(action="export.written")
    assert (done.target_id, done.data["full_phones"], done.data["orders"]) == (export.id, 1, 2)
    # Whoever packs by this sheet is told when the address changes later; the other order's was never in it.
    on_paper = AddressRecord.objects.values_list("order_id", "printed_changes", "printed_kind")
    assert list(on_paper) == [(trade.orders["paid"], 0, "export")]


@pytest.mark.parametrize(
    "text", ["=1+1", "+8613800000000", "-2", "@cmd", "http://a.example", "007", "=HYPERLINK(1)"]
)
def test_texts_stay_texts(text: str) -> None:
    trade = open_trade()
    trade.place("one", (0, 1))
    Order.objects.filter(id=trade.orders["one"]).update(remark=text)
    export = written(asked(trade))
    sheet = openpyxl.load_workbook(exports.file_of(export)).active
    column = [cell.value for cell in sheet[1]].index("团员备注") + 1
    cell = sheet.cell(2, column)
    assert (cell.value, cell.data_type) == (text, "s")
    assert cell.quotePrefix == text.startswith(("=", "+", "-", "@"))
    phone = sheet.cell(2, [cell.value for cell in sheet[1]].index("手机号") + 1)
    assert phone.data_type == "s"
    with zipfile.ZipFile(exports.file_of(export)) as book:
        assert b"<f>" not in book.read("xl/worksheets/sheet1.xml")
        assert not [name for name in book.namelist() if "_rels/sheet" in name]


def test_a_sale_and_a_tab_narrow_it() -> None:
    trade = open_trade()
    trade.place("paid", (0, 1))
    trade.pay("paid")
    trade.place("unpaid", (0, 1))
    export = written(asked(trade, tab="to_ship", group_buy_id=int(trade.sale["id"])))
    assert [int(row["订单编号"]) for row in rows_of(export)] == [trade.orders["paid"]]
    with pytest.raises(Conflict) as refused:
        asked(trade, group_buy_id=1)
    assert refused.value.code == "export_empty"
    with pytest.raises(Invalid):
        asked(trade, tab="nonsense")
    assert OrderExport.objects.count() == 1


def test_one_at_a_time() -> None:
    trade = open_trade()
    trade.place("one", (0, 1))
    first = asked(trade)
    with pytest.raises(Conflict) as refused:
        asked(trade)
    assert refused.value.code == "export_active"
    assert [row.id for row in OrderExport.objects.all()] == [first.id]
    assert OutboxEvent.objects.filter(topic="export.queued").count() == 1
    written(first)
    asked(trade)
    assert OrderExport.objects.count() == 2


def test_too_many_orders_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    trade = open_trade()
    trade.place("one", (0, 1))
    monkeypatch.setattr(exports, "MAX_ORDERS", 0)
    with pytest.raises(Conflict) as refused:
        asked(trade)
    assert refused.value.code == "export_too_large"
    assert not OrderExport.objects.exists()


def test_one_that_needs_approval_waits_for_it() -> None:
    trade = open_trade()
    trade.place("one", (0, 1))
    export = asked(trade, approval=True)
    assert export.state == "waiting_approval"
    assert not OutboxEvent.objects.filter(topic="export.queued").exists()
    exports.write(export.id)
    export.refresh_from_db()
    assert export.state == "waiting_approval"
    exports.start(export.id, Actor("operator", 7))
    assert AuditEntry.objects.get(action="export.approve").actor_id == 7
    assert written(export).state == "done"
    for again in (exports.start, exports.reject):
        with pytest.raises(Conflict) as refused:
            again(export.id, Actor("operator", 7))
        assert refused.value.code == "export_not_waiting"


def test_a_rejected_one_is_never_written() -> None:
    trade = open_trade()
    trade.place("one", (0, 1))
    export = asked(trade, approval=True)
    exports.reject(export.id, Actor("operator", 7), "太多")
    assert written(export).state == "rejected"
    assert AuditEntry.objects.get(action="export.reject").reason == "太多"
    asked(trade)


def test_the_worker_writes_it_and_the_leader_downloads_it() -> None:
    trade = full_trade()
    boss = trade.shop.boss
    answer = boss.call("POST", f"{trade.shop.path}/exports", {"tab": "all"})
    assert answer.status_code == 201
    export = OrderExport.objects.get()
    assert boss.refused("GET", f"/leader/exports/{export.id}/file") == (409, "export_not_ready")
    assert outbox.drain() >= 1
    shown = boss.ok("GET", f"/leader/exports/{export.id}")
    assert (shown["state"], shown["orders_done"]) == ("done", export.orders_total)
    assert boss.ok("GET", f"{trade.shop.path}/exports") == [shown]
    file = boss.call("GET", f"/leader/exports/{export.id}/file")
    content = b"".join(file.streaming_content)  # type: ignore[attr-defined]
    export.refresh_from_db()
    assert content == exports.file_of(export).read_bytes() and len(content) == export.size
    assert file["Cache-Control"] == "private, no-store" and "attachment" in file["Content-Disposition"]
    assert AuditEntry.objects.get(action="export.download").data["orders"] == export.orders_done
    assert exports.file_of(export).stat().st_mode & 0o077 == 0


def test_other_people_see_nothing() -> None:
    trade = open_trade()
    trade.place("one", (0, 1))
    export = written(asked(trade))
    for stranger in (caller(person()), caller(leader().person)):
        for path in (
            f"/leader/exports/{export.id}",
            f"/leader/exports/{export.id}/file",
            f"/leader/stores/{export.store_id}/exports",
        ):
            assert stranger.refused("GET", path) == (404, "not_found")
        assert stranger.refused("POST", f"/leader/stores/{export.store_id}/exports", {})[0] == 404
    assert (
        OrderExport.objects.count() == 1 and not AuditEntry.objects.filter(action="export.download").exists()
    )


def test_after_a_day_the_file_is_gone() -> None:
    trade = open_trade()
    trade.place("one", (0, 1))
    export = written(asked(trade))
    file = exports.file_of(export)
    with frozen(now() + exports.KEEP - timedelta(minutes=1)):
        assert exports.expire() == 0 and file.exists()
    with frozen(now() + exports.KEEP):
        assert exports.expire() == 1
    assert not file.exists()
    export.refresh_from_db()
    assert export.state == "expired"
    assert trade.shop.boss.refused("GET", f"/leader/exports/{export.id}/file") == (409, "export_not_ready")


def test_what_broken_writers_leave_is_swept(tmp_path: Path) -> None:
    (tmp_path / "exports").mkdir()
    for name in ("left.part", "left.xlsx"):
        (tmp_path / "exports" / name).write_text("x")
    exports.expire()
    assert list((tmp_path / "exports").iterdir()) == []


def test_a_failure_is_told_and_leaves_no_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise OSError("disk full")

    trade = open_trade()
    trade.place("one", (0, 1))
    export = asked(trade)
    monkeypatch.setattr(exports, "write_orders", broken)
    assert written(export).state == "failed" and export.error
    assert list((tmp_path / "exports").iterdir()) == []
    asked(trade)


def test_only_a_silent_writer_is_replaced() -> None:
    trade = open_trade()
    trade.place("one", (0, 1))
    export = asked(trade)
    with transaction.atomic():
        OrderExport.objects.filter(id=export.id).update(state="running", file_key="first", seen_at=now())
    with pytest.raises(outbox.Later):
        exports.write(export.id)
    with frozen(now() + exports.SILENT + timedelta(seconds=1)):
        exports.write(export.id)
    export.refresh_from_db()
    assert export.state == "done" and export.file_key != "first"
    exports.write(export.id)
    assert AuditEntry.objects.filter(action="export.written").count() == 1
