"""What the reader makes of a supplier's text: guesses with the words they came from, and what it could not use."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any, Literal

Sureness = Literal["sure", "likely", "guess"]
"""`sure`: said in so many words; `likely`: the usual reading; `guess`: the leader has to look."""


@dataclass(frozen=True, slots=True)
class Mark:
    """How sure a guess is, and the piece of text it came from, as written."""

    sure: Sureness
    source: str


@dataclass(slots=True)
class Spec:
    """One variant. Amounts in fen; None where the text says nothing; `limit` 0: none said."""

    name: str
    price_fen: int | None = None
    price: Mark | None = None
    market_fen: int | None = None
    cost_fen: int | None = None
    limit: int = 0
    limit_mark: Mark | None = None
    stock: int | None = None
    stock_mark: Mark | None = None


@dataclass(slots=True)
class Good:
    """One product with its variants in the order of the text."""

    title: str
    mark: Mark
    specs: list[Spec] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Unclear:
    """A piece nothing is made of; `line` counts the lines of the text from 1."""

    line: int
    text: str
    why: str
    why_en: str


@dataclass(slots=True)
class Reading:
    """A whole text. `courier` and `pickup` are None where nothing is said; `arrives` is told, never a field of the sale."""

    title: str = ""
    title_mark: Mark | None = None
    goods: list[Good] = field(default_factory=list)
    ends_at: datetime | None = None
    ends_mark: Mark | None = None
    arrives: str = ""
    courier: bool | None = None
    courier_mark: Mark | None = None
    pickup: bool | None = None
    pickup_mark: Mark | None = None
    blocks: list[str] = field(default_factory=list)
    unclear: list[Unclear] = field(default_factory=list)

    def as_json(self) -> dict[str, Any]:
        """Plain values, times as ISO."""
        found = asdict(self)
        found["ends_at"] = self.ends_at.isoformat() if self.ends_at else None
        return found
