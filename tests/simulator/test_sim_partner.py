"""Partner mode: whose money it is, who may ask, and what is refused."""

import base64
import json
import time

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from sim_merchant import Merchant
from sim_partner import Partner


def opened(partner: Partner, body: str) -> dict:
    resource = json.loads(body)["resource"]
    key = AESGCM(partner.own["apiv3_key"].encode())
    plain = key.decrypt(
        resource["nonce"].encode(),
        base64.b64decode(resource["ciphertext"]),
        resource["associated_data"].encode(),
    )
    return json.loads(plain)


def test_money_goes_to_the_sub_merchant_and_the_notice_names_both(partner: Partner) -> None:
    number, answer = partner.prepaid()
    assert answer["prepay_id"].startswith("wx")
    unpaid = partner.query(number)
    assert (unpaid["trade_state"], unpaid["sp_mchid"], unpaid["sub_mchid"]) == (
        "NOTPAY", partner.own["mchid"], partner.sub,
    )  # fmt: skip
    assert "mchid" not in unpaid and "appid" not in unpaid and unpaid["payer"] == {}
    partner.sim("/pay", out_trade_no=number)
    paid = partner.query(number)
    openid = partner.world.openid_of(partner.credentials.mini_appid, "阿禾")
    assert paid["payer"] == {"sp_openid": openid}
    assert partner.balance(f"merchant:{partner.sub}") == 3990
    assert partner.balance(f"merchant:{partner.own['mchid']}") == 0
    told = opened(partner, partner.notices(number)[0]["rendered"]["body"])
    assert told == paid


def test_an_order_of_the_sub_merchants_own_app(partner: Partner) -> None:
    partner.sim(f"/sub_merchants/{partner.sub}", sub_appid="wx00000000000000aa")
    openid = partner.world.openid_of("wx00000000000000aa", "林姐")
    number, _ = partner.prepaid(sub_appid="wx00000000000000aa", payer={"sub_openid": openid})
    partner.sim("/pay", out_trade_no=number)
    paid = partner.query(number)
    assert paid["sub_appid"] == "wx00000000000000aa" and paid["payer"]["sub_openid"] == openid
    assert paid["payer"]["sp_openid"] == partner.world.openid_of(partner.credentials.mini_appid, "林姐")


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"sub_mchid": None}, "PARAM_ERROR"),
        ({"sub_mchid": "1900000208"}, "PARAM_ERROR"),
        ({"sub_mchid": "1999999999"}, "MCH_NOT_EXISTS"),
        ({"sp_mchid": "1900000109"}, "PARAM_ERROR"),
        ({"sp_appid": "wx0000000000000000"}, "APPID_MCHID_NOT_MATCH"),
        ({"sub_appid": "wx0000000000000000"}, "APPID_MCHID_NOT_MATCH"),
        ({"payer": {"openid": "o1"}}, "PARAM_ERROR"),
        ({"payer": {}}, "PARAM_ERROR"),
        ({"payer": {"sp_openid": "o1", "sub_openid": "o2"}}, "PARAM_ERROR"),
        ({"payer": {"sub_openid": "o2"}}, "PARAM_ERROR"),
        ({"payer": {"sp_openid": "not of this app"}}, "PARAM_ERROR"),
        ({"appid": "wx0000000000000000"}, "PARAM_ERROR"),
    ],
)
def test_wrong_parties_are_refused(partner: Partner, changes: dict, code: str) -> None:
    answer = partner.post("/v3/pay/partner/transactions/jsapi", partner.order(**changes))
    assert (answer.status_code, answer.json()["code"]) == (400, code)
    assert partner.look("/book")["orders"] == {}


def test_a_partner_without_the_relation_and_a_direct_merchant_are_refused(
    partner: Partner, merchant: Merchant
) -> None:
    partner.sim(f"/sub_merchants/{partner.sub}", active=False)
    refused = partner.post("/v3/pay/partner/transactions/jsapi", partner.order())
    assert (refused.status_code, refused.json()["code"]) == (403, "NO_AUTH")
    assert refused.headers["Request-ID"].endswith("-268443701")
    own = {**partner.order(), "sp_mchid": merchant.credentials.mchid}
    assert merchant.post("/v3/pay/partner/transactions/jsapi", own).json()["code"] == "NO_AUTH"
    direct = {**merchant.order(), "mchid": partner.own["mchid"]}
    assert partner.post("/v3/pay/transactions/jsapi", direct).json()["code"] == "NO_AUTH"
    assert partner.look("/book")["orders"] == {}


def test_orders_of_others_cannot_be_seen_closed_or_refunded(partner: Partner, merchant: Merchant) -> None:
    number = partner.paid()
    other = Partner(partner.client, partner.world, partner.new_sub(name="别家"))
    target = f"/v3/pay/partner/transactions/out-trade-no/{number}?{other.parties()}"
    seen = other.get(target)
    assert (seen.status_code, seen.json()["code"]) == (400, "INVALID_REQUEST")
    assert seen.headers["Request-ID"].endswith("-268447845")
    assert other.close(number).json()["code"] == "INVALID_REQUEST"
    assert other.refund(number, 1, "R1").json()["code"] == "INVALID_REQUEST"
    mine = merchant.get(f"/v3/pay/transactions/out-trade-no/{number}?mchid={merchant.credentials.mchid}")
    assert mine.json()["code"] == "ORDER_NOT_EXIST"
    assert merchant.refund(number, 1, "R1").json()["code"] == "RESOURCE_NOT_EXISTS"
    again = merchant.post("/v3/pay/transactions/jsapi", merchant.order(out_trade_no=number))
    assert again.json()["code"] == "OUT_TRADE_NO_USED"
    assert partner.balance(f"merchant:{partner.sub}") == 3990


def test_close_and_refund_for_the_sub_merchant(partner: Partner) -> None:
    number, _ = partner.prepaid("native")
    assert partner.close(number).status_code == 204
    assert partner.query(number)["trade_state"] == "CLOSED"
    paid = partner.paid()
    answer = partner.refund(paid, 1330, "R1")
    assert answer.status_code == 200, answer.text
    assert partner.refund_state("R1")["status"] == "SUCCESS"
    assert partner.balance(f"merchant:{partner.sub}") == 2660
    told = opened(partner, partner.notices(paid)[-1]["rendered"]["body"])
    assert (told["sp_mchid"], told["sub_mchid"], told["refund_status"]) == (
        partner.own["mchid"], partner.sub, "SUCCESS",
    )  # fmt: skip
    missing = partner.refund(paid, 1, "R2", sub_mchid=None)
    assert missing.json()["code"] == "PARAM_ERROR" and missing.headers["Request-ID"].endswith("-268443704")
    partner.sim(f"/sub_merchants/{partner.sub}", refund_allowed=False)
    assert partner.refund(paid, 1, "R2").json()["code"] == "NO_AUTH"
    assert partner.balance(f"merchant:{partner.sub}") == 2660


def test_a_partners_bill_names_each_sub_merchant(partner: Partner, merchant: Merchant) -> None:
    partner.sim("/config", bills_at_once=True)
    first = partner.paid()
    other = Partner(partner.client, partner.world, partner.new_sub(name="别家"))
    second, own = other.paid(), merchant.paid()
    day = time.strftime("%Y-%m-%d", time.gmtime(partner.world.clock.now() + 8 * 3600))
    rows = {}
    for who, query in ((partner, ""), (partner, f"&sub_mchid={other.sub}"), (merchant, "")):
        told = who.get(f"/v3/bill/tradebill?bill_date={day}{query}").json()
        file = who.get(told["download_url"].removeprefix("http://127.0.0.1:8001"))
        rows[who.__class__.__name__, query] = [
            line.split(",`") for line in file.text.split("\r\n")[1:] if line.startswith("`")
        ][:-1]
    by_partner = {row[6]: (row[2], row[3]) for row in rows["Partner", ""]}
    assert by_partner == {
        first: (partner.own["mchid"], partner.sub),
        second: (partner.own["mchid"], other.sub),
    }
    assert [row[6] for row in rows["Partner", f"&sub_mchid={other.sub}"]] == [second]
    assert [(row[6], row[2], row[3]) for row in rows["Merchant", ""]] == [
        (own, merchant.credentials.mchid, "0")
    ]


def test_further_direct_merchants_have_keys_of_their_own(merchant: Merchant) -> None:
    made = merchant.sim("/merchants", name="林姐的水果店")
    listed = {entry["mchid"]: entry for entry in merchant.look("/merchants")["merchants"]}
    assert set(listed) == {merchant.credentials.mchid, made["mchid"]}
    assert made["apiv3_key"] != merchant.credentials.apiv3_key and made["kind"] == "direct"
    # The first merchant's key under the second's number is no signature.
    refused = merchant.call("GET", "/v3/certificates", mchid=made["mchid"], serial_no=made["serial"])
    assert (refused.status_code, refused.json()["code"]) == (401, "SIGN_ERROR")
    merchant.sim(f"/merchants/{made['mchid']}", bound=False)
    assert merchant.look(f"/merchants/{made['mchid']}")["bound"] is False
