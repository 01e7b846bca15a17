"""`yantuan wechat doctor`: every finding, against the simulator."""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Iterator
from datetime import timedelta

import httpx
import pytest
from django.test import Client, override_settings

from sharing.conftest import platform, platform_folder
from sharing.miniworld import Platform
from yantuan.commands import wechat
from yantuan.commands.wechat_checks import JUMP_PAGE, Doctor, Finding
from yantuan.kernel.clock import now
from yantuan.kernel.config import Config, WechatTemplate, config
from yantuan.merchants import checking
from yantuan.merchants.checking import Verdict
from yantuan.merchants.rules import PROBLEMS
from yantuan.notices.models import TemplateTrouble

__all__ = ["platform", "platform_folder"]
# It asks WeChat and reads settings; of rows only who sells how.
pytestmark = [pytest.mark.django_db, pytest.mark.one_database]
SHOP = "https://shop.example"


class Ways(httpx.BaseTransport):
    """The doctor's way to WeChat (the simulator) and to our own address (this process)."""

    def __init__(self, platform: Platform) -> None:
        self.platform = platform
        self.clock_off = timedelta()

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        if request.url.host == "shop.example":
            answer = Client().get(
                request.url.raw_path.decode(), secure=True, headers={"host": "shop.example"}
            )
            return httpx.Response(answer.status_code, content=answer.content)
        response = self.platform.transport.handle_request(request)
        response.read()
        head = (now() - self.clock_off).strftime("%a, %d %b %Y %H:%M:%S GMT")
        return httpx.Response(response.status_code, headers={"date": head}, content=response.content)


@pytest.fixture
def cfg(platform: Platform, monkeypatch: pytest.MonkeyPatch) -> Iterator[Config]:
    """Everything as it should be."""
    c = platform.world.credentials
    for name, value in {
        "PUBLIC_URL": SHOP, "WECHAT_TEMPLATE_NEW_ORDER": c.template_new_order, "WECHAT_PUSH_TOKEN": c.push_token,
        "WECHAT_PUSH_AES_KEY": c.push_aes_key, "WECHATPAY_MCHID": "1900000001", "WECHATPAY_MERCHANT_KEY_PATH": "/x",
    }.items():  # fmt: skip
        monkeypatch.setenv(f"YANTUAN_{name}", value)
    config.cache_clear()
    platform.control("POST", "/config", templates=["shipped=thing1 character_string2"])
    platform.control("POST", "/shipping", managed=True)
    fields = {"thing1": "what", "character_string2": "number"}
    monkeypatch.setattr(
        config(), "wechat_templates", {"shipped": WechatTemplate(id="shipped", fields=fields)}
    )  # type: ignore[arg-type]
    monkeypatch.setattr("yantuan.commands.wechat_checks.operator_settings", lambda cfg: cfg)
    monkeypatch.setattr(checking, "check", lambda settings: Verdict("checked"))
    with override_settings(ALLOWED_HOSTS=["*"]):
        yield config()


@pytest.fixture
def look(cfg: Config, platform: Platform) -> Callable[..., dict[str, Finding]]:
    ways = Ways(platform)

    def run(*, fix: bool = False, clock_off: timedelta = timedelta()) -> dict[str, Finding]:
        ways.clock_off = clock_off
        return {one.name: one for one in Doctor(cfg, fix=fix, transport=ways).look()}

    return run


Look = Callable[..., dict[str, Finding]]


def test_all_is_well(look: Look) -> None:
    found = look()
    assert {name: one.state for name, one in found.items()} == {
        "address": "ok", "token": "ok", "clock": "ok", "template:new_order": "ok", "template:shipped": "ok", "pages": "ok",
        "trade": "ok", "order_page": "ask", "quota": "ok", "push": "ok", "pay": "ok", "privacy": "ask", "order_centre": "ask",
    }  # fmt: skip
    assert wechat.status(list(found.values())) == 0


@pytest.mark.parametrize(
    ("setting", "value", "name", "state"),
    [
        ("public_url", "http://shop.example", "address", "wrong"),
        ("wechat_mini_appid", "", "app", "missing"),
        ("wechat_mini_appid", "wx0000000000000000", "token", "wrong"),
        ("wechat_mini_secret", "wrong", "token", "wrong"),
        ("wechat_template_new_order_keys", "thing1 amount2", "template:new_order", "wrong"),
        ("wechat_template_new_order", "gone", "template:new_order", "missing"),
        ("wechat_push_token", "", "push", "missing"),
        ("wechat_push_aes_key", "short", "push", "wrong"),
        ("wechatpay_mchid", "", "pay", "missing"),
    ],
)
def test_a_setting_that_is_missing_or_wrong_is_named_with_what_to_do(
    look: Look, cfg: Config, monkeypatch: pytest.MonkeyPatch, setting: str, value: str, name: str, state: str
) -> None:
    monkeypatch.setattr(cfg, setting, value)
    found = look()
    assert found[name].state == state and found[name].advice
    assert wechat.status(list(found.values())) == 1
    assert sum(one.state in ("missing", "wrong") for one in found.values()) == 1


def test_the_content_check_has_all_it_needs(look: Look, cfg: Config, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "content" not in look()
    monkeypatch.setattr(cfg, "content_check", True)
    assert look()["content"].state == "ok"


@pytest.mark.parametrize(
    ("setting", "value", "word"),
    [
        ("wechat_push_token", "", "PUSH_TOKEN"),
        ("wechat_push_aes_key", "", "AES_KEY"),
        ("wechat_push_aes_key", "short", "AES_KEY"),
        ("public_url", "http://shop.example", "https://"),
        ("wechat_mini_secret", "", "MINI_SECRET"),
    ],
)
def test_the_content_check_lacks_something(
    look: Look, cfg: Config, monkeypatch: pytest.MonkeyPatch, setting: str, value: str, word: str
) -> None:
    monkeypatch.setattr(cfg, "content_check", True)
    monkeypatch.setattr(cfg, "wechat_push_mode", "plain")
    monkeypatch.setattr(cfg, setting, value)
    found = look()["content"]
    assert found.state == "wrong" and word in found.advice and "YANTUAN_CONTENT_CHECK=0" in found.advice
    assert found.advice.count("YANTUAN_") == (3 if setting == "wechat_mini_secret" else 2)


def test_nothing_chosen_at_all(look: Look, cfg: Config, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cfg, "wechat_template_new_order", "")
    monkeypatch.setattr(cfg, "wechat_templates", {})
    assert look()["templates"].state == "missing"


@pytest.mark.parametrize(
    ("value", "word"),
    [
        ("40013:invalid appid", "APPID"),
        ("40125:invalid appsecret", "SECRET"),
        ("40164:invalid ip 203.0.113.9 ipv6 ::ffff:203.0.113.9, not in whitelist", "203.0.113.9"),
        ("89503:ip need confirm", "白名单"),
        ("40243:frozen", "白名单"),
        ("50002:user limited", "50002"),
    ],
)
def test_no_token_says_why(look: Look, platform: Platform, value: str, word: str) -> None:
    platform.fault("wechat_code", value=value, operation="/cgi-bin/stable_token", times=9)
    found = look()
    assert found["token"].state == "wrong" and word in found["token"].text + found["token"].advice
    assert "pages" not in found and found["pay"].state == "ok"


def test_wechat_away_is_not_called_wrong(look: Look, platform: Platform) -> None:
    platform.fault("wechat_busy", times=0)
    found = look()
    assert found["token"].state == "unknown" and wechat.status(list(found.values())) == 2


@pytest.mark.parametrize("minutes", [6, -6])
def test_a_clock_off_by_six_minutes(look: Look, minutes: int) -> None:
    found = look(clock_off=timedelta(minutes=minutes))
    off = int("".join(filter(str.isdigit, found["clock"].text)))
    assert found["clock"].state == "wrong" and 355 <= off <= 365


def test_pages_that_are_not_published(look: Look, platform: Platform) -> None:
    platform.control("POST", "/config", pages=["pages/g/index"])
    found = look()
    assert found["pages"].state == "missing" and "pages/s/index" in found["pages"].text


def test_a_quota_that_is_used_up(look: Look, platform: Platform) -> None:
    platform.fault("wechat_quota_low")
    found = look()
    assert found["quota"].state == "wrong" and "今天只剩 0 次" in found["quota"].text


@pytest.mark.parametrize(
    ("value", "name", "state"),
    [("45009", "throttled", "wrong"), ("48001", "refused", "wrong"), ("-1", "unreachable", "unknown")],
)
def test_one_look_that_fails_costs_no_other(
    look: Look, platform: Platform, value: str, name: str, state: str
) -> None:
    platform.fault("wechat_code", value=value, operation="/wxa/sec/order/is_trade_managed", times=2)
    found = look()
    assert found[name].state == state and "trade" not in found and found["pages"].state == "ok"


def test_not_under_trade_management(look: Look, platform: Platform) -> None:
    platform.control("POST", "/shipping", managed=False)
    found = look()
    assert found["trade"].state == "ok" and "order_page" not in found


def test_fix_sets_the_page_and_lets_templates_go_on(look: Look, platform: Platform) -> None:
    for template_id in ("shipped", "gone"):
        TemplateTrouble.objects.create(template_id=template_id, code="40037", since=now())
    look()
    assert TemplateTrouble.objects.count() == 2
    assert look(fix=True)["order_page"].state == "ok"
    assert platform.control("GET", "/shipping")["config"]["jump_path"] == JUMP_PAGE
    assert list(TemplateTrouble.objects.values_list("template_id", flat=True)) == ["gone"]


def test_a_fix_wechat_refuses_is_not_called_done(look: Look, platform: Platform) -> None:
    platform.fault("wechat_code", value="48001", operation="/wxa/sec/order/set_msg_jump_path", times=2)
    found = look(fix=True)
    assert found["refused"].state == "wrong" and "48001" in found["refused"].text
    assert "order_page" not in found
    assert "jump_path" not in platform.control("GET", "/shipping")["config"]


def test_a_push_address_with_another_token(look: Look, cfg: Config, monkeypatch: pytest.MonkeyPatch) -> None:
    other = Config()
    monkeypatch.setattr(other, "wechat_push_token", "another0token")
    monkeypatch.setattr("yantuan.push.inbox.config", lambda: other)
    found = look()
    assert found["push"].state == "wrong" and "没有通过验证" in found["push"].text


@pytest.mark.parametrize("problem", sorted(PROBLEMS))
def test_a_merchant_account_that_fails(look: Look, monkeypatch: pytest.MonkeyPatch, problem: str) -> None:
    state = "unchecked" if problem == "unreachable" else "refused"
    monkeypatch.setattr(checking, "check", lambda settings: Verdict(state, problem, "words"))
    found = look()
    assert PROBLEMS[problem][0] in found["pay"].text
    assert found["pay"].state == ("unknown" if problem == "unreachable" else "wrong")


@pytest.mark.parametrize("as_json", [True, False])
def test_what_is_printed(
    cfg: Config,
    platform: Platform,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    as_json: bool,
) -> None:
    ways = Ways(platform)
    monkeypatch.setattr(wechat, "Doctor", lambda cfg, fix: Doctor(cfg, fix=fix, transport=ways))
    monkeypatch.setattr(cfg, "wechat_push_token", "")
    assert wechat.doctor(argparse.Namespace(json=as_json, fix=False)) == 1
    told = capsys.readouterr().out
    if as_json:
        assert {one["name"]: one["state"] for one in json.loads(told)}["push"] == "missing"
    else:
        assert [one for one in told.splitlines() if one.startswith("缺少  没有配置消息推送")]
    assert cfg.wechat_mini_secret not in told
