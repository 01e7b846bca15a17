"""The same verbs over HTTP: who may, with which key, and what comes back."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from payworld import Simulator, World, fresh, lines_of, make_world, signed_in_client, start_pay

from yantuan.identity.models import Person
from yantuan.kernel.models import IdempotencyRecord
from yantuan.orders.models import Order
from yantuan.payments.actions import refresh
from yantuan.payments.models import OfflineProof, PaymentAttempt, Refund


def _post(person: Person | None, path: str, body: Any = None, key: str = "") -> tuple[int, Any]:
    client, headers = signed_in_client(person) if person else (Client(), {})
    if key:
        headers = {**headers, "Idempotency-Key": key}
    answer = client.post(f"/api{path}", data=body or {}, content_type="application/json", headers=headers)
    return answer.status_code, answer.json()


def _paid(world: World, sim: Simulator) -> Order:
    order = world.order()
    _, attempt = start_pay(order)
    sim.pay(attempt.out_trade_no)
    refresh(order.person, order.id)
    return order


def test_pay_then_return(world: World, sim: Simulator) -> None:
    order = world.order()
    path = f"/orders/{order.id}/pay"
    assert _post(None, path, {"channel": "native"}, "k1")[0] == 401
    assert _post(world.buyer(), path, {"channel": "native"}, "k1")[0] == 404
    assert _post(order.person, path, {"channel": "native"})[1]["code"] == "idempotency_key_needed"
    assert _post(order.person, path, {"channel": "cash"}, "k1")[0] == 422
    assert _post(order.person, path, {"channel": "native", "return_path": "//evil.example"}, "k1")[0] in (
        200,
        422,
    )
    status, answer = _post(order.person, path, {"channel": "native", "return_path": "/pages/done?id=1"}, "k1")
    assert (status, answer["kind"]) == (200, "qr") and answer["code_url"] and answer["expires_in"] > 800
    # PAY-18: what a client claims has no effect.
    status, detail = _post(order.person, f"{path}/refresh", {"paid": True, "amount": 1, "result": "success"})
    assert (status, detail["payment"], detail["paid_fen"]) == (200, "unpaid", 0)
    assert "pay" in detail["actions"]
    sim.pay(PaymentAttempt.objects.get().out_trade_no)
    status, detail = _post(order.person, f"{path}/refresh")
    assert (status, detail["payment"], detail["paid_fen"]) == (200, "paid", order.total_fen)
    assert "cancel" in detail["actions"] and "pay" not in detail["actions"]
    assert _post(world.leader_person, f"{path}/refresh")[0] == 404


def test_cancel(world: World, sim: Simulator) -> None:
    order = _paid(world, sim)
    path = f"/orders/{order.id}/cancel"
    assert _post(order.person, path)[1]["code"] == "idempotency_key_needed"
    for _ in range(2):
        status, detail = _post(order.person, path, {"reason": "拍错了"}, "c1")
        assert status == 200 and len(detail["refunds"]) == 1
    assert detail["refunds"][0]["cause_label"] == "发货前取消" and "cancel" not in detail["actions"]
    texts = [event["text"] for event in detail["timeline"]]
    assert any("买家取消了订单：拍错了" in text for text in texts) and any(
        "发起退款" in text for text in texts
    )


def test_leader_refund_and_its_key(world: World, sim: Simulator) -> None:
    order = _paid(world, sim)
    path = f"/leader/orders/{order.id}/refund"
    line = str(lines_of(order)[0].id)
    body = {"lines": [{"order_line_id": line, "quantity": 1, "amount_fen": 100}], "reason": "补偿"}
    for person in (order.person, make_world().leader_person):
        assert _post(person, path, body, "r1")[0] == 404
    for _ in range(2):
        status, detail = _post(world.leader_person, path, body, "r1")
        assert status == 200 and [r["amount_fen"] for r in detail["refunds"]] == [100]
    assert (
        _post(world.leader_person, path, {**body, "reason": "别的"}, "r1")[1]["code"]
        == "idempotency_key_reused"
    )
    assert "买家" not in str(IdempotencyRecord.objects.get().answer)
    for bad in (
        {**body, "reason": ""},
        {**body, "lines": [{"order_line_id": line, "quantity": 0}]},
        {**body, "lines": [{"order_line_id": line, "quantity": 1, "amount_fen": -1}]},
        {**body, "lines": [{"order_line_id": line, "quantity": 1, "amount_fen": 1.5}]},
    ):
        assert _post(world.leader_person, path, bad, "r2")[0] == 422
    refund = Refund.objects.get()
    assert _post(order.person, f"/leader/refunds/{refund.id}/retry")[0] == 404
    assert _post(world.leader_person, f"/leader/refunds/{refund.id}/retry")[0] == 200
    assert (
        _post(world.leader_person, f"/leader/refunds/{refund.id}/offline-done")[1]["code"]
        == "refund_not_offline"
    )


def test_proofs(world: World, sim: Simulator) -> None:
    order = world.order(method="offline")
    for _ in range(2):
        status, detail = _post(order.person, f"/orders/{order.id}/proof", {"note": "已转"}, "p1")
        assert (status, detail["payment"], len(detail["proofs"])) == (200, "awaiting_confirmation", 1)
    proof = OfflineProof.objects.get()
    for verb, body in (("confirm", None), ("reject", {"reason": "没到账"})):
        for person in (order.person, make_world().leader_person):
            assert _post(person, f"/leader/proofs/{proof.id}/{verb}", body)[0] == 404
    status, detail = _post(world.leader_person, f"/leader/proofs/{proof.id}/confirm")
    assert (status, detail["payment"]) == (200, "paid")
    refused = _post(world.leader_person, f"/leader/proofs/{proof.id}/reject", {"reason": "没到账"})
    assert (refused[0], refused[1]["code"]) == (409, "proof_decided")
    status, detail = _post(
        world.leader_person, f"/leader/orders/{order.id}/refund", {"reason": "缺货", "restock": True}, "r1"
    )
    assert detail["refunds"][0]["offline"] is True
    status, detail = _post(world.leader_person, f"/leader/refunds/{Refund.objects.get().id}/offline-done")
    assert (status, detail["payment"]) == (200, "refunded")
    assert fresh(order).refunded_fen == order.total_fen


@pytest.mark.parametrize("path", ["//evil.example/x", "/\\evil", "https://evil.example", "/a b", "/a#b"])
def test_the_way_back_stays_on_this_site(world: World, sim: Simulator, path: str) -> None:
    order = world.order()
    status, answer = _post(
        order.person, f"/orders/{order.id}/pay", {"channel": "h5", "return_path": path}, "k"
    )
    assert status == 422 or "redirect_url=http%3A%2F%2F127.0.0.1%3A8123%2F" in answer["url"]
