"""One thing found in a sale: where, why, by which law, and how to mend it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Severity = Literal["forbidden", "advice"]
"""`forbidden`: the law names it outright, the sale can't be published; `advice`: it depends, the leader decides."""
Both = tuple[str, str]
"""A sentence in Chinese and in English."""


@dataclass(frozen=True, slots=True)
class Said:
    """A text of the sale. `field` names it for the page that edits it: `title`, `block:3`, `goods:<id>`, `question:1`."""

    field: str
    place: Both
    text: str
    is_goods: bool = False
    """A title: what is sold, not how it is praised."""


@dataclass(frozen=True, slots=True)
class Finding:
    code: str
    severity: Severity
    field: str
    place: Both
    excerpt: str
    """The words as they stand, with a little around them; empty where it is no text."""
    hit: str
    why: Both
    law: Both
    """The law with its article."""
    mend: Both
