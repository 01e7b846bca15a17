import asyncio
import json
import threading
import time

import httpx
import pytest
from cryptography.exceptions import InvalidTag
from sim_merchant import NOTIFY_URL, Merchant, Receiver
from starlette.testclient import TestClient

from yantuan.simulator.app import create_app
from yantuan.simulator.delivery import RETRY_SECONDS


def deliver(merchant: Merchant, notice_id: str) -> dict:
    return merchant.sim(f"/notices/{notice_id}/deliver")


def test_a_held_notice_is_ready_to_be_posted(merchant: Merchant, receiver: Receiver) -> None:
    number = merchant.paid()
    assert receiver.requests == []
    [notice] = merchant.notices(number)
    assert notice["state"] == "held"
    rendered = merchant.sim(f"/notices/{notice['id']}/render")
    assert rendered["url"] == NOTIFY_URL
    assert merchant.verified(rendered["headers"], rendered["body"].encode())
    body = json.loads(rendered["body"])
    assert (body["id"], body["event_type"], body["resource_type"], body["summary"]) == (
        notice["id"], "TRANSACTION.SUCCESS", "encrypt-resource", "支付成功",
    )  # fmt: skip
    assert (body["resource"]["original_type"], body["resource"]["associated_data"]) == ("transaction",) * 2
    assert merchant.decrypted(rendered["body"]) == merchant.query(number)
    again = merchant.sim(f"/notices/{notice['id']}/render")
    assert again["headers"]["Wechatpay-Nonce"] != rendered["headers"]["Wechatpay-Nonce"]
    assert json.loads(again["body"])["id"] == notice["id"]


def test_a_refund_notice_says_refund_status(merchant: Merchant) -> None:
    number = merchant.paid()
    merchant.refund(number, 1330, "R1")
    notice = merchant.notices(number)[-1]
    assert (notice["event_type"], notice["out_refund_no"]) == ("REFUND.SUCCESS", "R1")
    plain = merchant.decrypted(notice["rendered"]["body"])
    assert plain["refund_status"] == "SUCCESS"
    assert "status" not in plain
    assert plain["amount"] == {"total": 3990, "refund": 1330, "payer_total": 3990, "payer_refund": 1330}


@pytest.mark.parametrize("status", [200, 204])
def test_200_and_204_end_it(merchant: Merchant, receiver: Receiver, status: int) -> None:
    receiver.answers = [status]
    number = merchant.paid()
    notice_id = merchant.notices(number)[0]["id"]
    assert deliver(merchant, notice_id)["state"] == "accepted"
    assert str(receiver.requests[0].url) == NOTIFY_URL
    assert merchant.verified(receiver.requests[0].headers, receiver.requests[0].content)


@pytest.mark.parametrize("status", [201, 302, 401, 500, 0])
def test_anything_else_is_tried_again_by_the_schedule(
    merchant: Merchant, receiver: Receiver, status: int
) -> None:
    merchant.sim("/config", notice_mode="auto", time_factor=1)
    number = merchant.paid()
    notice_id = merchant.notices(number)[0]["id"]
    receiver.answers = [status] * 16
    before = merchant.world.clock.now()
    waits = []
    for _ in RETRY_SECONDS:
        assert deliver(merchant, notice_id)["state"] == "waiting"
        row = merchant.world.db.row("SELECT next_at FROM notices WHERE id = ?", notice_id)
        waits.append(row["next_at"] - merchant.world.clock.now())
    spent = merchant.world.clock.now() - before
    assert waits == pytest.approx(RETRY_SECONDS, abs=spent + 0.5)
    assert sum(RETRY_SECONDS) == 24 * 3600 + 4 * 60
    assert deliver(merchant, notice_id)["state"] == "given_up"
    assert len(merchant.notices(number)[0]["deliveries"]) == 16
    assert {body["id"] for body in receiver.bodies} == ({notice_id})


def test_the_factor_shortens_the_schedule(merchant: Merchant, receiver: Receiver) -> None:
    merchant.sim("/config", notice_mode="auto", time_factor=60)
    notice_id = merchant.notices(merchant.paid())[0]["id"]
    receiver.answers = [500]
    deliver(merchant, notice_id)
    row = merchant.world.db.row("SELECT next_at FROM notices WHERE id = ?", notice_id)
    assert row["next_at"] - merchant.world.clock.now() == pytest.approx(0.25, abs=0.2)


@pytest.mark.parametrize("kind", ["notice_duplicate", "notice_parallel"])
def test_copies_of_one_notice(merchant: Merchant, receiver: Receiver, kind: str) -> None:
    merchant.sim("/faults", kind=kind)
    number = merchant.paid()
    deliver(merchant, merchant.notices(number)[0]["id"])
    assert len(receiver.requests) == 2
    assert receiver.bodies[0]["id"] == receiver.bodies[1]["id"]
    assert all(merchant.verified(request.headers, request.content) for request in receiver.requests)


def test_a_probe_comes_first_then_the_real_notice(merchant: Merchant, receiver: Receiver) -> None:
    merchant.sim("/faults", kind="notice_signtest")
    notice_id = merchant.notices(merchant.paid())[0]["id"]
    receiver.answers = [401]
    assert deliver(merchant, notice_id)["state"] == "held"
    assert deliver(merchant, notice_id)["state"] == "accepted"
    probe, real = receiver.requests
    assert probe.headers["Wechatpay-Signature"].startswith("WECHATPAY/SIGNTEST/")
    assert not merchant.verified(probe.headers, probe.content)
    assert merchant.verified(real.headers, real.content)


@pytest.mark.parametrize("kind", ["notice_bad_signature", "notice_wrong_serial", "notice_signtest"])
def test_notices_that_must_not_verify(merchant: Merchant, kind: str) -> None:
    number = merchant.paid()
    rendered = merchant.sim(f"/notices/{merchant.notices(number)[0]['id']}/render", flaws=[kind])
    assert not merchant.verified(rendered["headers"], rendered["body"].encode())


def test_other_flaws_of_the_envelope(merchant: Merchant) -> None:
    notice_id = merchant.notices(merchant.paid())[0]["id"]
    render = lambda kind: merchant.sim(f"/notices/{notice_id}/render", flaws=[kind])  # noqa: E731
    assert "Wechatpay-Signature" not in render("notice_unsigned")["headers"]
    old = render("notice_old_timestamp")
    assert time.time() - int(old["headers"]["Wechatpay-Timestamp"]) == pytest.approx(360, abs=3)
    assert merchant.verified(old["headers"], old["body"].encode())
    sealed = render("notice_bad_ciphertext")
    assert merchant.verified(sealed["headers"], sealed["body"].encode())
    with pytest.raises(InvalidTag):
        merchant.decrypted(sealed["body"])
    wrong = merchant.client.post(f"/_sim/notices/{notice_id}/render", json={"flaws": ["nonsense"]})
    assert (wrong.status_code, wrong.json()["code"]) == (400, "fault_unknown")


@pytest.mark.parametrize(
    ("kind", "path", "expected"),
    [
        ("notice_wrong_amount", ("amount", "total"), 3991),
        ("notice_wrong_currency", ("amount", "currency"), "USD"),
        ("notice_foreign_mchid", ("mchid",), "1900000999"),
        ("notice_foreign_appid", ("appid",), "wx00000000000000ff"),
        ("notice_trade_state", ("trade_state",), "NOTPAY"),
    ],
)
def test_notices_that_say_something_else(
    merchant: Merchant, kind: str, path: tuple, expected: object
) -> None:
    merchant.sim("/faults", kind=kind)
    number = merchant.paid()
    [notice] = merchant.notices(number)
    assert notice["flaws"] == [kind]
    assert merchant.verified(notice["rendered"]["headers"], notice["rendered"]["body"].encode())
    value = merchant.decrypted(notice["rendered"]["body"])
    for name in path:
        value = value[name]
    assert value == expected
    assert merchant.query(number)["amount"]["total"] == 3990


def test_faults_bite_where_they_are_ordered(merchant: Merchant) -> None:
    one, _ = merchant.prepaid()
    two, _ = merchant.prepaid()
    merchant.sim("/faults", kind="notice_wrong_amount", value="-5", out_trade_no=two)
    merchant.sim("/faults", kind="notice_unknown_order", operation="refund")
    for number in (one, two):
        merchant.sim("/pay", out_trade_no=number)
    plain = [merchant.decrypted(merchant.notices(number)[0]["rendered"]["body"]) for number in (one, two)]
    assert [entry["amount"]["total"] for entry in plain] == [3990, 3985]
    assert [entry["out_trade_no"] for entry in plain] == [one, two]
    merchant.refund(one, 10, "R1")
    refund = merchant.decrypted(merchant.notices(one)[-1]["rendered"]["body"])
    assert refund["out_trade_no"].startswith("NOSUCH")


def test_a_dropped_notice_is_never_sent(merchant: Merchant) -> None:
    merchant.sim("/faults", kind="notice_none")
    number = merchant.paid()
    assert merchant.notices(number)[0]["state"] == "suppressed"


def test_the_payment_notice_can_overtake_the_prepay_answer(merchant: Merchant, receiver: Receiver) -> None:
    merchant.sim("/faults", kind="notice_before_answer", operation="prepay")
    seen = []
    receiver.on_request = lambda request: seen.append(merchant.decrypted(request.content)["trade_state"])
    number, answer = merchant.prepaid()
    assert answer["prepay_id"]
    assert seen == ["SUCCESS"]
    assert merchant.query(number)["trade_state"] == "SUCCESS"


def test_the_refund_notice_can_overtake_the_refund_answer(merchant: Merchant, receiver: Receiver) -> None:
    number = merchant.paid()
    merchant.sim("/config", refund_seconds=60)
    merchant.sim("/faults", kind="notice_before_answer", operation="refund")
    assert merchant.refund(number, 10, "R1").json()["status"] == "PROCESSING"
    assert merchant.decrypted(receiver.requests[0].content)["refund_status"] == "SUCCESS"
    assert merchant.refund_state("R1")["status"] == "SUCCESS"


def test_old_and_new_key_sign_notices_around_a_rotation(merchant: Merchant) -> None:
    notice_id = merchant.notices(merchant.paid())[0]["id"]
    old = merchant.sim(f"/notices/{notice_id}/render")
    new_id = merchant.sim("/rotate", mode="public_key")["key_id"]
    new = merchant.sim(f"/notices/{notice_id}/render")
    assert new["headers"]["Wechatpay-Serial"] == new_id != old["headers"]["Wechatpay-Serial"]
    assert all(merchant.verified(entry["headers"], entry["body"].encode()) for entry in (old, new))


def test_background_delivery_retries_until_accepted(folder, receiver: Receiver) -> None:
    """The only test that waits for real time: a third of a second at this factor."""
    receiver.answers = [500, 0, 204]
    done = threading.Event()
    receiver.on_request = lambda request: done.set() if len(receiver.requests) == 3 else None
    app = create_app(
        folder, public_url="http://127.0.0.1:8001", time_factor=1000, transport=httpx.MockTransport(receiver)
    )
    with TestClient(app, base_url="http://127.0.0.1:8001") as client:
        merchant = Merchant(client, app.state.world)
        number = merchant.paid()
        assert done.wait(10)
        deadline = time.monotonic() + 10
        while merchant.notices(number)[0]["state"] != "accepted":
            assert time.monotonic() < deadline
        merchant.refund(number, 3990, "R1")
        merchant.sim("/clock", offset_seconds=5)
        while len(merchant.notices(number)) < 2 or merchant.notices(number)[1]["state"] != "accepted":
            assert time.monotonic() < deadline
    assert [body["event_type"] for body in receiver.bodies] == ["TRANSACTION.SUCCESS"] * 3 + [
        "REFUND.SUCCESS"
    ]


def test_a_closed_courier_leaves_no_task(folder, receiver: Receiver) -> None:
    async def scenario() -> set[str]:
        app = create_app(folder, public_url="http://127.0.0.1:8001", transport=httpx.MockTransport(receiver))
        async with app.router.lifespan_context(app):
            await asyncio.sleep(0)
        return {task.get_name() for task in asyncio.all_tasks()} - {asyncio.current_task().get_name()}

    assert asyncio.run(scenario()) == set()
