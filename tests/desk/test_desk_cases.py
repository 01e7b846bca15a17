"""After-sales, sales and exports on the desk: the phone's verbs, rights and refusals."""

from __future__ import annotations

import re
from typing import Any

import pytest
from desk_world import DeskWorld, browser, helper

import factories as make
from yantuan.aftersales.models import AfterSale
from yantuan.payments.models import Refund
from yantuan.reports.models import OrderExport
from yantuan.staff.models import StaffAct

pytestmark = pytest.mark.django_db


@pytest.fixture
def case(world: DeskWorld) -> AfterSale:
    return make.aftersale(world.orders["paid"])


def decide(world: DeskWorld, case: AfterSale, what: str, person: Any = None, **form: str) -> Any:
    client = browser(person or world.leader)
    return client.post(f"{world.path}/aftersales/{case.id}/{what}", form, headers={"X-Desk-Piece": "1"})


def test_the_queue_and_one_case(world: DeskWorld, case: AfterSale) -> None:
    leader = browser(world.leader)
    page = leader.get(f"{world.path}/aftersales").content.decode()
    assert re.findall(r'data-row="(\d+)"', page) == [str(case.id)]
    part = leader.get(f"{world.path}/aftersales/{case.id}", headers={"X-Desk-Piece": "1"}).content.decode()
    assert "有一个坏了" in part and "case-agree" in part and "<html" not in part
    assert leader.get(f"{world.path}/aftersales?tab=x").status_code == 422


def test_agreeing_refunds_once(world: DeskWorld, case: AfterSale) -> None:
    assert decide(world, case, "agree").json()["outcomes"][0]["done"] is True
    case.refresh_from_db()
    assert case.state in ("agreed", "refunded")
    assert decide(world, case, "agree").status_code in (200, 409)
    assert Refund.objects.filter(order=world.orders["paid"]).count() == 1


def test_refusing_needs_a_reason(world: DeskWorld, case: AfterSale) -> None:
    assert decide(world, case, "refuse", text=" ").json()["code"] == "reason_needed"
    case.refresh_from_db()
    assert case.state == "requested"
    assert decide(world, case, "refuse", text="照片看不出问题").status_code == 200
    case.refresh_from_db()
    assert (case.state, case.answer) == ("refused", "照片看不出问题")
    assert not Refund.objects.exists()


def test_only_who_may(world: DeskWorld, case: AfterSale) -> None:
    assert decide(world, case, "agree", helper(world, "orders")).status_code == 404
    assert decide(world, case, "agree", make.leader("别的团长")).status_code == 404
    second = make.store(world.leader, name="第二家店")
    answer = browser(world.leader).post(f"/desk/{second.id}/aftersales/{case.id}/agree")
    assert answer.status_code == 404
    case.refresh_from_db()
    assert case.state == "requested" and not StaffAct.objects.exists()
    person = helper(world, "aftersales")
    assert decide(world, case, "refuse", person, text="照片看不出问题").status_code == 200
    act = StaffAct.objects.get()
    assert (act.operation, act.outcome, act.person_id) == ("refuse_aftersale", "done", person.id)


def test_sales_with_their_figures(world: DeskWorld) -> None:
    page = browser(world.leader).get(f"{world.path}/sales").content.decode()
    assert world.sale.title in page and f"/orders?sale={world.sale.id}" in page
    assert (
        world.sale.title not in browser(world.leader).get(f"{world.path}/sales?status=draft").content.decode()
    )
    assert browser(world.leader).get(f"{world.path}/sales?status=x").status_code == 422
    plain = browser(helper(world, "orders")).get(f"{world.path}/sales").content.decode()
    assert "group-edit" not in plain and "sale-statement" not in plain


def test_a_full_export_is_asked_for_here_and_written_elsewhere(world: DeskWorld) -> None:
    leader = browser(world.leader)
    answer = leader.post(f"{world.path}/exports/ask", {"tab": "to_ship", "sale": str(world.sale.id)})
    assert answer["Location"] == f"{world.path}/exports"
    export = OrderExport.objects.get()
    assert (export.tab, export.group_buy_id, export.orders_total, export.state) == (
        "to_ship",
        world.sale.id,
        1,
        "queued",
    )
    page = leader.get(f"{world.path}/exports").content.decode()
    assert "排队中" in page and world.sale.title in page
    assert leader.get(f"{world.path}/exports/{export.id}/file").status_code == 409
    again = leader.post(f"{world.path}/exports/ask", {"tab": "all"})
    assert again.status_code == 409 and OrderExport.objects.count() == 1
    assert leader.post(f"{world.path}/exports/ask", {"tab": "x"}).status_code == 422
    second = make.store(world.leader, name="第二家店")
    assert leader.get(f"/desk/{second.id}/exports/{export.id}/file").status_code == 404
