"""The walk: every state × every action × buyer, leader and strangers. What the tables allow happens, all else leaves no trace."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.http import HttpResponse

import factories as make
from matrix.calls import told
from matrix.sending import SENT
from matrix.table import operations
from matrix.town import Caller, Town
from matrix.watch import Watch
from yantuan.aftersales import states as cases
from yantuan.aftersales.models import AfterSale
from yantuan.fulfilment.handing import hand_out
from yantuan.fulfilment.schemas import PickupIn, PieceIn, ShipIn
from yantuan.fulfilment.shipping import ship
from yantuan.groupbuys.models import GroupBuy
from yantuan.kernel.ids import new_id
from yantuan.orders.models import Order, OrderEvent, OrderLine
from yantuan.orders.states import MACHINES
from yantuan.payments.actions import cancel, refund_as_leader
from yantuan.payments.models import OfflineProof
from yantuan.payments.rules import Wish

pytestmark = pytest.mark.django_db

CASE_STEPS: dict[str, dict[str, Any]] = {
    "agree": {}, "offer": {"amount_fen": 7, "answer": "先退一点"}, "refuse": {"answer": "照片不清楚"},
    "receive-return": {}, "accept-offer": {}, "return-parcel": {"carrier_name": "中通", "tracking_no": "ZT000001"},
    "withdraw": {}, "escalate": {"escalation": "请平台看看"},
}  # fmt: skip
ORDER_STEPS = {
    "pay": "pay_order", "cancel": "cancel_order", "send_proof": "send_payment_proof", "pickup_code": "read_pickup_code",
    "confirm_receipt": "confirm_receipt", "aftersale": "open_aftersale", "ship": "ship_order", "pickup": "hand_out_order",
    "refund": "refund_order", "note": "write_order_note", "confirm_payment": "confirm_payment_proof",
    "address": "change_my_order_address",
}  # fmt: skip
"""Action word an order offers → the operation that does it."""
LEADERS = frozenset({"ship", "pickup", "refund", "note", "confirm_payment"})
REPEATABLE = frozenset({"pay", "cancel", "confirm_receipt", "confirm_payment", "pickup_code"})
"""Done before, they answer as before and change nothing."""


def event_of(step: str, kind: str) -> str:
    word = step.replace("-", "_")
    return "agree_return" if word == "agree" and kind == "return_refund" else word


def ask(caller: Caller, method: str, path: str, body: Any) -> HttpResponse:
    headers = {"Idempotency-Key": str(new_id())}
    return caller.client.generic(method, path, json.dumps(body), "application/json", headers=headers)  # type: ignore[return-value]


@pytest.mark.parametrize("kind", ["refund_only", "return_refund"])
@pytest.mark.parametrize("state", cases.CASE.states)
def test_cases(state: str, kind: str, town: Town, watch: Watch) -> None:
    side = town.sides["a"]
    case_id = side.ids["requested_case_id" if kind == "refund_only" else "awaiting_case_id"]
    wrong = []
    for step, body in CASE_STEPS.items():
        event = event_of(step, kind)
        for role in ("visitor", "buyer", "leader", "other_buyer", "other_leader", "operator"):
            with watch.cell():
                AfterSale.objects.filter(id=case_id).update(state=state, agreed_fen=50)
                watch.forget()
                above = "/leader" if cases.ROLES[event] == "leader" else ""
                answer = ask(town.callers[role], "POST", f"/api{above}/aftersales/{case_id}/{step}", body)
                after = AfterSale.objects.values_list("state", flat=True).get(id=case_id)
                changed = watch.changed()
            got = told(answer)
            mine = role == cases.ROLES[event]
            if not mine:
                wanted, then = (
                    ("401 sign_in_needed" if role in ("visitor", "operator") else "404 not_found"),
                    state,
                )
            elif cases.CASE.allows(state, event):
                wanted, then = "200", cases.CASE.edges[state][event]
            elif state in cases.targets(event):
                wanted, then = "200", state
            else:
                wanted, then = "409 illegal_transition", state
            if (got, after) != (wanted, then) or (
                changed and then == state and not cases.CASE.allows(state, event)
            ):
                wrong.append(f"{role} {step}: {got} → {after}, not {wanted} → {then}; wrote {changed}")
    assert not wrong, "\n".join(wrong)


def _part(order: Order) -> list[PieceIn]:
    return [PieceIn(order_line_id=OrderLine.objects.filter(order=order).earliest("id").id, quantity=1)]


def _made(name: str, town: Town) -> Order:
    """An order in a state that no order of the town is in."""
    side = town.sides["a"]
    sale = GroupBuy.objects.get(id=side.ids["group_buy_id"])
    pickup = name in ("part_picked", "picked_refunded")
    order = make.order(sale, side.buyer, quantity=2, method="pickup" if pickup else "courier")
    if name == "closed":
        return cancel(side.buyer, order.id, "")
    order = make.paid(order)
    line = OrderLine.objects.filter(order=order).earliest("id")
    if name == "part_shipped":
        ship(side.leader, order.id, ShipIn(carrier="YTO", tracking_no="YT5550001", lines=_part(order)))
    elif name == "part_picked":
        hand_out(side.leader, order.id, PickupIn(lines=_part(order)))
    elif name == "partly_refunding":
        refund_as_leader(
            side.leader,
            order.id,
            [Wish(line.id, 1, None)],
            include_freight=False,
            reason="缺货",
            restock=False,
        )
    elif name == "cancelled":
        cancel(side.buyer, order.id, "")
    return Order.objects.get(id=order.id)


TOWNS = ("unpaid", "proven", "paid", "to_pick", "picked", "shipped", "received", "refunding")
MADE = ("closed", "part_shipped", "part_picked", "partly_refunding", "cancelled")
CASES = ("requested", "offered", "refused", "awaiting", "returning")


def order_in(state: str, town: Town) -> Order:
    side = town.sides["a"]
    if state in TOWNS:
        return Order.objects.get(id=side.ids[f"{state}_order_id"])
    if state in CASES:
        return AfterSale.objects.get(id=side.ids[f"{state}_case_id"]).order
    return _made(state, town)


def request_of(word: str, order: Order, town: Town) -> tuple[str, str, Any]:
    """Method, path and body that do what the word says."""
    operation = operations()[ORDER_STEPS[word]]
    proof = OfflineProof.objects.filter(order=order).order_by("-id").first()
    path = operation.path.replace("{order_id}", str(order.id)).replace(
        "{proof_id}", str(proof.id if proof else new_id())
    )
    buyer, side = town.callers["buyer"], town.sides["a"]
    if word == "aftersale":
        line = OrderLine.objects.filter(order=order).earliest("id")
        body: Any = {
            "kind": "refund_only", "reason": "other", "amount_fen": 1,
            "lines": [{"order_line_id": str(line.id), "quantity": 1}],
        }  # fmt: skip
    else:
        build = SENT[ORDER_STEPS[word]].body
        body = build(side, buyer, town) if build else {}
    return operation.method, path, body


def axes(order_id: int) -> tuple[str, str, str]:
    order = Order.objects.get(id=order_id)
    return order.payment, order.delivery, order.aftersale


@pytest.mark.parametrize("state", (*TOWNS, *MADE, *CASES))
def test_orders(state: str, town: Town, watch: Watch) -> None:
    wrong = []
    for word in ORDER_STEPS:
        with watch.cell():
            order = order_in(state, town)
            role = "leader" if word in LEADERS else "buyer"
            above = "/leader" if role == "leader" else ""
            offered = (
                word in town.callers[role].client.get(f"/api{above}/orders/{order.id}").json()["actions"]
            )
            before, events = axes(order.id), OrderEvent.objects.filter(order=order).count()
            method, path, body = request_of(word, order, town)
            watch.forget()
            answer = ask(town.callers[role], method, path, body)
            changed, after = watch.changed(), axes(order.id)
            noted = OrderEvent.objects.filter(order=order).count() - events
        told_us = told(answer)
        if offered and answer.status_code >= 400:
            wrong.append(f"{word} is offered, but: {told_us}")
        if not offered and answer.status_code < 400 and not (word in REPEATABLE and not changed):
            wrong.append(f"{word} is not offered, but works: {told_us}, wrote {changed}")
        if answer.status_code >= 400 and (changed or answer.status_code >= 500):
            wrong.append(f"{word} is refused ({told_us}), but wrote {changed}")
        for axis, was, now in zip(MACHINES, before, after, strict=True):
            if was != now and now not in MACHINES[axis].edges[was].values():
                wrong.append(f"{word} leads {axis} from {was} to {now}")
        if before != after and not noted:
            wrong.append(f"{word} leaves no event")
    assert not wrong, "\n".join(wrong)
