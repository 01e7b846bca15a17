"""What the build of the app left: its document, its modules in the order they run, and the style rules a first sight borrows."""

from __future__ import annotations

import json
import re
from functools import lru_cache
from html import escape
from pathlib import Path
from typing import Any

WEBAPP = Path(__file__).resolve().parent.parent / "webapp" / "h5"
SHEET = re.compile(r'<link rel="stylesheet"[^>]*>')
_HREF = re.compile(r'href="/([^"]+)"')
_AT_RULE = re.compile(r"@[^{;]+\{(?:[^{}]*\{[^{}]*\})*[^{}]*\}")
_RULE = re.compile(r"([^{}]+)\{([^{}]*)\}")
_SCOPE = re.compile(r"\[data-v-\w+\]")
_CLASS = re.compile(r"\.([\w-]+)")
_FROM_CLASSES = re.compile(r"(?:\.[\w-]+|\[class\]|::?[\w-]+(?:\([^)]*\))?|[ +>~])+")


@lru_cache(maxsize=1)
def document() -> str:
    """The app's own `index.html`, or a sentence where nothing is built."""
    path = WEBAPP / "index.html"
    if not path.exists():
        return (
            "<!DOCTYPE html><html lang=zh-CN><head><meta charset=UTF-8><title>雁团</title></head><body>"
            "<p>前端还没有构建，请先运行 make web。(Build the app first: make web.)</p></body></html>"
        )
    return path.read_text()


@lru_cache(maxsize=1)
def _manifest() -> dict[str, Any]:
    """What the build made of each source file; empty before the first build."""
    path = WEBAPP / ".vite" / "manifest.json"
    read: dict[str, Any] = json.loads(path.read_text()) if path.exists() else {}
    return read


def _chunk(page: str) -> str | None:
    """Key of a page's chunk in the manifest."""
    return next((k for k in _manifest() if re.sub(r"\.vue.*$", "", k).endswith(f"/{page}")), None)


def is_page(page: str) -> bool:
    """Whether the app has such a page; the router shows nothing at all for an unknown one."""
    return not _manifest() or (page.count("/") == 2 and _chunk(page) is not None)


def _needs(key: str | None) -> list[dict[str, Any]]:
    """A chunk and all it imports, each after what it needs itself."""
    found: dict[str, dict[str, Any]] = {}

    def visit(name: str) -> None:
        chunk = _manifest().get(name)
        if chunk is None or name in seen:
            return
        seen.add(name)
        for one in chunk.get("imports", []):
            visit(one)
        found[name] = chunk

    seen: set[str] = set()
    if key:
        visit(key)
    return list(found.values())


@lru_cache(maxsize=64)
def preloads(page: str) -> tuple[str, str]:
    """Links to what a page needs beyond the entry: the modules, and the style sheets."""
    chunks = [chunk for chunk in _needs(_chunk(page)) if not chunk.get("isEntry")]
    modules = "".join(f'<link rel="modulepreload" href="/{escape(chunk["file"])}">' for chunk in chunks)
    styles = dict.fromkeys(css for chunk in chunks for css in chunk.get("css", []))
    return modules, "".join(f'<link rel="stylesheet" href="/{escape(css)}">' for css in styles)


@lru_cache(maxsize=1)
def start_files() -> tuple[str, ...]:
    """Addresses of the modules the app starts with, each after what it needs; the entry is the last."""
    entry = next((key for key, chunk in _manifest().items() if chunk.get("isEntry")), None)
    return tuple(f"/{chunk['file']}" for chunk in _needs(entry))


@lru_cache(maxsize=64)
def page_file(page: str) -> str:
    """Address of a page's own module, or nothing."""
    key = _chunk(page)
    return f"/{_manifest()[key]['file']}" if key else ""


@lru_cache(maxsize=256)
def borrowed_style(page: str, classes: frozenset[str]) -> str:
    """The rules of the app's sheets that dress nothing but these classes, in their order."""
    links = "".join(SHEET.findall(document())) + preloads(page)[1]
    paths = [WEBAPP / name for name in dict.fromkeys(_HREF.findall(links))]
    # A new build may take a sheet away under a running process; a plainer first sight is better than none.
    sheets = "".join(path.read_text() for path in paths if path.exists())
    kept = []
    # `[class]` weighs as much as the mark of a component's own rules, so that these still win over the general ones.
    for selectors, body in _RULE.findall(_AT_RULE.sub("", _SCOPE.sub("[class]", sheets))):
        fitting = [one for one in selectors.split(",") if _dresses(one.strip(), classes)]
        if fitting:
            kept.append(f"{','.join(fitting)}{{{body}}}")
    return "".join(kept)


def _dresses(selector: str, classes: frozenset[str]) -> bool:
    named = _CLASS.findall(selector)
    return bool(named) and bool(_FROM_CLASSES.fullmatch(selector)) and classes.issuperset(named)
