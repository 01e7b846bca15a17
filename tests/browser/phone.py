"""A phone in somebody's hand: headless Chromium at 390 × 844, driven by the app's test ids."""

from __future__ import annotations

import io
import os
import re
from pathlib import Path
from typing import Any

from PIL import Image
from playwright.sync_api import Browser, Locator, Page, expect

IMAGES = Path(__file__).resolve().parents[2] / "docs" / "images"
FLAGS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
]  # fmt: skip
AGENT = "Mozilla/5.0 (Linux; Android 14; Pixel 8) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/120 Mobile Safari/537.36"
PATIENCE_MS = 20_000
EXPECTED = re.compile(r"status of 4\d\d|/api/events|ERR_")
"""Console lines the browser itself writes about answers a test provokes, or about a stream cut at the end."""


class Phone:
    """One person's browser on the running app."""

    def __init__(self, browser: Browser, app: str) -> None:
        self.app = app
        scale = 2 if wants_pictures() else 1
        context = browser.new_context(
            viewport={"width": 390, "height": 844}, device_scale_factor=scale, user_agent=AGENT, has_touch=True,
            is_mobile=True, locale="zh-CN",
        )  # fmt: skip
        # The guided tour would lie over the first page.
        context.add_init_script('localStorage.setItem(\'yt.tourSeen\',\'{"type":"boolean","data":true}\')')
        self.context = context
        self.page: Page = context.new_page()
        self.page.set_default_timeout(PATIENCE_MS)
        self.troubles: list[str] = []
        self.page.on("pageerror", lambda error: self.troubles.append(str(error)))
        self.page.on("console", lambda line: self._note(line.type, line.text))

    def _note(self, kind: str, text: str) -> None:
        if kind == "error" and not EXPECTED.search(text):
            self.troubles.append(text)

    def open(self, path: str) -> None:
        self.page.goto(path if path.startswith("http") else self.app + path)

    def at(self, testid: str) -> Locator:
        """The visible element of this test id; the app keeps earlier pages in the document, hidden."""
        return self.page.locator(f'[data-testid="{testid}"]:visible').last

    def see(self, testid: str, text: str = "") -> Locator:
        found = self.at(testid)
        expect(found).to_be_visible(timeout=PATIENCE_MS)
        if text:
            expect(found).to_contain_text(text, timeout=PATIENCE_MS)
        return found

    def tap(self, testid: str) -> None:
        self.see(testid).click()

    def fill(self, **fields: str) -> None:
        """Type into fields; `store_name` stands for the test id `store-name`."""
        for name, text in fields.items():
            inner = self.at(name.replace("_", "-")).locator("input, textarea").last
            inner.fill(text)

    def upload(self, testid: str, data: bytes) -> None:
        """Choose a picture and wait until it is there."""
        place = self.see(testid)
        with self.page.expect_file_chooser() as chooser:
            place.locator('[data-testid="upload-add"]').click()
        chooser.value.set_files([{"name": "a.jpg", "mimeType": "image/jpeg", "buffer": data}])
        expect(place.locator('[data-testid="upload-tile"]')).to_have_count(1, timeout=PATIENCE_MS)

    def confirm(self) -> None:
        """The main button of the system's question."""
        self.page.locator(".uni-modal__btn_primary:visible").click()

    def more(self, testid: str) -> None:
        """One piece more."""
        self.see(testid).locator('[data-testid="stepper-more"]').click()

    def api(self, path: str) -> Any:
        """What the app's own API answers this person."""
        answer = self.context.request.get(f"{self.app}/api{path}")
        assert answer.ok, f"{path}: {answer.status}"
        return answer.json()

    def picture(self, name: str) -> None:
        """Keep a picture for the README, when asked to."""
        if not wants_pictures():
            return
        expect(self.page.locator("uni-toast:visible")).to_have_count(0, timeout=PATIENCE_MS)
        self.page.wait_for_timeout(600)
        keep(name, self.page.screenshot())


def keep(name: str, data: bytes) -> None:
    """A screenshot in 256 colours: a third of the bytes, and the eye sees the same."""
    IMAGES.mkdir(parents=True, exist_ok=True)
    with Image.open(io.BytesIO(data)) as shot:
        shot.convert("RGB").quantize(256).save(IMAGES / name, optimize=True)


def wants_pictures() -> bool:
    return os.environ.get("YANTUAN_SCREENSHOTS") == "1"
