"""The pages on which a person pays, and where they lead back to."""

from urllib.parse import urlencode

import pytest
from sim_merchant import Merchant

BACK = "http://127.0.0.1:8000/#/pages/order/result?id=7"


def jsapi_query(merchant: Merchant, prepay_id: str, **changes: str) -> str:
    values = {
        "appId": merchant.credentials.mini_appid,
        "timeStamp": "1778553296",
        "nonceStr": "593BEC0C930BF1AFEB40B4A08C8FB242",
        "package": f"prepay_id={prepay_id}",
        "signType": "RSA",
    }
    names = ("appId", "timeStamp", "nonceStr", "package")
    values["paySign"] = merchant.sign("".join(values[name] + "\n" for name in names))
    return "/cashier/jsapi?" + urlencode(values | {"redirect_url": BACK} | changes)


def press(merchant: Merchant, prepay_id: str, result: str, way: str, back: str = BACK, **more: str):
    form = {"prepay_id": prepay_id, "way": way, "result": result, "redirect_url": back, **more}
    return merchant.client.post("/cashier/act", data=form)


def test_jsapi_page_shows_and_pays(merchant: Merchant) -> None:
    number, answer = merchant.prepaid()
    page = merchant.client.get(jsapi_query(merchant, answer["prepay_id"]))
    assert page.status_code == 200
    for text in ("雁团演示商户", "五月团 苹果5斤 等3件", "39.90", "支付", "取消", "支付失败", "阿禾"):
        assert text in page.text
    paid = press(merchant, answer["prepay_id"], "pay", "jsapi")
    assert (paid.status_code, paid.headers["location"]) == (
        303, "http://127.0.0.1:8000/?cashier_result=ok#/pages/order/result?id=7",
    )  # fmt: skip
    assert merchant.query(number)["trade_state"] == "SUCCESS"


@pytest.mark.parametrize("result", ["cancel", "fail"])
def test_jsapi_cancel_and_failure_go_back_unpaid(merchant: Merchant, result: str) -> None:
    number, answer = merchant.prepaid()
    back = press(merchant, answer["prepay_id"], result, "jsapi")
    assert f"cashier_result={result}" in back.headers["location"]
    assert merchant.query(number)["trade_state"] == "NOTPAY"


@pytest.mark.parametrize(
    "changes",
    [
        {"paySign": "AAAA"},
        {"appId": "wx1"},
        {"nonceStr": "other"},
        {"package": "prepay_id=wx1"},
        {"signType": "MD5"},
        {"timeStamp": ""},
    ],
)
def test_a_wrong_pay_sign_shows_no_buttons(merchant: Merchant, changes: dict) -> None:
    _, answer = merchant.prepaid()
    page = merchant.client.get(jsapi_query(merchant, answer["prepay_id"], **changes))
    assert page.status_code == 403
    assert "支付验证签名失败" in page.text
    assert "/cashier/act" not in page.text


def test_h5_page_by_its_url(merchant: Merchant) -> None:
    number, answer = merchant.prepaid("h5")
    target = answer["h5_url"].removeprefix("http://127.0.0.1:8001") + "&" + urlencode({"redirect_url": BACK})
    assert "支付" in merchant.client.get(target).text
    prepay_id = target.split("/")[3].split("?")[0]
    paid = press(merchant, prepay_id, "pay", "h5", person="老周")
    assert paid.headers["location"] == BACK
    assert merchant.look("/book")["orders"][number]["payer"] == "老周"
    again = merchant.client.get(target)
    assert "已经支付" in again.text


def test_h5_url_lives_five_minutes(merchant: Merchant) -> None:
    _, answer = merchant.prepaid("h5")
    merchant.sim("/clock", offset_seconds=301)
    page = merchant.client.get(answer["h5_url"].removeprefix("http://127.0.0.1:8001"))
    assert (page.status_code, "已过期" in page.text) == (410, True)


def test_native_page_by_pr_and_by_scanned_text(merchant: Merchant) -> None:
    number, answer = merchant.prepaid("native")
    pr = answer["code_url"].split("pr=")[1]
    for query in ({"pr": pr}, {"code_url": answer["code_url"]}):
        page = merchant.client.get("/cashier/native", params={**query, "redirect_url": BACK})
        assert "39.90" in page.text
    assert merchant.client.get("/cashier/native?pr=nonsense").status_code == 404
    prepay_id = merchant.world.db.row("SELECT prepay_id FROM prepays WHERE pr = ?", pr)["prepay_id"]
    done = press(merchant, prepay_id, "pay", "native", back="")
    assert done.headers["location"] == f"/cashier/result/{prepay_id}?result=pay"
    assert "支付成功" in merchant.client.get(done.headers["location"]).text
    assert merchant.query(number)["trade_state"] == "SUCCESS"


@pytest.mark.parametrize(
    "back",
    [
        "https://evil.example/",
        "//evil.example/",
        "javascript:alert(1)",
        "http://127.0.0.1@evil.example/",
        "http://127.0.0.1.evil.example/",
        "http://user@127.0.0.1/",
        "http://shop.test:81/",
        "data:text/html,x",
    ],
)
def test_browsers_are_never_sent_elsewhere(merchant: Merchant, back: str) -> None:
    _, answer = merchant.prepaid()
    moved = press(merchant, answer["prepay_id"], "cancel", "jsapi", back=back)
    assert moved.headers["location"].startswith("/cashier/result/")
    page = merchant.client.get(jsapi_query(merchant, answer["prepay_id"], redirect_url=back))
    assert "evil" not in page.text
    assert 'name="redirect_url"' not in page.text


def test_this_machine_and_the_product_are_allowed(merchant: Merchant) -> None:
    for back in (
        "http://localhost:8000/a",
        "http://[::1]:8000/",
        "http://shop.test/orders",
        "https://127.0.0.1/",
    ):
        assert merchant.world.may_return_to(back)


def test_a_second_press_says_what_happened(merchant: Merchant) -> None:
    number, answer = merchant.prepaid()
    press(merchant, answer["prepay_id"], "pay", "jsapi")
    again = press(merchant, answer["prepay_id"], "pay", "jsapi")
    assert (again.status_code, "已支付" in again.text) == (409, True)
    assert merchant.look("/book")["orders"][number]["paid"] == 3990
    assert press(merchant, "wx0", "pay", "jsapi").status_code == 404


def test_user_text_is_escaped(merchant: Merchant) -> None:
    _, answer = merchant.prepaid(description="<script>alert(1)</script>")
    page = merchant.client.get(jsapi_query(merchant, answer["prepay_id"]))
    assert "<script>alert(1)" not in page.text
    assert "frame-ancestors 'none'" in page.headers["content-security-policy"]
    for path in ("/", "/inbox", "/_sim/"):
        shown = merchant.client.get(path)
        assert shown.status_code == 200
        assert "<script>alert(1)" not in shown.text


def test_control_refusals_are_typed(merchant: Merchant) -> None:
    for target, body in (
        ("/_sim/faults", {"kind": "nonsense"}),
        ("/_sim/faults", {"kind": "notice_none", "times": -1}),
        ("/_sim/config", {"time_factor": 0}),
        ("/_sim/config", {"nonsense": 1}),
        ("/_sim/config", {"notice_mode": "sometimes"}),
        ("/_sim/pay", {"out_trade_no": "NOSUCH0001"}),
        ("/_sim/pay", {}),
        ("/_sim/js_codes", {"user": ""}),
        ("/_sim/rotate", {"mode": "nonsense"}),
        ("/_sim/consents", {"openid": "oNobody"}),
        ("/_sim/notices/EV-0/deliver", {}),
    ):
        answer = merchant.client.post(target, json=body)
        assert 400 <= answer.status_code < 500
        assert set(answer.json()) >= {"code", "message", "message_en"}, (target, answer.text)


def test_reset_forgets_trade_and_keeps_people(merchant: Merchant) -> None:
    number = merchant.paid()
    openid = merchant.world.openid_of(merchant.credentials.mini_appid, "新朋友")
    merchant.sim("/faults", kind="notice_none", times=None)
    merchant.sim("/clock", offset_seconds=99)
    merchant.sim("/reset")
    assert merchant.look("/book")["orders"] == {}
    assert merchant.look("/faults")["faults"] == []
    assert merchant.look("/clock")["offset_seconds"] == 0
    assert merchant.look("/config")["notice_mode"] == "auto"
    assert merchant.world.person_of(openid) == "新朋友"
    assert merchant.client.post("/_sim/pay", json={"out_trade_no": number}).status_code == 404
