from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from phone import FLAGS, Phone
from playwright.sync_api import Browser, sync_playwright

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


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
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
