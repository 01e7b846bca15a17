"""Draws every demo picture with a Chromium and writes the WebP files the product ships.

Run: `python tools/demo_art/render.py [name …]` (needs playwright, Pillow and the Noto CJK fonts).
"""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Callable
from pathlib import Path

import covers
import food
import fruit
import people
from kit import Scene
from PIL import Image
from playwright.sync_api import Page, sync_playwright

OUT = Path(__file__).resolve().parents[2] / "src" / "yantuan" / "demo" / "assets"
FLAGS = ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking"]

PICTURES: dict[str, Callable[[], Scene]] = {
    "grapes": fruit.grapes,
    "strawberries": fruit.strawberries,
    "apples": fruit.apples,
    "navel-oranges": fruit.navel_oranges,
    "sugar-oranges": fruit.sugar_oranges,
    "melons": fruit.melons,
    "cherries": fruit.cherries,
    **food.PICTURES,
    **covers.PICTURES,
    **people.PICTURES,
}


def main(names: list[str]) -> None:
    OUT.mkdir(parents=True, exist_ok=True)
    chromium = os.environ.get("CHROMIUM", "/usr/bin/chromium")
    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path=chromium, args=FLAGS)
        page = browser.new_page(device_scale_factor=2)
        for name in names or list(PICTURES):
            _draw(page, name, PICTURES[name]())
        browser.close()


def _draw(page: Page, name: str, scene: Scene) -> None:
    page.set_viewport_size({"width": scene.width, "height": scene.height})
    page.set_content(f'<body style="margin:0">{scene.svg()}</body>')
    shot = Image.open(io.BytesIO(page.screenshot())).convert("RGB")
    # Drawn at twice the size, then halved: finer edges than the browser's own.
    shot.resize((scene.width, scene.height), Image.Resampling.LANCZOS).save(
        OUT / f"{name}.webp", "WEBP", quality=84, method=6
    )


if __name__ == "__main__":
    main(sys.argv[1:])
