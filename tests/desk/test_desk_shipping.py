"""Shipping from the desk: typed numbers and sheets go through the same judging, agreeing, booking and undoing as on the phone."""

from __future__ import annotations

import re
from typing import Any

import pytest
from desk_world import DeskWorld, browser, helper
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

import factories as make
from yantuan.desk.ship_views import as_csv
from yantuan.fulfilment.imports import actions, booking, undoing
from yantuan.fulfilment.imports.models import ShipImport, ShipImportRow
from yantuan.fulfilment.models import Shipment
from yantuan.orders.models import Order
from yantuan.staff.models import StaffAct

pytestmark = pytest.mark.django_db


def typed(client: Client, world: DeskWorld, *pairs: tuple[str, str], carrier: str = "YTO") -> Any:
    """Numbers beside orders, as the page sends them; the worker reads at once."""
    orders = [str(world.orders[name].id) for name, _ in pairs]
    form = {"order": orders, "number": [number for _, number in pairs], "carrier": carrier}
    answer = client.post(f"{world.path}/ship-imports", form)
    for batch in ShipImport.objects.filter(state="reading"):
        actions.read(batch.id)
    return answer


def sheet(world: DeskWorld) -> ShipImport:
    return ShipImport.objects.latest("id")


def parcels(world: DeskWorld, name: str) -> list[str]:
    rows = Shipment.objects.filter(order=world.orders[name], withdrawn_at=None)
    return list(rows.values_list("tracking_no", flat=True))


def test_typed_numbers_are_looked_at_then_booked_then_taken_back(world: DeskWorld) -> None:
    leader = browser(world.leader)
    page = leader.get(f"{world.path}/shipping").content.decode()
    assert re.findall(r'name="order" value="(\d+)"', page) == [str(world.orders["paid"].id)]
    answer = typed(leader, world, ("paid", "YT7000000000001"), ("shipped", ""))
    batch = sheet(world)
    assert answer["Location"] == f"{world.path}/shipping/{batch.id}"
    preview = leader.get(answer["Location"]).content.decode()
    assert "待确认" in preview and preview.count('data-testid="sheet-row"') == 1
    assert parcels(world, "paid") == []
    assert leader.post(f"{world.path}/shipping/{batch.id}/confirm").status_code == 302
    booking.book(batch.id)
    assert parcels(world, "paid") == ["YT7000000000001"]
    assert Order.objects.get(id=world.orders["paid"].id).delivery == "shipped"
    booked = leader.get(answer["Location"]).content.decode()
    assert "sheet-undo" in booked
    assert leader.post(f"{world.path}/shipping/{batch.id}/undo").status_code == 302
    undoing.take_back(batch.id)
    assert parcels(world, "paid") == []
    assert Order.objects.get(id=world.orders["paid"].id).delivery == "none"


def test_every_mistake_is_shown_and_none_is_booked(world: DeskWorld) -> None:
    leader = browser(world.leader)
    typed(leader, world, ("paid", "12"), ("to_pick", "YT7000000000002"), ("unpaid", "YT7000000000003"))
    batch = sheet(world)
    page = leader.get(f"{world.path}/shipping/{batch.id}?severity=error").content.decode()
    for words in ("运单号只能是 5 到 40 位", "这是自提订单", "订单还没有付款"):
        assert words in page
    refused = leader.post(f"{world.path}/shipping/{batch.id}/confirm")
    assert refused.status_code == 409 and "没有可以发货的行" in refused.content.decode()
    assert parcels(world, "paid") == [] and parcels(world, "to_pick") == []
    assert leader.post(f"{world.path}/shipping/{batch.id}/discard").status_code == 302
    assert (sheet(world).state, ShipImportRow.objects.count()) == ("discarded", 0)


def test_doubts_are_booked_only_when_agreed_to(world: DeskWorld) -> None:
    leader = browser(world.leader)
    typed(leader, world, ("paid", "YT7000000000001"), carrier="")
    batch = sheet(world)
    path = f"{world.path}/shipping/{batch.id}"
    assert "没写快递公司，按单号认的" in leader.get(path).content.decode()
    assert leader.post(f"{path}/confirm").status_code == 409
    assert leader.post(f"{path}/confirm", {"accept": ["nonsense"]}).status_code == 422
    assert leader.post(f"{path}/confirm", {"accept": ["carrier_guessed"]}).status_code == 302
    booking.book(batch.id)
    assert parcels(world, "paid") == ["YT7000000000001"]


def test_a_couriers_sheet_is_uploaded(world: DeskWorld) -> None:
    order = world.orders["paid"]
    data = f"商家订单号,快递公司,快递单号,收件人\n{order.id},圆通,YT7000000000009,{order.recipient_name}\n".encode(
        "gbk"
    )
    file = SimpleUploadedFile("圆通导出.csv", data, "text/csv")
    answer = browser(world.leader).post(f"{world.path}/ship-imports", {"file": file})
    actions.read(sheet(world).id)
    page = browser(world.leader).get(answer["Location"]).content.decode()
    assert "圆通导出.csv" in page and "可以发货 · " not in page
    assert re.search(r'<b class="num">1</b> 可以发货', page)
    refused = SimpleUploadedFile("a.xls", b"\xd0\xcf\x11\xe0" + b"\0" * 64, "application/vnd.ms-excel")
    answer = browser(world.leader).post(f"{world.path}/ship-imports", {"file": refused})
    actions.read(sheet(world).id)
    assert "另存为" in browser(world.leader).get(answer["Location"]).content.decode()


def test_nothing_typed_is_said_so(world: DeskWorld) -> None:
    answer = typed(browser(world.leader), world, ("paid", " "))
    assert answer.status_code == 422 and "先填运单号" in answer.content.decode()
    assert not ShipImport.objects.exists()


def test_a_number_cant_bring_a_second_cell() -> None:
    assert as_csv([("1", 'YT1,"x\n2')]).decode() == '订单号,运单号\r\n1,"YT1,""x\n2"\r\n'


def test_helpers_ship_with_their_right_and_on_record(world: DeskWorld) -> None:
    person = helper(world, "shipping")
    client = browser(person)
    typed(client, world, ("paid", "YT7000000000001"))
    batch = sheet(world)
    assert client.post(f"{world.path}/shipping/{batch.id}/confirm").status_code == 302
    acts = StaffAct.objects.filter(person=person).order_by("id").values_list("operation", "outcome")
    assert list(acts) == [("send_ship_import", "done"), ("confirm_ship_import", "done")]
    other = browser(helper(world, "orders"))
    assert typed(other, world, ("paid", "YT7000000000002")).status_code == 404
    second = make.store(world.leader, name="第二家店")
    assert browser(world.leader).get(f"/desk/{second.id}/shipping/{batch.id}").status_code == 404
