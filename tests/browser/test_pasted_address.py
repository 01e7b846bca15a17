"""Pasting an address on the phone: the form fills itself, and what was typed stays."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from phone import Phone
from playwright.sync_api import expect

from stack import Stack

pytestmark = pytest.mark.browser
TEXT = "孙小圣 13722220009 余杭区仓前街道文一西路1500号西溪花园6幢2单元301室，放门口"


def holds(one: Phone, **fields: str) -> None:
    """Wait until these fields of the form hold these texts."""
    for name, text in fields.items():
        expect(one.at(f"addr-{name}").locator("input").last).to_have_value(text)


def test_the_form_fills_itself(phone: Callable[[], Phone], stack: Stack) -> None:
    one = phone()
    assert one.context.request.post(f"{stack.app}/api/demo/sign-in", data={"role": "buyer2"}).ok
    one.open("/buyer/address-edit/index")
    one.fill(addr_name="小圣")
    one.fill(addr_paste_text=TEXT)
    one.tap("addr-paste-read")
    one.see("addr-paste-done")
    one.see("addr-paste-note", "放门口")
    one.see("addr-home-check")
    holds(one, name="小圣", phone="13722220009", province="浙江省", city="杭州市", district="余杭区")
    holds(one, detail="仓前街道文一西路1500号西溪花园", building="6幢", unit="2单元", room="301")
    one.picture("address-paste.png")
    one.tap("addr-paste-take-name")
    holds(one, name="孙小圣")
    one.tap("addr-save")
    one.page.wait_for_url("**/buyer/addresses/index**")
    one.open("/buyer/address-edit/index")
    one.fill(addr_paste_text=TEXT.replace("6幢2单元301室", ""))
    one.tap("addr-paste-read")
    known = one.page.locator('[data-testid^="addr-known-"]:visible')
    expect(known).to_have_text(["6幢 2单元 301"])
    known.click()
    holds(one, building="6幢", unit="2单元", room="301")
    one.fill(addr_paste_text="朝阳区人民路15号 冯雪")
    one.tap("addr-paste-read")
    one.see("addr-paste-missing", "手机号、省份、城市")
    # Nothing of the address before is left.
    holds(
        one,
        name="冯雪",
        phone="",
        province="",
        city="",
        district="朝阳区",
        detail="人民路15号",
        building="",
        unit="",
        room="",
    )


def test_a_region_is_chosen_level_by_level(phone: Callable[[], Phone], stack: Stack) -> None:
    one = phone()
    assert one.context.request.post(f"{stack.app}/api/demo/sign-in", data={"role": "buyer2"}).ok
    one.open("/buyer/address-edit/index")
    one.tap("addr-region")
    one.tap("addr-region-浙江省")
    one.tap("addr-region-宁波市")
    one.tap("addr-region-back")
    one.tap("addr-region-杭州市")
    one.tap("addr-region-西湖区")
    holds(one, province="浙江省", city="杭州市", district="西湖区")
    one.tap("addr-region")
    one.tap("addr-region-上海市")
    one.tap("addr-region-浦东新区")
    holds(one, province="上海市", city="上海市", district="浦东新区")
    one.tap("addr-region")
    one.tap("addr-region-湖北省")
    one.tap("addr-region-仙桃市")
    holds(one, province="湖北省", city="仙桃市", district="")
