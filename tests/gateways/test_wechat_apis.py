"""Mini-program, official account, tokens and template values, against a scripted WeChat."""

from __future__ import annotations

import json
import stat
import threading
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from gateways import pay_platform as p
from yantuan.gateways.errors import (
    GatewayInvalid,
    GatewayRefused,
    GatewayThrottled,
    GatewayUnavailable,
    GatewayUnverified,
)
from yantuan.gateways.wechat_api import ConsentMissing, WeChatCodeRejected
from yantuan.gateways.wechat_mini import MiniClient, MiniSettings
from yantuan.gateways.wechat_oa import OfficialClient, OfficialSettings, js_signature_of
from yantuan.gateways.wechat_template import fit_template_value
from yantuan.gateways.wechat_tokens import FileTokenStore, MemoryTokenStore, StoredToken, TokenStore

BASE = "https://api.weixin.example.com"
APPID = "wxmini0000000001"
PNG = b"\x89PNG\r\n\x1a\n" + b"0" * 20


class WeChat:
    """A token service as documented, and one scripted reply for everything else."""

    def __init__(self, reply: Any = None) -> None:
        self.time = p.NOW
        self.token = "T1"
        self.ends = p.NOW + timedelta(hours=2)
        self.fetches: list[bool] = []
        self.sticky = False
        self.refuse_token = ""
        self.reply: Callable[[httpx.Request], httpx.Response] = lambda _: httpx.Response(
            200, json=reply or {}
        )
        self.seen: list[httpx.Request] = []
        self.lock = threading.Lock()

    def __call__(self, request: httpx.Request) -> httpx.Response:
        if request.url.path == "/cgi-bin/stable_token":
            return self.give_token(json.loads(request.content))
        self.seen.append(request)
        if self.refuse_token and request.url.params.get("access_token") == self.refuse_token:
            return httpx.Response(200, json={"errcode": 40001, "errmsg": "invalid credential rid: 1"})
        return self.reply(request)

    def give_token(self, asked: dict[str, Any]) -> httpx.Response:
        assert asked["grant_type"] == "client_credential" and asked["secret"] == "S"
        with self.lock:
            force = bool(asked.get("force_refresh"))
            self.fetches.append(force)
            soon = self.ends - self.time <= timedelta(minutes=5)
            if force or soon or (self.refuse_token == self.token and not self.sticky):
                self.token = f"T{int(self.token[1:]) + 1}"
                self.ends = self.time + timedelta(hours=2)
            left = int((self.ends - self.time).total_seconds())
            return httpx.Response(200, json={"access_token": self.token, "expires_in": left})

    def mini(self, store: TokenStore | None = None) -> MiniClient:
        made = MiniClient(
            MiniSettings(BASE, APPID, "S"),
            store or MemoryTokenStore(),
            transport=httpx.MockTransport(self),
            now=lambda: self.time,
        )
        made._api.http._sleep = lambda seconds: None
        return made

    def official(self) -> OfficialClient:
        return OfficialClient(
            OfficialSettings(BASE, "https://open.weixin.example.com", "wxoa", "S"),
            MemoryTokenStore(),
            transport=httpx.MockTransport(self),
            now=lambda: self.time,
            nonce=lambda: "Wm3WZYTPz0wzccnW",
        )


def error(code: int) -> dict[str, Any]:
    return {"errcode": code, "errmsg": "… rid: 64f1a2b3-0a1b2c3d-4e5f6071"}


def test_code2session() -> None:
    wechat = WeChat({"openid": "oAAA", "session_key": "K", "unionid": "U"})
    session = wechat.mini().code2session("C")
    assert (session.openid, session.unionid, session.session_key) == ("oAAA", "U", "K")
    assert "K" not in repr(session)
    assert dict(wechat.seen[0].url.params) == {
        "appid": APPID,
        "secret": "S",
        "js_code": "C",
        "grant_type": "authorization_code",
    }
    assert wechat.fetches == []


@pytest.mark.parametrize("code", [40029, 40163])
def test_a_used_code_is_the_persons_matter_and_never_repeated(code: int) -> None:
    wechat = WeChat(error(code))
    with pytest.raises(WeChatCodeRejected) as caught:
        wechat.mini().code2session("C")
    assert (caught.value.status, caught.value.code) == (422, "wechat_code_invalid")
    assert len(wechat.seen) == 1


def test_a_code_is_not_sent_twice_after_a_timeout() -> None:
    wechat = WeChat()

    def slow(request: httpx.Request) -> httpx.Response:
        raise httpx.ReadTimeout("slow")

    wechat.reply = slow
    with pytest.raises(GatewayUnavailable):
        wechat.mini().code2session("C")
    assert len(wechat.seen) == 1


def test_phone_number_of_our_own_app_only() -> None:
    info = {
        "phoneNumber": "13800138000",
        "purePhoneNumber": "13800138000",
        "countryCode": "86",
        "watermark": {"timestamp": 1, "appid": APPID},
    }
    phone = WeChat({"errcode": 0, "phone_info": info}).mini().get_phone_number("C")
    assert (phone.pure, phone.country_code) == ("13800138000", "86")
    foreign = info | {"watermark": {"appid": "wxother"}}
    with pytest.raises(GatewayUnverified):
        WeChat({"errcode": 0, "phone_info": foreign}).mini().get_phone_number("C")


def test_subscribe_message_is_raw_utf8_and_fitted() -> None:
    wechat = WeChat({"errcode": 0, "errmsg": "ok", "msgid": 294402298110869504})
    sent = wechat.mini().send_subscribe_message(
        "oAAA", "TPL", {"thing1": "五月水果团" * 9, "amount2": "¥39.90"}, page="pages/order/detail?id=1"
    )
    assert sent == "294402298110869504"
    body = wechat.seen[0].content
    assert "五月水果团".encode() in body
    value = json.loads(body)
    assert value["data"]["thing1"]["value"] == ("五月水果团" * 9)[:17] + "..."
    assert value["data"]["amount2"]["value"] == "¥39.90"
    assert (value["touser"], value["page"]) == ("oAAA", "pages/order/detail?id=1")


@pytest.mark.parametrize(
    ("code", "kind"),
    [(43101, ConsentMissing), (45009, GatewayThrottled), (47003, GatewayRefused), (-1, GatewayUnavailable)],
)
def test_message_refusals_are_typed_and_not_repeated(code: int, kind: type[Exception]) -> None:
    wechat = WeChat(error(code))
    with pytest.raises(kind):
        wechat.mini().send_subscribe_message("oAAA", "TPL", {"thing1": "x"})
    assert len(wechat.seen) == 1


def test_wxacode_is_a_picture_or_an_error() -> None:
    wechat = WeChat()
    wechat.reply = lambda _: httpx.Response(200, content=PNG)
    assert wechat.mini().get_wxacode_unlimit("s=1", page="pages/group/index") == PNG
    assert json.loads(wechat.seen[0].content)["scene"] == "s=1"
    with pytest.raises(GatewayRefused) as caught:
        WeChat(error(41030)).mini().get_wxacode_unlimit("s=1")
    assert caught.value.provider_code == "41030"
    wechat.reply = lambda _: httpx.Response(200, content=b"<html>")
    with pytest.raises(GatewayUnavailable):
        wechat.mini().get_wxacode_unlimit("s=1")


@pytest.mark.parametrize(
    "wrong",
    [{"scene": ""}, {"scene": "x" * 33}, {"scene": "团"}, {"scene": "a%20"}, {"page": "/a"}, {"width": 99}],
)
def test_wxacode_rules(wrong: dict[str, Any]) -> None:
    with pytest.raises(GatewayInvalid):
        WeChat().mini().get_wxacode_unlimit(**({"scene": "ok"} | wrong))


def test_one_token_serves_until_its_last_minutes() -> None:
    wechat = WeChat({"errcode": 0})
    mini = wechat.mini()
    for minutes in (0, 60, 115):
        wechat.time = p.NOW + timedelta(minutes=minutes)
        mini.send_subscribe_message("oAAA", "TPL", {})
    assert wechat.fetches == [False]
    wechat.time = p.NOW + timedelta(minutes=117)
    mini.send_subscribe_message("oAAA", "TPL", {})
    assert wechat.fetches == [False, False] and wechat.token == "T2"


def test_a_refused_token_is_renewed_once_and_the_call_repeated() -> None:
    wechat = WeChat({"errcode": 0})
    mini = wechat.mini()
    mini.send_subscribe_message("oAAA", "TPL", {})
    wechat.refuse_token = "T1"
    mini.send_subscribe_message("oAAA", "TPL", {})
    assert [request.url.params["access_token"] for request in wechat.seen] == ["T1", "T1", "T2"]
    assert wechat.fetches == [False, False]


def test_a_token_that_stays_bad_is_forced_but_not_in_a_loop() -> None:
    wechat = WeChat({"errcode": 0})
    wechat.sticky, wechat.refuse_token = True, "T1"
    mini = wechat.mini()
    mini.send_subscribe_message("oAAA", "TPL", {})
    assert wechat.fetches == [False, False, True]
    wechat.refuse_token = "T2"
    with pytest.raises(GatewayRefused):
        mini.send_subscribe_message("oAAA", "TPL", {})
    assert wechat.fetches == [False, False, True, False]


@pytest.mark.parametrize("kind", ["memory", "file"])
def test_many_threads_and_clients_share_one_fetch(kind: str, tmp_path: Path) -> None:
    wechat = WeChat({"errcode": 0})
    memory = MemoryTokenStore()
    clients = [wechat.mini(memory if kind == "memory" else FileTokenStore(tmp_path)) for _ in range(6)]
    threads = [threading.Thread(target=c.send_subscribe_message, args=("o", "T", {})) for c in clients]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wechat.fetches == [False]
    assert len(wechat.seen) == 6


def test_token_files_are_private_and_survive_damage(tmp_path: Path) -> None:
    store = FileTokenStore(tmp_path / "tokens")
    token = StoredToken("T1", p.NOW, p.NOW, None)
    store.put("wechat-a/../b", token)
    assert store.get("wechat-a/../b") == token
    (file,) = (tmp_path / "tokens").glob("*.json")
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    file.write_text("{")
    assert store.get("wechat-a/../b") is None


def test_oauth() -> None:
    wechat = WeChat(
        {
            "access_token": "AT",
            "expires_in": 7200,
            "openid": "oOA",
            "scope": "snsapi_base",
            "is_snapshotuser": 1,
        }
    )
    official = wechat.official()
    url = official.authorize_url("https://shop.example.com/wx?next=/g/1", "abc123")
    assert url == (
        "https://open.weixin.example.com/connect/oauth2/authorize?appid=wxoa"
        "&redirect_uri=https%3A%2F%2Fshop.example.com%2Fwx%3Fnext%3D%2Fg%2F1"
        "&response_type=code&scope=snsapi_base&state=abc123#wechat_redirect"
    )
    person = official.exchange_code("C")
    assert person.openid == "oOA" and person.snapshot
    wechat.reply = lambda _: httpx.Response(
        200,
        headers={"Content-Type": "text/plain"},
        content='{"openid":"oOA","nickname":"小雁","headimgurl":"https://a/0"}'.encode(),
    )
    assert official.userinfo("AT", "oOA").nickname == "小雁"
    with pytest.raises(GatewayInvalid):
        official.authorize_url("https://a.example/", "a b")


TICKET = "sM4AOVdWfPE4DxkXGEs8VMCPGGVi4C3VM0P37wVUCFvkVAy_90u5h9nbSlYy3-Sl-HhTdfl2fzFy1AOcHKP7qg"


@pytest.mark.parametrize(
    ("url", "signature"),
    [
        ("http://mp.weixin.qq.com?params=value", "0f9de62fce790f9a083d5c99e95740ceb90c27ed"),
        ("http://mp.weixin.qq.com", "f4d90daf4b3bca3078ab155816175ba34c443a7b"),
    ],
)
def test_documented_js_signatures(url: str, signature: str) -> None:
    assert js_signature_of(TICKET, "Wm3WZYTPz0wzccnW", 1414587457, url) == signature


def test_js_signature_ignores_the_fragment_and_keeps_the_ticket() -> None:
    wechat = WeChat({"errcode": 0, "errmsg": "ok", "ticket": TICKET, "expires_in": 7200})
    official = wechat.official()
    first, second = (
        official.js_signature("https://a.example/x?y=1#z"),
        official.js_signature("https://a.example/x?y=1"),
    )
    assert first == second and first.appid == "wxoa"
    assert len(wechat.seen) == 1


@pytest.mark.parametrize(
    ("key", "value", "fitted"),
    [
        ("thing1", "正好二十个字正好二十个字正好二十个字正好", "正好二十个字正好二十个字正好二十个字正好"),
        ("thing1", "", "无"),
        ("thing2", "a\nb\x00", "a b"),
        ("phrase5", "已到货 OK", "已到货"),
        ("phrase5", "abc", "已更新"),
        ("character_string4", "订单20260512-0001", "20260512-0001"),
        ("character_string4", "团", "-"),
        ("amount2", "¥39.90", "¥39.90"),
        ("amount2", "39.90元", "39.90元"),
        ("amount2", "免费", "0元"),
        ("phone_number1", "+86 138 0013 8000", "+8613800138000"),
        ("name1", "欧阳欧阳欧阳欧阳欧阳欧阳", "欧阳欧阳欧阳欧阳欧阳"),
        ("name1", "x" * 30, "x" * 20),
        ("time3", "2026年5月12日 18:00", "2026年5月12日 18:00"),
        ("number1", "12件", "12"),
        ("enum7", "一\t二", "一 二"),
    ],
)
def test_template_values(key: str, value: str, fitted: str) -> None:
    assert fit_template_value(key, value) == fitted


KEYS = [
    "thing1",
    "name2",
    "phrase3",
    "amount4",
    "number5",
    "letter6",
    "symbol7",
    "character_string8",
    "phone_number9",
]


@example(key="character_string8", value="0 果 0")
@given(key=st.sampled_from(KEYS), value=st.text(max_size=80))
def test_any_value_is_made_acceptable(key: str, value: str) -> None:
    limits = {"thing": 20, "name": 20, "phrase": 5, "amount": 14, "symbol": 5, "phone_number": 17}
    fitted = fit_template_value(key, value)
    assert fitted and "\n" not in fitted and "\x00" not in fitted
    assert len(fitted) <= limits.get(key.rstrip("0123456789"), 32)
    assert fit_template_value(key, fitted) == fitted
