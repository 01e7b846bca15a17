"""Content checks as people meet them: the demo fills itself, a change waits, comes back into the editor, and can be given up."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator

import pytest
from phone import PATIENCE_MS, Phone
from playwright.sync_api import Browser, expect

from stack import Stack, running_stack

pytestmark = pytest.mark.browser
TITLE = "周五鲜果团｜葡萄草莓脐橙"


@pytest.fixture(scope="module")
def checking() -> Iterator[Stack]:
    """The demo with checks on. Its people have not used the mini-program, so what they say waits for a person."""
    with running_stack(content_check="true") as running:
        yield running
        done = running.check()
        assert done.returncode == 0, done.stdout + done.stderr


@pytest.fixture
def boss(chromium: Browser, checking: Stack) -> Iterator[Phone]:
    one = Phone(chromium, checking.app)
    assert one.context.request.post(f"{checking.app}/api/demo/sign-in", data={"role": "leader"}).ok
    yield one
    one.context.close()
    assert not one.troubles, one.troubles


def until(true: Callable[[], bool]) -> None:
    """Wait until it is so, as long as anything else is waited for."""
    deadline = time.monotonic() + PATIENCE_MS / 1000
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.1)


def sale_of(boss: Phone) -> dict[str, str]:
    store = boss.api("/leader/stores")[0]["id"]
    found = boss.api(f"/leader/stores/{store}/group-buys")["items"]
    return next(sale for sale in found if sale["title"] == TITLE)


def test_a_change_that_waits_comes_back_and_can_be_given_up(boss: Phone, checking: Stack) -> None:
    sale = sale_of(boss)
    assert sale["status"] == "open"
    address = f"/leader/group-edit/index?id={sale['id']}"
    boss.open(address)
    boss.see("group-title")
    boss.fill(group_title="周五鲜果团｜新到冬枣")
    boss.tap("group-save")
    boss.see("review", "买家看到的还是原来的")
    assert boss.api(f"/g/{sale['code']}")["title"] == TITLE
    until(lambda: boss.api(f"/leader/group-buys/{sale['id']}")["review"]["state"] == "doubtful")

    boss.open("/leader/groups/index")
    boss.see("review-tag", "修改人工审核中")
    boss.open(address)
    boss.see("review", "人工审核中")
    field = boss.see("group-title").locator("input").last
    expect(field).to_have_value("周五鲜果团｜新到冬枣", timeout=PATIENCE_MS)

    boss.tap("review-discard")
    boss.confirm()
    expect(boss.page.locator('[data-testid="review"]:visible')).to_have_count(0, timeout=PATIENCE_MS)
    expect(field).to_have_value(TITLE, timeout=PATIENCE_MS)
    kept = boss.api(f"/leader/group-buys/{sale['id']}")
    assert (kept["title"], kept["review"], kept["wanted"]) == (TITLE, None, None)


def test_a_new_nickname_says_how_it_stands(boss: Phone) -> None:
    boss.open("/pages/me/index")
    boss.tap("rename")
    boss.page.locator(".uni-modal__textarea, .uni-modal input, .uni-modal textarea").last.fill("小满姐姐")
    boss.confirm()
    boss.see("review", "新昵称：小满姐姐")
    me = boss.api("/me")["person"]
    assert (me["nickname"], me["wanted_nickname"]) == ("林小满", "小满姐姐")
    boss.tap("review-discard")
    expect(boss.page.locator('[data-testid="review"]:visible')).to_have_count(0, timeout=PATIENCE_MS)
    assert boss.api("/me")["person"]["review"] is None
