"""The pages in a real browser under their content security policies: nothing is blocked, nothing foreign runs."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest
from playwright.sync_api import Browser, Page

from stack import Stack, running_stack
from yantuan.api.built import WEBAPP

pytestmark = pytest.mark.browser
CONSOLE = (
    "/console/login/", "/console/demo/", "/console/", "/console/orders/order/", "/console/stores/store/",
    "/console/identity/person/", "/console/reports/orderexport/", "/console/kernel/auditentry/",
)  # fmt: skip
APP = ("/", "/pages/login/index", "/pages/orders/index", "/nothing-here")
PAYLOAD = "<svg onload=x()>"


@pytest.fixture(scope="module")
def stack() -> Iterator[Stack]:
    """An own one: a person's name becomes a script in it."""
    assert (WEBAPP / "index.html").exists(), "build the app first: make web"
    with running_stack() as running:
        yield running


@pytest.fixture
def troubles() -> list[str]:
    return []


@pytest.fixture
def page(chromium: Browser, troubles: list[str]) -> Iterator[Page]:
    """A page whose script errors and blocked contents are noted."""
    context = chromium.new_context()
    opened = context.new_page()
    opened.set_default_timeout(60_000)
    opened.add_init_script("window.x = () => { window.ran = true }")
    opened.on("pageerror", lambda error: troubles.append(str(error)))
    opened.on(
        "console",
        lambda line: troubles.append(line.text) if "Content Security Policy" in line.text else None,
    )
    yield opened
    context.close()


@pytest.mark.parametrize("paths", [CONSOLE, APP], ids=["console", "app"])
def test_pages_run_under_their_policy(
    paths: tuple[str, ...], page: Page, troubles: list[str], stack: Stack
) -> None:
    for path in paths:
        answer = page.goto(stack.app + path, wait_until="load")
        assert answer is not None
        scripts = answer.headers["content-security-policy"].partition("script-src")[2].partition(";")[0]
        assert "unsafe-inline" not in scripts
        page.wait_for_load_state("networkidle")
    assert troubles == []


def test_a_name_that_is_a_script_is_only_a_name(page: Page, troubles: list[str], stack: Stack) -> None:
    with httpx.Client(base_url=stack.app, headers={"X-Yantuan-Client": "h5"}) as buyer:
        assert buyer.post("/api/demo/sign-in", json={"role": "buyer"}).status_code == 200
        assert buyer.patch("/api/me", json={"nickname": PAYLOAD}).json()["person"]["nickname"] == PAYLOAD
        for name, value in buyer.cookies.items():
            page.context.add_cookies([{"name": name, "value": value, "url": stack.app}])
    for path in ("/pages/me/index", "/console/demo/", "/console/identity/person/"):
        page.goto(stack.app + path)
        page.wait_for_load_state("networkidle")
        assert page.evaluate("() => window.ran === undefined")
    assert PAYLOAD in page.locator("body").inner_text()
    assert troubles == []
