from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from phone import EXPECTED, FLAGS, PATIENCE_MS, Phone
from playwright.sync_api import Browser, Page, sync_playwright

from stack import Stack, running_stack
from yantuan.api.built import WEBAPP


@pytest.fixture(scope="session")
def stack() -> Iterator[Stack]:
    """The whole product with the built app; in the end its doctor must find nothing."""
    assert (WEBAPP / "index.html").exists(), "build the app first: make web"
    with running_stack(notice_gather_seconds="1") as running:
        yield running
        done = running.check()
        assert done.returncode == 0, done.stdout + done.stderr


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """One browser for all; every phone has a profile of its own in it."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture
def phone(chromium: Browser, stack: Stack) -> Iterator[Callable[[], Phone]]:
    """Hands out phones; in the end none of them may have seen a script error."""
    phones: list[Phone] = []

    def new() -> Phone:
        phones.append(Phone(chromium, stack.app))
        return phones[-1]

    yield new
    troubles = [trouble for one in phones for trouble in one.troubles]
    for one in phones:
        one.context.close()
    assert not troubles, troubles


@pytest.fixture
def computer(chromium: Browser, stack: Stack) -> Iterator[Page]:
    """A wide window nobody is signed in to; in the end it may have seen no script error."""
    context = chromium.new_context(viewport={"width": 1280, "height": 800}, locale="zh-CN")
    page = context.new_page()
    page.set_default_timeout(PATIENCE_MS)
    troubles: list[str] = []
    page.on("pageerror", lambda error: troubles.append(str(error)))
    page.on(
        "console",
        lambda line: (
            troubles.append(line.text) if line.type == "error" and not EXPECTED.search(line.text) else None
        ),
    )
    yield page
    context.close()
    assert troubles == []
