import contextlib
import re

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sim_merchant import Merchant

from yantuan.simulator import book, refunds, transactions
from yantuan.simulator.errors import PayError
from yantuan.simulator.merchants import Account
from yantuan.simulator.parties import direct_terms

OWN = Account("1900000109")


def test_a_refund_is_accepted_first_and_done_later(merchant: Merchant) -> None:
    number = merchant.paid()
    merchant.sim("/config", refund_seconds=30)
    answer = merchant.refund(number, 1330, "R1").json()
    assert answer["status"] == "PROCESSING"
    assert re.fullmatch(r"50300\d{24}", answer["refund_id"])
    assert answer["amount"] == {
        "total": 3990, "refund": 1330, "from": [], "payer_total": 3990, "payer_refund": 1330,
        "settlement_refund": 1330, "settlement_total": 3990, "discount_refund": 0, "currency": "CNY",
    }  # fmt: skip
    assert merchant.query(number)["trade_state"] == "REFUND"
    order = merchant.look("/book")["orders"][number]
    assert (order["refunded"], order["refunding"]) == (0, 1330)
    merchant.sim("/clock", offset_seconds=31)
    done = merchant.refund_state("R1")
    assert done["status"] == "SUCCESS"
    assert done["success_time"].endswith("+08:00")
    book = merchant.look("/book")
    assert book["orders"][number]["refunded"] == 1330
    assert book["accounts"] == {"merchant:1900000109": 2660, "user:阿禾": -2660}


def test_the_same_number_is_the_same_refund(merchant: Merchant) -> None:
    number = merchant.paid()
    first = merchant.refund(number, 1000, "R1").json()
    for _ in range(3):
        assert merchant.refund(number, 1000, "R1").json()["refund_id"] == first["refund_id"]
    assert merchant.refund(number, 1001, "R1").json()["code"] == "INVALID_REQUEST"
    merchant.refund_state("R1")
    assert merchant.look("/book")["totals"]["refunded"] == 1000


def test_never_more_than_was_paid(merchant: Merchant) -> None:
    number = merchant.paid()
    assert merchant.refund(number, 2394, "R1").status_code == 200
    assert merchant.refund(number, 1597, "R2").json()["code"] == "INVALID_REQUEST"
    assert merchant.refund(number, 1596, "R3").status_code == 200
    assert merchant.refund(number, 1, "R4").json() == {"code": "INVALID_REQUEST", "message": "订单已全额退款"}


def test_what_cannot_be_refunded(merchant: Merchant) -> None:
    unpaid, _ = merchant.prepaid()
    assert merchant.refund(unpaid, 1, "R1").json()["code"] == "INVALID_REQUEST"
    assert merchant.refund("NOSUCH0001", 1, "R1").json()["code"] == "RESOURCE_NOT_EXISTS"
    number = merchant.paid()
    assert merchant.refund(number, 1, "R1", total=3991).json()["code"] == "INVALID_REQUEST"
    assert merchant.refund(number, 0, "R1").json()["code"] == "PARAM_ERROR"
    assert merchant.refund(number, 1, "R1", reason="长" * 81).json()["code"] == "PARAM_ERROR"
    assert merchant.refund(number, 1, "R1", out_trade_no=None).json()["code"] == "PARAM_ERROR"
    assert merchant.refund(number, 1, "R 1").json()["code"] == "PARAM_ERROR"
    merchant.sim("/clock", offset_seconds=366 * 86400)
    assert merchant.refund(number, 1, "R1").json()["code"] == "INVALID_REQUEST"
    assert merchant.get("/v3/refund/domestic/refunds/R1").json()["code"] == "RESOURCE_NOT_EXISTS"


def test_fifty_refunds_at_most(merchant: Merchant) -> None:
    number = merchant.paid()
    for index in range(50):
        refunds.apply(merchant.world, OWN, refund_body(number, 1, f"R{index}", 3990))
    assert merchant.refund(number, 1, "R50").json()["code"] == "INVALID_REQUEST"


@pytest.mark.parametrize(("kind", "status"), [("refund_abnormal", "ABNORMAL"), ("refund_closed", "CLOSED")])
def test_a_failed_refund_is_told_and_the_same_number_tries_again(
    merchant: Merchant, kind: str, status: str
) -> None:
    number = merchant.paid()
    merchant.sim("/faults", kind=kind, out_trade_no=number)
    merchant.refund(number, 3990, "R1")
    assert merchant.refund_state("R1")["status"] == status
    notice = merchant.notices(number)[-1]
    assert notice["event_type"] == f"REFUND.{status}"
    assert merchant.decrypted(notice["rendered"]["body"])["refund_status"] == status
    assert merchant.look("/book")["totals"]["refunded"] == 0
    assert merchant.refund(number, 3990, "R1").json()["status"] == "PROCESSING"
    assert merchant.refund_state("R1")["status"] == "SUCCESS"
    assert merchant.look("/book")["totals"]["refunded"] == 3990


def test_an_abnormal_refund_can_go_another_way(merchant: Merchant) -> None:
    number = merchant.paid()
    merchant.sim("/faults", kind="refund_abnormal")
    refund_id = merchant.refund(number, 3990, "R1").json()["refund_id"]
    target = f"/v3/refund/domestic/refunds/{refund_id}/apply-abnormal-refund"
    body = {"out_refund_no": "R1", "type": "MERCHANT_BANK_CARD"}
    assert merchant.refund_state("R1")["status"] == "ABNORMAL"
    assert merchant.post(target, body).json()["status"] == "PROCESSING"
    assert merchant.refund_state("R1")["status"] == "SUCCESS"
    assert merchant.post(target, body).json()["code"] == "INVALID_REQUEST"


def test_not_enough_then_enough(merchant: Merchant) -> None:
    number = merchant.paid()
    merchant.sim("/faults", kind="refund_not_enough")
    answer = merchant.refund(number, 3990, "R1")
    assert (answer.status_code, answer.json()["code"]) == (403, "NOT_ENOUGH")
    assert merchant.query(number)["trade_state"] == "SUCCESS"
    assert merchant.refund(number, 3990, "R1").status_code == 200


def test_refund_by_transaction_id(merchant: Merchant) -> None:
    number = merchant.paid()
    transaction = merchant.query(number)["transaction_id"]
    answer = merchant.refund(number, 1, "R1", out_trade_no=None, transaction_id=transaction)
    assert answer.json()["out_trade_no"] == number
    other = merchant.paid()
    assert merchant.refund(other, 1, "R2", transaction_id=transaction).json()["code"] == "INVALID_REQUEST"


def test_without_an_address_nobody_is_told(merchant: Merchant) -> None:
    number = merchant.paid()
    merchant.refund(number, 1, "R1", notify_url=None)
    assert merchant.refund_state("R1")["status"] == "SUCCESS"
    assert [notice["event_type"] for notice in merchant.notices(number)] == ["TRANSACTION.SUCCESS"]


STEPS = st.lists(
    st.tuples(
        st.integers(1, 120),
        st.integers(0, 4),
        st.sampled_from(["", "refund_closed", "refund_abnormal", "refund_not_enough"]),
        st.booleans(),
    ),
    max_size=12,
)


def refund_body(number: str, fen: int, refund_no: str, total: int) -> dict:
    amount = {"refund": fen, "total": total, "currency": "CNY"}
    return {"out_trade_no": number, "out_refund_no": refund_no, "amount": amount}


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=STEPS)
def test_the_book_balances_whatever_happens(
    merchant: Merchant, steps: list[tuple[int, int, str, bool]]
) -> None:
    """Refunds of random sizes under few numbers, with failures and retries in any order."""
    world = merchant.world
    world.reset()
    world.change_settings({"notice_mode": "hold", "refund_seconds": 60})
    order = merchant.order(amount={"total": 200, "currency": "CNY"})
    number = order["out_trade_no"]
    own = world.merchants.get(OWN.mchid)
    transactions.prepay(world, "jsapi", direct_terms(world, own, order), order)
    transactions.pay(world, number)
    for fen, which, fault, settle in steps:
        world.faults.clear()
        if fault:
            world.faults.order(fault)
        with contextlib.suppress(PayError):
            refunds.apply(world, OWN, refund_body(number, fen, f"R{which}", 200))
        if settle:
            world.move_clock(world.clock.offset_seconds + 61)
        state = book.summary(world)["orders"][number]
        assert 0 <= state["refunded"] <= state["refunded"] + state["refunding"] <= 200
    final = book.summary(world)
    assert sum(final["accounts"].values()) == 0
    assert final["totals"]["kept"] == final["accounts"]["merchant:1900000109"] >= 0
    done = world.db.number("SELECT sum(amount) FROM refunds WHERE status = 'SUCCESS'")
    assert final["totals"]["refunded"] == done
