"""Every state × event × role of a case: what the table allows happens, everything else changes nothing (STM-01)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from casework import ADDRESS, OPERATOR, PARCEL, Case, case_in, from_silence
from django.db import transaction

from fulfilment.tradeworld import Caller, Shop, books_add_up, caller, footprint, make_shop
from yantuan.aftersales import actions, rules, states
from yantuan.aftersales.models import AfterSale
from yantuan.kernel.errors import AppError
from yantuan.orders.models import OrderEvent

KINDS = ("refund_only", "return_refund")
PEOPLE = ("buyer", "leader", "stranger", "other_leader")

STEPS: dict[str, tuple[str, str, Any]] = {
    "agree": ("leader", "agree", ADDRESS),
    "offer": ("leader", "offer", {"amount_fen": 500, "answer": "补偿五元"}),
    "refuse": ("leader", "refuse", {"answer": "不符合条件"}),
    "receive_return": ("leader", "receive-return", {"restock": True}),
    "accept_offer": ("buyer", "accept-offer", None),
    "return_parcel": ("buyer", "return-parcel", {**PARCEL, "tracking_no": "75999999999999"}),
    "withdraw": ("buyer", "withdraw", None),
    "escalate": ("buyer", "escalate", {"escalation": "请平台看看"}),
}
"""What people ask for over HTTP; `agree` is one of two edges, by the kind of case."""


def _edge(step: str, kind: str) -> str:
    return "agree_return" if step == "agree" and kind == "return_refund" else step


def _possible(state: str, kind: str) -> bool:
    return not (kind == "refund_only" and state in ("awaiting_return", "returning"))


def _look(case: Case) -> Any:
    return AfterSale.objects.values().get(id=case.id), footprint()


@contextmanager
def _undone() -> Iterator[None]:
    """One step from the same case as every other step: what it did adds up, and is taken back."""
    with transaction.atomic():
        yield
        books_add_up()
        transaction.set_rollback(True)


def _path(role: str, case: Case, step: str) -> str:
    return f"{'/leader' if role == 'leader' else ''}/aftersales/{case.id}/{step}"


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("state", states.CASE.states)
def test_people_over_http(shop: Shop, state: str, kind: str) -> None:
    if not _possible(state, kind):
        assert state not in {states.CASE.edges["requested"]["agree"]}
        return
    case = case_in(shop, state, kind)
    everyone = {
        "buyer": case.trade.buyer,
        "leader": shop.boss,
        "stranger": caller(shop.world.buyer()[0]),
        "other_leader": make_shop().boss,
    }
    for step, (role, target, body) in STEPS.items():
        before = _look(case)
        for name in PEOPLE:
            if name != role:
                answer = everyone[name].call("POST", _path(role, case, target), body)
                assert (answer.status_code, answer.json()["code"]) == (404, "not_found")  # type: ignore[attr-defined]
                assert _look(case) == before
        with _undone():
            _step(everyone[role], case, _path(role, case, target), body, _edge(step, kind))


def _step(person: Caller, case: Case, path: str, body: Any, edge: str) -> None:
    before, state = _look(case), case.state
    if states.CASE.allows(state, edge):
        answer = person.ok("POST", path, body)
        assert answer["state"] == states.CASE.edges[state][edge]
        event = OrderEvent.objects.filter(order_id=case.trade.id, axis="case").order_by("-id")[0]
        assert (event.event, event.before, event.after) == (edge, state, answer["state"])
        _same_again_changes_nothing(person, case, path, body)
    elif state in states.targets(edge):
        assert person.ok("POST", path, body)["state"] == state
        assert _look(case) == before
    else:
        assert person.refused("POST", path, body) == (409, "illegal_transition")
        assert _look(case) == before


def _same_again_changes_nothing(person: Caller, case: Case, path: str, body: Any) -> None:
    after = _look(case)
    assert person.call("POST", path, body).status_code == 200
    assert _look(case) == after


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("state", states.CASE.states)
def test_operator_and_system(shop: Shop, state: str, kind: str) -> None:
    if not _possible(state, kind):
        return
    case = case_in(shop, state, kind)
    for edge, act in _machine_acts().items():
        with _undone():
            _machine_step(case, state, edge, act)


def _machine_step(case: Case, state: str, edge: str, act: Callable[[Case], object]) -> None:
    before = _look(case)
    if states.CASE.allows(state, edge):
        act(case)
        assert case.state == states.CASE.edges[state][edge]
    elif state in states.targets(edge):
        act(case)
        assert _look(case) == before
    else:
        with pytest.raises(AppError) as caught:
            act(case)
        assert caught.value.code == "illegal_transition"
        assert _look(case) == before


def _refund_done(case: Case) -> None:
    with transaction.atomic():
        actions.refund_done(case.id)


def _machine_acts() -> dict[str, Callable[[Case], object]]:
    return {
        "decide_refund": lambda case: actions.operator_decide(case.id, 700, "双方各担一半", OPERATOR),
        "decide_refuse": lambda case: actions.operator_decide(case.id, 0, "证据不足", OPERATOR),
        "refund_done": _refund_done,
    }


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("state", states.CASE.states)
def test_silence(shop: Shop, state: str, kind: str) -> None:
    if not _possible(state, kind):
        return
    case = case_in(shop, state, kind)
    if case.row.due_at is None:
        assert state in {"escalated", "agreed", *states.ENDED}
        assert actions.decide_silent() == 0
        return
    edge = rules.silent_event(state, kind, nothing_moved=case.trade.row.delivery == "none")
    assert actions.decide_silent() == 0
    assert from_silence(case) == 1
    assert case.state == states.CASE.edges[state][edge]
    assert (case.trade.row.aftersale == "settled") == (case.state in states.ENDED)


def test_the_table_names_everything() -> None:
    machine = states.CASE
    assert set(machine.edges) == set(machine.states)
    assert set(machine.events) == set(states.ROLES)
    assert {after for row in machine.edges.values() for after in row.values()} <= set(machine.states)
    assert {state for state, row in machine.edges.items() if not row} == states.ENDED
