"""A refund at the desk: what is left, what it comes to, once by the phone's verb and right, and every refusal in place."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from desk_world import DeskWorld, browser, helper
from django.test import Client

import factories as make
from yantuan.desk.page import LANGUAGE
from yantuan.desk.words import REFUND_CAUSES_EN, REFUND_STATES_EN
from yantuan.identity import gateway
from yantuan.identity.models import Session
from yantuan.kernel.clock import now
from yantuan.kernel.config import config
from yantuan.orders.models import Order, OrderLine
from yantuan.payments.models import Refund
from yantuan.staff.models import StaffAct

pytestmark = pytest.mark.django_db
PART = {"X-Desk-Piece": "1"}


def page(client: Client, world: DeskWorld, order: Order, path: str = "", /, **form: str) -> Any:
    form_at = f"{world.path}/orders/{order.id}/refund"
    return client.post(f"{form_at}/{path}", form, headers=PART) if path else client.get(form_at, headers=PART)


def line(order: Order) -> OrderLine:
    return OrderLine.objects.get(order=order)


def of_lines(order: Order, pieces: str, amount: str = "", **more: str) -> dict[str, str]:
    id_ = line(order).id
    return {
        "key": "k",
        "what": "part",
        "reason": "坏果",
        f"pieces_{id_}": pieces,
        f"amount_{id_}": amount,
        **more,
    }


@pytest.fixture
def order(world: DeskWorld) -> Order:
    return Order.objects.get(id=make.paid(make.order(world.sale, make.person("买三件"), quantity=3)).id)


def test_the_form_says_what_is_left(world: DeskWorld, order: Order) -> None:
    leader = browser(world.leader)
    body = page(leader, world, order).content.decode()
    assert re.search(r'data-testid="refund-left"><b>¥127.70', body) and "<html" not in body
    whole = leader.get(f"{world.path}/orders/{order.id}/refund").content.decode()
    assert "<html" in whole and "refund-form" in whole
    unpaid = page(leader, world, world.orders["unpaid"], "send", key="k", what="all", reason="x")
    assert (unpaid.status_code, "没有可退的付款" in unpaid.content.decode()) == (409, True)
    assert not Refund.objects.exists()


def test_looking_writes_nothing_and_says_the_sums(world: DeskWorld, order: Order) -> None:
    leader = browser(world.leader)
    body = page(leader, world, order, "look", **of_lines(order, "1", "20.5")).content.decode()
    assert "¥20.50" in body and "补偿，商品不退" in body
    assert re.search(r'data-testid="refund-rest">¥107.20', body)
    both = page(leader, world, order, "look", **of_lines(order, "2")).content.decode()
    assert re.search(r'data-testid="refund-total"><b>¥79.80', both)
    edited = page(leader, world, order, "look", step="edit", **of_lines(order, "2")).content.decode()
    assert 'value="2"' in edited and "refund-look" in edited
    assert not Refund.objects.exists()


def test_sent_twice_with_its_key_it_starts_once(world: DeskWorld, order: Order) -> None:
    leader = browser(world.leader)
    form = of_lines(order, "1", restock="1")
    for _ in range(2):
        answer = page(leader, world, order, "send", **form)
        assert answer.status_code == 200 and "data-order=" in answer.content.decode()
    refund = Refund.objects.get()
    assert (refund.order_id, refund.amount_fen, refund.cause, refund.reason, refund.restock) == (
        order.id, 3990, "leader", "坏果", True,
    )  # fmt: skip
    other = page(leader, world, order, "send", **of_lines(order, "2"))
    assert (other.status_code, 'data-testid="refund-trouble"' in other.content.decode()) == (409, True)
    rest = page(leader, world, order, "send", key="k2", what="all", reason="都退")
    assert rest.status_code == 200
    assert sorted(Refund.objects.values_list("amount_fen", flat=True)) == [3990, 8780]
    over = page(leader, world, order, "send", key="k3", what="all", reason="再退")
    assert over.status_code == 409 and Refund.objects.count() == 2


def test_without_the_script_it_ends_on_the_order(world: DeskWorld, order: Order) -> None:
    answer = browser(world.leader).post(
        f"{world.path}/orders/{order.id}/refund/send", {"key": "k", "what": "all", "reason": "x"}
    )
    assert (answer.status_code, answer["Location"]) == (302, f"{world.path}/orders/{order.id}")


@pytest.mark.parametrize(
    ("pieces", "amount", "more", "says"),
    [
        ("4", "", {}, "退款超过了"),
        ("1", "40", {}, "退款超过了"),
        ("1", "1e3", {}, "金额格式不对"),
        ("一", "", {}, "件数不对"),
        ("", "5", {}, "先填退几件"),
        ("", "", {}, "填上要退的件数"),
        ("1", "", {"reason": " "}, "写一句退款原因"),
        ("1", "", {"key": ""}, "防重复标识"),
    ],
)
def test_what_is_wrong_stands_in_the_form(
    world: DeskWorld, order: Order, pieces: str, amount: str, more: dict[str, str], says: str
) -> None:
    form = of_lines(order, pieces, amount) | more
    answer = page(browser(world.leader), world, order, "send", **form)
    body = answer.content.decode()
    assert answer.status_code in (409, 422) and says in body and "<html" not in body
    assert f'value="{pieces}"' in body or not pieces
    assert not Refund.objects.exists()


def test_only_who_may_and_on_record(world: DeskWorld, order: Order) -> None:
    form = of_lines(order, "1")
    for person in (helper(world, "orders"), make.leader("别的团长")):
        assert page(browser(person), world, order).status_code == 404
        assert page(browser(person), world, order, "send", **form).status_code == 404
    second = make.store(world.leader, name="第二家店")
    elsewhere = browser(world.leader).post(f"/desk/{second.id}/orders/{order.id}/refund/send", form)
    assert elsewhere.status_code == 404
    assert not Refund.objects.exists() and not StaffAct.objects.exists()
    person = helper(world, "aftersales")
    client = browser(person)
    assert page(client, world, order, "look", **form).status_code == 200
    assert page(client, world, order, "send", **of_lines(order, "9")).status_code == 409
    assert page(client, world, order, "send", **form).status_code == 200
    acts = StaffAct.objects.filter(person=person).order_by("id")
    assert [(one.operation, one.outcome) for one in acts] == [
        ("refund_order", "refund_exceeds_paid"), ("refund_order", "done"),
    ]  # fmt: skip
    assert (
        "do-refund"
        not in browser(helper(world, "orders")).get(f"{world.path}/orders/{order.id}").content.decode()
    )


def test_a_large_sum_asks_for_a_code(world: DeskWorld, order: Order, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(config(), "stepup_refund_fen", 5000)
    monkeypatch.setattr(gateway, "can_send_sms", lambda: True)
    monkeypatch.setattr("yantuan.identity.stepup.ask_code", lambda phone, address: 60)
    leader = browser(world.leader)
    form = {"key": "k", "what": "all", "reason": "都退"}
    asked = page(leader, world, order, "send", **form)
    assert asked.status_code == 403 and "refund-send-code" in asked.content.decode()
    assert not Refund.objects.exists()
    assert "再发一次" in page(leader, world, order, "code", **form).content.decode()
    wrong = page(leader, world, order, "send", code="000000", **form)
    assert wrong.status_code in (409, 422) and "refund-code" in wrong.content.decode()
    assert not Refund.objects.exists()
    Session.objects.filter(person=world.leader).update(confirmed_at=now() - timedelta(minutes=1))
    assert page(leader, world, order, "send", **form).status_code == 200
    assert Refund.objects.get().amount_fen == 12770


def test_an_offline_refund_is_marked_as_given_back(world: DeskWorld, order: Order) -> None:
    leader = browser(world.leader)
    page(leader, world, order, "send", **of_lines(order, "1"))
    refund = Refund.objects.get()
    shown = leader.get(f"{world.path}/orders/{order.id}").content.decode()
    assert f"/refunds/{refund.id}/done" in shown
    assert "待团长线下退款 · 团长主动退款" in shown
    leader.cookies[LANGUAGE] = "en"
    english = leader.get(f"{world.path}/orders/{order.id}").content.decode()
    assert "To be given back by you · By the leader" in english and "主动退款" not in english
    second = make.store(world.leader, name="第二家店")
    assert leader.post(f"/desk/{second.id}/refunds/{refund.id}/done").status_code == 404
    assert browser(helper(world, "orders")).post(f"{world.path}/refunds/{refund.id}/done").status_code == 404
    refund.refresh_from_db()
    assert refund.state != "succeeded"
    done = leader.post(f"{world.path}/refunds/{refund.id}/done", headers=PART)
    assert done.status_code == 200 and "data-order=" in done.content.decode()
    refund.refresh_from_db()
    assert refund.state == "succeeded"


def test_every_state_and_cause_of_a_refund_has_its_english() -> None:
    assert set(REFUND_STATES_EN) == set(Refund.State.values)
    assert set(REFUND_CAUSES_EN) == set(Refund.Cause.values)
