"""Tokens, logins, web authorisation, subscription messages, codes."""

import io
import json
import re
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from PIL import Image
from sim_merchant import Merchant

BACK = "http://127.0.0.1:8000/auth/wechat?next=/orders"


def token(merchant: Merchant, app: str = "mini", **more: object) -> str:
    appid = getattr(merchant.credentials, f"{app}_appid")
    secret = getattr(merchant.credentials, f"{app}_secret")
    body = {"grant_type": "client_credential", "appid": appid, "secret": secret, **more}
    answer = read(merchant.client.post("/cgi-bin/stable_token", json=body))
    assert 0 < answer["expires_in"] <= 7200
    return answer["access_token"]


def read(response: httpx.Response) -> dict:
    assert response.status_code == 200
    return json.loads(response.content)


def post(merchant: Merchant, path: str, body: dict, access_token: str | None = None) -> dict:
    target = f"{path}?access_token={access_token or token(merchant)}"
    return read(merchant.client.post(target, content=json.dumps(body, ensure_ascii=False).encode()))


def session(merchant: Merchant, code: str, **changes: str) -> dict:
    query = {
        "appid": merchant.credentials.mini_appid,
        "secret": merchant.credentials.mini_secret,
        "js_code": code,
        "grant_type": "authorization_code",
    } | changes
    return read(merchant.client.get("/sns/jscode2session", params=query))


def test_stable_token_is_stable_until_its_last_five_minutes(merchant: Merchant) -> None:
    first = token(merchant)
    assert token(merchant) == first
    merchant.sim("/clock", offset_seconds=6000)
    assert token(merchant) == first
    merchant.sim("/clock", offset_seconds=7000)
    renewed = token(merchant)
    assert renewed != first
    for known in (first, renewed):
        answer = read(merchant.client.get(f"/cgi-bin/ticket/getticket?access_token={known}&type=jsapi"))
        assert answer["errcode"] == 0
    merchant.sim("/clock", offset_seconds=7300)
    assert (
        read(merchant.client.get(f"/cgi-bin/ticket/getticket?access_token={first}&type=jsapi"))["errcode"]
        == 42001
    )


def test_a_forced_token_kills_the_old_one(merchant: Merchant) -> None:
    first = token(merchant)
    assert token(merchant, force_refresh=True) != first
    assert post(merchant, "/wxa/getwxacodeunlimit", {"scene": "a"}, first)["errcode"] == 40001
    body = {"grant_type": "client_credential", "force_refresh": True,
            "appid": merchant.credentials.mini_appid, "secret": merchant.credentials.mini_secret}  # fmt: skip
    assert read(merchant.client.post("/cgi-bin/stable_token", json=body))["errcode"] == 45011


@pytest.mark.parametrize(
    ("changes", "errcode"),
    [
        ({"grant_type": "x"}, 40002),
        ({"appid": ""}, 41002),
        ({"secret": ""}, 41004),
        ({"appid": "wx1"}, 40013),
        ({"secret": "x"}, 40125),
    ],
)
def test_token_errors(merchant: Merchant, changes: dict, errcode: int) -> None:
    body = {
        "grant_type": "client_credential",
        "appid": merchant.credentials.mini_appid,
        "secret": merchant.credentials.mini_secret,
    } | changes
    answer = read(merchant.client.post("/cgi-bin/stable_token", json=body))
    assert answer["errcode"] == errcode
    assert " rid: " in answer["errmsg"]
    assert read(merchant.client.post("/cgi-bin/stable_token", content=b""))["errcode"] == 44002
    assert read(merchant.client.post("/cgi-bin/stable_token", content=b"{"))["errcode"] == 47001


def test_legacy_tokens_replace_each_other_with_an_overlap(merchant: Merchant) -> None:
    query = {
        "grant_type": "client_credential",
        "appid": merchant.credentials.oa_appid,
        "secret": merchant.credentials.oa_secret,
    }
    first, second = (
        read(merchant.client.get("/cgi-bin/token", params=query))["access_token"] for _ in range(2)
    )
    ticket = "/cgi-bin/ticket/getticket?type=jsapi&access_token="
    assert (
        read(merchant.client.get(ticket + first))["ticket"]
        == read(merchant.client.get(ticket + second))["ticket"]
    )
    merchant.sim("/clock", offset_seconds=301)
    assert read(merchant.client.get(ticket + first))["errcode"] == 42001


def test_ordered_token_faults(merchant: Merchant) -> None:
    good = token(merchant)
    merchant.sim("/faults", kind="wechat_token_expired")
    assert post(merchant, "/wxa/getwxacodeunlimit", {"scene": "a"}, good)["errcode"] == 40001
    assert token(merchant) != good
    merchant.sim("/faults", kind="wechat_quota")
    assert post(merchant, "/wxa/getwxacodeunlimit", {"scene": "a"}, good)["errcode"] == 45009
    assert read(merchant.client.post("/wxa/getwxacodeunlimit", json={"scene": "a"}))["errcode"] == 41001


def test_login_codes_work_once_and_for_five_minutes(merchant: Merchant) -> None:
    minted = merchant.sim("/js_codes", user="林姐")
    answer = session(merchant, minted["code"])
    assert answer["openid"] == minted["openid"]
    assert {"session_key", "unionid"} <= set(answer)
    assert session(merchant, minted["code"])["errcode"] == 40163
    assert session(merchant, "nonsense")["errcode"] == 40029
    late = merchant.sim("/js_codes", user="林姐")["code"]
    merchant.sim("/clock", offset_seconds=301)
    assert session(merchant, late)["errcode"] == 40029
    phone = merchant.sim("/js_codes", user="林姐", kind="phone", phone="13800000001")["code"]
    assert session(merchant, phone)["errcode"] == 40029


def test_phone_numbers_come_by_their_own_code(merchant: Merchant) -> None:
    code = merchant.sim("/js_codes", user="林姐", kind="phone", phone="13800000001")["code"]
    answer = post(merchant, "/wxa/business/getuserphonenumber", {"code": code})
    assert answer["phone_info"]["purePhoneNumber"] == "13800000001"
    assert answer["phone_info"]["watermark"]["appid"] == merchant.credentials.mini_appid
    assert post(merchant, "/wxa/business/getuserphonenumber", {"code": code})["errcode"] == 40163


def authorize_query(merchant: Merchant, **changes: str) -> dict[str, str]:
    return {
        "appid": merchant.credentials.oa_appid,
        "redirect_uri": BACK,
        "response_type": "code",
        "scope": "snsapi_userinfo",
        "state": "abc123",
    } | changes


def agree(merchant: Merchant, **changes: str) -> dict[str, list[str]]:
    form = authorize_query(merchant) | {"person": "林姐", "decision": "agree"} | changes
    answer = merchant.client.post("/connect/oauth2/authorize", data=form)
    assert answer.status_code == 303
    assert answer.headers["location"].startswith("http://127.0.0.1:8000/auth/wechat?next=%2Forders&")
    return parse_qs(urlsplit(answer.headers["location"]).query)


def exchange(merchant: Merchant, code: str) -> dict:
    query = {
        "appid": merchant.credentials.oa_appid,
        "secret": merchant.credentials.oa_secret,
        "code": code,
        "grant_type": "authorization_code",
    }
    return read(merchant.client.get("/sns/oauth2/access_token", params=query))


def test_web_authorisation_from_page_to_nickname(merchant: Merchant) -> None:
    page = merchant.client.get("/connect/oauth2/authorize", params=authorize_query(merchant))
    assert page.status_code == 200
    assert "林姐" in page.text
    back = agree(merchant)
    assert back["state"] == ["abc123"]
    answer = exchange(merchant, back["code"][0])
    assert answer["openid"] == merchant.world.openid_of(merchant.credentials.oa_appid, "林姐")
    query = {"access_token": answer["access_token"], "openid": answer["openid"]}
    user = read(merchant.client.get("/sns/userinfo", params=query))
    mini = session(merchant, merchant.sim("/js_codes", user="林姐")["code"])
    assert (user["nickname"], user["unionid"]) == ("林姐", mini["unionid"])
    assert (
        merchant.client.get(urlsplit(user["headimgurl"]).path).headers["content-type"].startswith("image/svg")
    )
    assert exchange(merchant, back["code"][0])["errcode"] == 40163


def test_denial_base_scope_and_snapshot(merchant: Merchant) -> None:
    assert "code" not in agree(merchant, decision="deny")
    base = exchange(merchant, agree(merchant, scope="snsapi_base")["code"][0])
    assert "unionid" not in base
    query = {"access_token": base["access_token"], "openid": base["openid"]}
    assert read(merchant.client.get("/sns/userinfo", params=query))["errcode"] == 48001
    assert exchange(merchant, agree(merchant, snapshot="1")["code"][0])["is_snapshotuser"] == 1


@pytest.mark.parametrize(
    "changes",
    [
        {"appid": "wx1"},
        {"scope": "snsapi_login"},
        {"response_type": "token"},
        {"redirect_uri": "https://evil.example/"},
        {"redirect_uri": "javascript:alert(1)"},
        {"redirect_uri": "http://127.0.0.1@evil.example/"},
        {"redirect_uri": "http://127.evil.example/"},
    ],
)
def test_web_authorisation_refuses_strange_requests(merchant: Merchant, changes: dict) -> None:
    query = authorize_query(merchant, **changes)
    assert merchant.client.get("/connect/oauth2/authorize", params=query).status_code == 400
    form = query | {"decision": "agree", "person": "林姐"}
    assert merchant.client.post("/connect/oauth2/authorize", data=form).status_code == 400


def message(merchant: Merchant, **changes: object) -> dict:
    return {
        "touser": merchant.world.openid_of(merchant.credentials.mini_appid, "林姐"),
        "template_id": merchant.credentials.template_new_order,
        "page": "pages/order/detail?id=123",
        "data": {
            "thing1": {"value": "五月水果团"},
            "amount2": {"value": "¥39.90"},
            "time3": {"value": "2026年5月12日 18:00"},
            "character_string4": {"value": "20260512-0001"},
            "phrase5": {"value": "已到货"},
        },
    } | changes


SEND = "/cgi-bin/message/subscribe/send"


def test_one_acceptance_is_one_message(merchant: Merchant) -> None:
    assert post(merchant, SEND, message(merchant))["errcode"] == 43101
    assert merchant.sim("/consents", user="林姐", count=2)["count"] == 2
    assert post(merchant, SEND, message(merchant))["errcode"] == 0
    merchant.sim("/faults", kind="subscribe_refused")
    assert post(merchant, SEND, message(merchant))["errcode"] == 43101
    assert post(merchant, SEND, message(merchant))["errcode"] == 0
    assert post(merchant, SEND, message(merchant))["errcode"] == 43101
    received = merchant.look("/inbox?channel=subscribe")["messages"]
    assert [entry["recipient"] for entry in received] == ["林姐", "林姐"]
    assert received[0]["details"]["data"]["thing1"]["value"] == "五月水果团"


@pytest.mark.parametrize(
    ("key", "value", "fits"),
    [
        ("thing1", "果" * 20, True),
        ("thing1", "果" * 21, False),
        ("thing1", "", False),
        ("thing1", "两\n行", False),
        ("number1", "12.5", True),
        ("number1", "12a", False),
        ("letter1", "abc", True),
        ("letter1", "abc1", False),
        ("character_string1", "A-001", True),
        ("character_string1", "中文", False),
        ("character_string1", "a" * 33, False),
        ("time1", "15:01", True),
        ("time1", "2019年10月1日 15:01", True),
        ("time1", "下午三点", False),
        ("date1", "2019-10-01", True),
        ("date1", "2019年10月1日 15:01", True),
        ("date1", "15:01", False),
        ("amount1", "¥39.90", True),
        ("amount1", "39.9元", True),
        ("amount1", "三十九元", False),
        ("phone_number1", "+86-0766-66888866", True),
        ("phone_number1", "1" * 18, False),
        ("name1", "张三丰", True),
        ("name1", "张" * 11, False),
        ("phrase1", "已发货", True),
        ("phrase1", "已发货完成了", False),
        ("phrase1", "OK", False),
        ("colour1", "红", False),
        ("thing", "无编号", False),
    ],
)
def test_limits_of_message_values(merchant: Merchant, key: str, value: str, fits: bool) -> None:
    merchant.sim("/consents", user="林姐")
    answer = post(merchant, SEND, message(merchant, data={key: {"value": value}}))
    assert answer["errcode"] == (0 if fits else 47003)
    if not fits:
        assert f"data.{key}.value" in answer["errmsg"]
        assert merchant.look("/inbox")["messages"] == []


@pytest.mark.parametrize(
    ("changes", "errcode"),
    [
        ({"touser": "oNobody"}, 40003),
        ({"template_id": "TPL"}, 40037),
        ({"page": "/pages/order"}, 41030),
        ({"data": {}}, 47003),
    ],
)
def test_message_errors_use_no_consent_up(merchant: Merchant, changes: dict, errcode: int) -> None:
    merchant.sim("/consents", user="林姐")
    assert post(merchant, SEND, message(merchant, **changes))["errcode"] == errcode
    assert post(merchant, SEND, message(merchant))["errcode"] == 0


def test_official_account_template_message(merchant: Merchant) -> None:
    openid = merchant.world.openid_of(merchant.credentials.oa_appid, "林姐")
    body = {"touser": openid, "template_id": merchant.credentials.template_new_order,
            "data": {"thing1": {"value": "五月水果团"}}}  # fmt: skip
    path = "/cgi-bin/message/template/send"
    assert post(merchant, path, body, token(merchant, "oa"))["errcode"] == 0
    assert post(merchant, path, body)["errcode"] == 40003
    assert len(merchant.look("/inbox?channel=template")["messages"]) == 1


def test_mini_program_code_is_a_picture(merchant: Merchant) -> None:
    target = f"/wxa/getwxacodeunlimit?access_token={token(merchant)}"
    answer = merchant.client.post(target, json={"scene": "g=Ab3", "page": "pages/group/index", "width": 430})
    assert answer.headers["content-type"] == "image/png"
    picture = Image.open(io.BytesIO(answer.content))
    assert picture.format == "PNG"
    assert 280 <= picture.width <= 430


@pytest.mark.parametrize(
    ("body", "errcode"),
    [
        ({}, 40129),
        ({"scene": "a" * 33}, 40169),
        ({"scene": "50%"}, 40169),
        ({"scene": "团"}, 40169),
        ({"scene": "a", "page": "/pages/x"}, 41030),
        ({"scene": "a", "page": "pages/x?a=1"}, 41030),
        ({"scene": "a", "width": 100}, 40097),
    ],
)
def test_mini_program_code_errors(merchant: Merchant, body: dict, errcode: int) -> None:
    assert post(merchant, "/wxa/getwxacodeunlimit", body)["errcode"] == errcode


def test_published_pages_can_be_named(merchant: Merchant) -> None:
    merchant.sim("/config", pages=["pages/group/index"])
    body = {"scene": "a", "page": "pages/other/index"}
    assert post(merchant, "/wxa/getwxacodeunlimit", body)["errcode"] == 41030
    target = f"/wxa/getwxacodeunlimit?access_token={token(merchant)}"
    unchecked = merchant.client.post(target, json={**body, "check_path": False})
    assert unchecked.headers["content-type"] == "image/png"


def test_ids_look_like_wechats(merchant: Merchant) -> None:
    for user in merchant.look("/users")["users"]:
        assert re.fullmatch(r"o[\w-]{27}", user["mini_openid"])
        assert re.fullmatch(r"oUn[\w-]{25}", user["unionid"])
