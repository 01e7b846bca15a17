"""What people say in public passes a gate first, where an upper floor has put one up. Without it nothing is asked.

A floor that shows people's words calls `may_show` inside its transaction, after its own lock: True means now; False means
that the gate keeps the wish and carries it out itself, through the floor's `@carrier`, once the words have passed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, Protocol

ReviewState = Literal["waiting", "doubtful", "rejected"]


@dataclass(frozen=True, slots=True)
class Piece:
    """One text or one picture; `place` and `place_en` say where it stands, in Chinese and English."""

    place: str
    place_en: str
    text: str = ""
    media_id: int | None = None


@dataclass(frozen=True, slots=True)
class Said:
    """A wish to show these pieces as `kind` number `subject_id`.

    `shown` are pieces that everybody sees already. `wish` is what the carrier is given later; None: show it as it stands.
    """

    kind: str
    subject_id: int
    person_id: int
    pieces: Sequence[Piece]
    title: str = ""
    store_id: int | None = None
    shown: Sequence[Piece] = ()
    wish: dict[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class Problem:
    """A piece that did not pass: where it stands, and what is wrong with it in a few words, each in both languages."""

    place: str
    place_en: str
    label: str
    label_en: str


@dataclass(frozen=True, slots=True)
class Review:
    """How far a wish has come. `change` tells that something shown already is to be changed."""

    state: ReviewState
    change: bool
    since: datetime
    problems: tuple[Problem, ...] = ()
    reason: str = ""
    """The operator's words, or why it could not be carried out."""
    reason_en: str = ""
    """The same in English where it is the product's own sentence; an operator's words stay as they are."""
    wish: dict[str, Any] | None = None
    """What the author wants it changed to, as its floor gave it to the gate."""


class Gate(Protocol):
    def active(self) -> bool: ...
    def may_show(self, said: Said) -> bool: ...
    def forget(self, kind: str, subject_id: int) -> None: ...
    def reviews(self, kind: str, ids: Sequence[int]) -> dict[int, Review]: ...


@dataclass(frozen=True, slots=True)
class Carrier:
    """How a floor carries out a wish: `lock` takes its row's lock, `carry(subject_id, person_id, wish)` does it again."""

    lock: Callable[[int], None]
    carry: Callable[[int, int, dict[str, Any] | None], None]
    take_down: Callable[[int], None]
    """Stop showing what turned out to be forbidden after it was shown."""
    opens: tuple[str, str] = ("自动公开", "it is shown")
    """What happens by itself when a first publication has passed, in Chinese and English."""


_gates: list[Gate] = []
_carriers: dict[str, Carrier] = {}


def put_up(gate: Gate) -> None:
    """Register the gate; the last one counts."""
    _gates[:] = [gate]


def register(kind: str, carrier: Carrier) -> None:
    """Register who carries out wishes of this kind."""
    _carriers[kind] = carrier


def carrier_of(kind: str) -> Carrier | None:
    """Who carries out wishes of this kind; None for one nobody knows."""
    return _carriers.get(kind)


def active() -> bool:
    """Whether anything is asked at all."""
    return bool(_gates) and _gates[0].active()


def may_show(said: Said) -> bool:
    """Whether these pieces may be shown now; if not, the wish is kept. Inside a transaction."""
    return not _gates or _gates[0].may_show(said)


def forget(kind: str, subject_id: int) -> None:
    """Drop a wish that has become pointless."""
    if _gates:
        _gates[0].forget(kind, subject_id)


def reviews(kind: str, ids: Iterable[int]) -> dict[int, Review]:
    """Wishes of these subjects that are not carried out; most have none."""
    return _gates[0].reviews(kind, list(ids)) if _gates and _gates[0].active() else {}


def texts(place: str, place_en: str, *values: str) -> list[Piece]:
    """Pieces of the texts that aren't empty."""
    return [Piece(place, place_en, text=value.strip()) for value in values if value.strip()]


def pictures(place: str, place_en: str, ids: Iterable[int | str | None]) -> list[Piece]:
    """Pieces of pictures; None is left out."""
    return [Piece(place, place_en, media_id=int(i)) for i in ids if i is not None]
