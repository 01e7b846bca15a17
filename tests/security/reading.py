"""Looks at HTML as a browser would: which elements and attributes there are, and where texts could run."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any

_ADDRESSES = {"href", "src", "action", "formaction", "data", "poster", "srcset", "xlink:href", "background"}
_RUNNING = ("on", "x-", "@", ":", "hx-", "v-")
"""Beginnings of attributes whose values are evaluated."""
_SAFE = ("/", "#", "?", "https://", "http://", "tel:", "mailto:", "data:image/", ".")


@dataclass
class Sight:
    """What one document is made of."""

    elements: set[tuple[str, tuple[str, ...]]] = field(default_factory=set)
    addresses: set[str] = field(default_factory=set)
    evaluated: list[str] = field(default_factory=list)
    """Values of attributes that are run, and the bodies of scripts and styles."""
    islands: list[Any] = field(default_factory=list)
    """Data for scripts, decoded."""
    text: str = ""


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.sight = Sight()
        self._inside = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.sight.elements.add((tag, tuple(sorted({name for name, _ in attrs}))))
        kind = dict(attrs).get("type") or ""
        self._inside = (
            "island" if tag == "script" and "json" in kind else tag if tag in ("script", "style") else ""
        )
        for name, value in attrs:
            if name in _ADDRESSES and value:
                self.sight.addresses.add(value)
            if name.startswith(_RUNNING) or name == "style":
                self.sight.evaluated.append(value or "")

    def handle_endtag(self, tag: str) -> None:
        self._inside = ""

    def handle_data(self, data: str) -> None:
        if self._inside == "island":
            self.sight.islands.append(json.loads(data))
        elif self._inside:
            self.sight.evaluated.append(data)
        else:
            self.sight.text += data


def seen(document: str) -> Sight:
    """What a browser makes of it."""
    reader = _Reader()
    reader.feed(document)
    reader.close()
    return reader.sight


def trouble(document: str, harmless: set[tuple[str, tuple[str, ...]]], texts: list[str]) -> list[str]:
    """What these texts did to a document whose kind has only `harmless` elements."""
    sight = seen(document)
    found = [f"new element {one}" for one in sorted(sight.elements - harmless)]
    found += [f"raw {text!r}" for text in texts if "<" in text and text in document]
    found += [f"address {one!r}" for one in sight.addresses if not one.strip().startswith(_SAFE)]
    # A single word means nothing to a script that holds it anyway.
    telling = [text for text in texts if len(text) > 6 and not text.isidentifier()]
    found += [f"evaluated {text!r}" for text in telling for value in sight.evaluated if text in value]
    return found
