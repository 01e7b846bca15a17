"""What lists and labels share: a document with Chinese faces, and text that fits its place. Lengths are millimetres."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Literal

from yantuan.kernel.lean import Later
from yantuan.sharing.typesetting import bundled_file, system_file

if TYPE_CHECKING:
    from fpdf import FPDF
else:
    FPDF = Any

fpdf: Any = Later("fpdf")
"""30 MB with its fonts' tools, for the few who print."""

# It tells of every table of a font it leaves out.
logging.getLogger("fontTools").setLevel(logging.WARNING)

Weight = Literal["", "B"]
ELLIPSIS: Final = "…"
_FACE: Final = "yantuan"
_RARE: Final = "rare"


@dataclass(frozen=True)
class Head:
    """Which sale the paper is about, and when it was counted (Beijing time, as text)."""

    title: str
    code: str
    counted: str


class Document:
    """A PDF being drawn. Characters no face has (emoji, control marks) are left out."""

    def __init__(self, width: float, height: float, texts: Iterable[str]) -> None:
        self.pdf: FPDF = fpdf.FPDF(unit="mm", format=(width, height))
        self.pdf.set_creator("雁团 Yantuan")
        self.pdf.set_auto_page_break(False)
        self.pdf.set_margin(0)
        self.pdf.add_font(_FACE, "", bundled_file("regular"))
        self.pdf.add_font(_FACE, "B", bundled_file("bold"))
        self._of_weight: dict[Weight, dict[str, float]] = {}
        """Widths at one point, measured once: a list asks for each hundreds of times."""
        self._widths: dict[str, float] = {}
        self._points = 1.0
        self._known = set(self._glyphs(_FACE))
        self._add_rare({char for text in texts for char in text if ord(char) not in self._known})

    def _glyphs(self, face: str) -> Iterable[int]:
        font: Any = self.pdf.fonts[face]
        return font.cmap.keys()  # type: ignore[no-any-return]

    def _add_rare(self, missing: set[str]) -> None:
        """The system's own face, 20 MB, only where a character needs it."""
        found = system_file("regular") if any(char.isalpha() for char in missing) else None
        if found is None:
            return
        for style in ("", "B"):
            self.pdf.add_font(_RARE, style, found[0], collection_font_number=found[1])
        self.pdf.set_fallback_fonts([_RARE], exact_match=False)
        self._known |= set(self._glyphs(_RARE))

    def clean(self, text: str) -> str:
        """The text on one line without what cannot be drawn."""
        return " ".join("".join(char if ord(char) in self._known else " " for char in text).split())

    def font(self, weight: Weight, points: float) -> None:
        """The face from now on; sizes are points."""
        self.pdf.set_font(_FACE, weight, points)
        self._points, self._widths = points, self._of_weight.setdefault(weight, {})

    def width(self, text: str) -> float:
        """How wide cleaned text is in the present face: the sum of its characters, for nothing is kerned."""
        return sum(map(self._one, text)) * self._points

    def _one(self, char: str) -> float:
        known = self._widths.get(char)
        if known is None:
            known = self._widths[char] = self.pdf.get_string_width(char) / self._points
        return known

    def fit(self, text: str, room: float) -> str:
        """`text` cleaned and, where it is wider than `room`, cut with an ellipsis."""
        text = self.clean(text)
        if self.width(text) <= room:
            return text
        while text and self.width(text + ELLIPSIS) > room:
            text = text[:-1]
        return text.rstrip() + ELLIPSIS

    def wrap(self, text: str, room: float) -> list[str]:
        """`text` cleaned and broken into lines of at most `room`."""
        lines, line, used = [], "", 0.0
        for char in self.clean(text):
            wide = self.width(char)
            if line and used + wide > room:
                lines.append(line.rstrip())
                line, used = "", 0.0
            line, used = line + char, used + wide
        return [*lines, line.rstrip()] if line.strip() else lines

    def write(self, x: float, y: float, text: str) -> None:
        """Cleaned text with its baseline starting there."""
        self.pdf.text(x, y, text)

    def write_right(self, x: float, y: float, text: str) -> None:
        """Cleaned text ending there."""
        self.pdf.text(x - self.width(text), y, text)

    def rule(self, x: float, y: float, to: float, grey: int = 200) -> None:
        """A thin line across."""
        self.pdf.set_draw_color(grey)
        self.pdf.line(x, y, to, y)

    def bytes(self) -> bytes:
        """The finished file."""
        return bytes(self.pdf.output())
