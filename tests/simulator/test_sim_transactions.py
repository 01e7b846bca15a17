import re

import pytest
from sim_merchant import Merchant

JSAPI = "/v3/pay/transactions/jsapi"


def test_jsapi_prepay_answers_a_prepay_id(merchant: Merchant) -> None:
    number, answer = merchant.prepaid()
    assert re.fullmatch(r"wx[0-9a-f]{34}", answer["prepay_id"])
    assert merchant.query(number) == {
        "appid": merchant.credentials.mini_appid,
        "mchid": "1900000109",
        "out_trade_no": number,
        "trade_state": "NOTPAY",
        "trade_state_desc": "订单未支付",
        "attach": "order:123",
        "amount": {"total": 3990, "currency": "CNY"},
        "payer": {},
        "promotion_detail": [],
    }


def test_h5_and_native_answer_their_urls(merchant: Merchant) -> None:
    _, h5 = merchant.prepaid("h5")
    assert re.fullmatch(r"http://127\.0\.0\.1:8001/cashier/h5/wx[0-9a-f]{34}\?package=\d+", h5["h5_url"])
    _, native = merchant.prepaid("native")
    assert re.fullmatch(r"weixin://wxpay/bizpayurl\?pr=[\w-]{8}", native["code_url"])


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"description": ""}, "/description"),
        ({"description": "果" * 128}, "/description"),
        ({"description": None}, "/description"),
        ({"out_trade_no": "P1234"}, "/out_trade_no"),
        ({"out_trade_no": "P" * 33}, "/out_trade_no"),
        ({"out_trade_no": "P2026#0001"}, "/out_trade_no"),
        ({"amount": {"total": 0, "currency": "CNY"}}, "/amount/total"),
        ({"amount": {"total": 39.9, "currency": "CNY"}}, "/amount/total"),
        ({"amount": {"total": "3990", "currency": "CNY"}}, "/amount/total"),
        ({"amount": {"total": True, "currency": "CNY"}}, "/amount/total"),
        ({"amount": {"total": 1, "currency": "USD"}}, "/amount/currency"),
        ({"notify_url": "https://shop.test/notify?a=1"}, "/notify_url"),
        ({"notify_url": "http://shop.test/notify"}, "/notify_url"),
        ({"attach": "a" * 129}, "/attach"),
        ({"time_expire": "tomorrow"}, "/time_expire"),
        ({"time_expire": "2020-01-01T00:00:00+08:00"}, "/time_expire"),
        ({"payer": None}, "/payer"),
        ({"payer": {"openid": "oNobody"}}, "/payer/openid"),
        ({"mchid": "1900000999"}, "/mchid"),
        ({"colour": "red"}, "/colour"),
    ],
)
def test_field_rules(merchant: Merchant, changes: dict, field: str) -> None:
    answer = merchant.post(JSAPI, merchant.order(**changes))
    assert (answer.status_code, answer.json()["code"]) == (400, "PARAM_ERROR"), answer.text
    assert answer.json()["detail"]["field"] == field
    assert merchant.look("/book")["orders"] == {}


def test_http_notice_addresses_pass_on_this_machine(merchant: Merchant) -> None:
    for host in ("127.0.0.1:8000", "localhost:8000", "[::1]:8000"):
        merchant.prepaid(notify_url=f"http://{host}/notify")


def test_the_app_must_be_the_merchants_and_the_openid_the_apps(merchant: Merchant) -> None:
    foreign = merchant.post(JSAPI, merchant.order(appid="wx0123456789abcdef"))
    assert foreign.json()["code"] == "APPID_MCHID_NOT_MATCH"
    other_app = merchant.world.openid_of(merchant.credentials.oa_appid, "阿禾")
    wrong = merchant.post(JSAPI, merchant.order(payer={"openid": other_app}))
    assert wrong.json()["detail"]["field"] == "/payer/openid"
    merchant.prepaid(appid=merchant.credentials.oa_appid, payer={"openid": other_app})


@pytest.mark.parametrize("raw", ["", "[]", "{", "null", '"text"'])
def test_a_body_that_is_no_object_is_refused(merchant: Merchant, raw: str) -> None:
    assert merchant.call("POST", JSAPI, raw).json()["code"] == "PARAM_ERROR"


def test_the_same_number_needs_the_same_parameters(merchant: Merchant) -> None:
    body = merchant.order()
    first = merchant.post(JSAPI, body).json()["prepay_id"]
    second = merchant.post(JSAPI, body).json()["prepay_id"]
    assert first != second
    dearer = merchant.post(JSAPI, {**body, "amount": {"total": 3991, "currency": "CNY"}})
    assert (dearer.status_code, dearer.json()["code"]) == (400, "INVALID_REQUEST")
    native = {name: value for name, value in body.items() if name != "payer"}
    assert merchant.post("/v3/pay/transactions/native", native).json()["code"] == "INVALID_REQUEST"
    assert merchant.look("/book")["orders"][body["out_trade_no"]]["total"] == 3990


def test_paying_moves_the_money_once(merchant: Merchant) -> None:
    number = merchant.paid()
    order = merchant.query(number)
    assert order["trade_state"] == "SUCCESS"
    assert re.fullmatch(r"42000\d{23}", order["transaction_id"])
    assert order["trade_type"] == "JSAPI"
    assert order["payer"] == {"openid": merchant.world.openid_of(merchant.credentials.mini_appid, "阿禾")}
    assert order["amount"] == {"total": 3990, "payer_total": 3990, "currency": "CNY", "payer_currency": "CNY"}
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\+08:00", order["success_time"])
    again = merchant.client.post("/_sim/pay", json={"out_trade_no": number})
    assert (again.status_code, again.json()["code"]) == (409, "order_paid")
    book = merchant.look("/book")
    assert book["totals"]["paid"] == 3990
    assert book["accounts"] == {"merchant:1900000109": 3990, "user:阿禾": -3990}
    by_id = f"/v3/pay/transactions/id/{order['transaction_id']}?mchid={merchant.credentials.mchid}"
    assert merchant.get(by_id).json() == order
    assert merchant.post(JSAPI, merchant.order(out_trade_no=number)).json()["code"] == "ORDERPAID"


def test_only_the_person_who_ordered_can_pay_jsapi(merchant: Merchant) -> None:
    number, _ = merchant.prepaid()
    other = merchant.client.post("/_sim/pay", json={"out_trade_no": number, "user": "老周"})
    assert other.json()["code"] == "payer_differs"
    assert merchant.query(number)["trade_state"] == "NOTPAY"
    native, _ = merchant.prepaid("native")
    merchant.sim("/pay", out_trade_no=native, user="老周")
    assert merchant.look(f"/book?out_trade_no={native}")["orders"][native]["payer"] == "老周"


@pytest.mark.parametrize("result", ["cancel", "fail"])
def test_cancel_and_failure_leave_the_order_payable(merchant: Merchant, result: str) -> None:
    number, _ = merchant.prepaid()
    assert merchant.sim("/pay", out_trade_no=number, result=result)["trade_state"] == "NOTPAY"
    assert merchant.look("/book")["totals"]["paid"] == 0
    assert merchant.sim("/pay", out_trade_no=number)["trade_state"] == "SUCCESS"


def test_closing_is_repeatable_and_final(merchant: Merchant) -> None:
    body = merchant.order()
    merchant.post(JSAPI, body)
    for _ in range(2):
        answer = merchant.close(body["out_trade_no"])
        assert (answer.status_code, answer.content) == (204, b"")
        assert merchant.verified(answer.headers, b"")
    assert merchant.query(body["out_trade_no"])["trade_state"] == "CLOSED"
    late = merchant.client.post("/_sim/pay", json={"out_trade_no": body["out_trade_no"]})
    assert late.json()["code"] == "order_closed"
    assert merchant.post(JSAPI, body).json()["code"] == "ORDER_CLOSED"


def test_a_paid_order_cannot_be_closed(merchant: Merchant) -> None:
    number = merchant.paid()
    answer = merchant.close(number)
    assert (answer.status_code, answer.json()["code"]) == (400, "ORDERPAID")
    assert merchant.close("NOSUCH0001").json()["code"] == "ORDER_NOT_EXIST"


def test_the_buyer_can_be_faster_than_the_close(merchant: Merchant) -> None:
    number, _ = merchant.prepaid()
    merchant.sim("/faults", kind="paid_before_close", out_trade_no=number)
    assert merchant.close(number).json()["code"] == "ORDERPAID"
    assert merchant.query(number)["trade_state"] == "SUCCESS"


def test_orders_lapse(merchant: Merchant) -> None:
    number, _ = merchant.prepaid()
    merchant.sim("/clock", offset_seconds=7 * 86400 - 10)
    assert merchant.query(number)["trade_state"] == "NOTPAY"
    merchant.sim("/clock", offset_seconds=7 * 86400 + 10)
    assert merchant.query(number)["trade_state"] == "CLOSED"


def test_a_query_names_the_merchant(merchant: Merchant) -> None:
    number, _ = merchant.prepaid()
    base = f"/v3/pay/transactions/out-trade-no/{number}"
    assert merchant.get(base).json()["code"] == "PARAM_ERROR"
    assert merchant.get(base + "?mchid=1900000999").json()["code"] == "PARAM_ERROR"


def test_system_error_after_the_work_leaves_the_work_done(merchant: Merchant) -> None:
    body = merchant.order()
    merchant.sim("/faults", kind="answer_system_error", operation="prepay")
    answer = merchant.post(JSAPI, body)
    assert (answer.status_code, answer.json()["code"]) == (500, "SYSTEM_ERROR")
    assert merchant.query(body["out_trade_no"])["trade_state"] == "NOTPAY"
    assert merchant.post(JSAPI, body).status_code == 200
    other = merchant.order()
    merchant.sim("/faults", kind="answer_system_error_before")
    assert merchant.post(JSAPI, other).status_code == 500
    assert other["out_trade_no"] not in merchant.look("/book")["orders"]


def test_openids_are_the_same_for_the_same_pair(merchant: Merchant) -> None:
    world, mini = merchant.world, merchant.credentials.mini_appid
    assert world.openid_of(mini, "林姐") == world.openid_of(mini, "林姐")
    assert re.fullmatch(r"o[\w-]{27}", world.openid_of(mini, "林姐"))
    assert world.openid_of(merchant.credentials.oa_appid, "林姐") != world.openid_of(mini, "林姐")
