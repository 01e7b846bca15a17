"""Chinese text on pictures: faces that cover it on every machine, and text that fits its place."""

from __future__ import annotations

import functools
import unicodedata
from collections.abc import Iterator
from pathlib import Path
from typing import Final, Literal

from yantuan.media.pillow import ImageDraw, ImageFont

Weight = Literal["regular", "bold"]
Colour = tuple[int, int, int]

ELLIPSIS: Final = "…"
_BUNDLED: Final = Path(__file__).resolve().parent / "fonts"
_BUNDLED_NAMES: Final[dict[Weight, str]] = {
    "regular": "YantuanSansSC-Regular.otf",
    "bold": "YantuanSansSC-Bold.otf",
}

# Where Debian, Fedora, Arch, Alpine, macOS and Windows keep their Chinese faces: (file, face in it).
_SYSTEM: Final[dict[Weight, tuple[tuple[str, int], ...]]] = {
    "regular": (
        ("/usr/share/fonts/opentype/noto/NotoSansCJK-Regular.ttc", 2),
        ("/usr/share/fonts/noto-cjk/NotoSansCJK-Regular.ttc", 2),
        ("/usr/share/fonts/google-noto-cjk/NotoSansCJK-Regular.ttc", 2),
        ("/usr/share/fonts/noto/NotoSansCJK-Regular.ttc", 2),
        ("/usr/share/fonts/truetype/wqy/wqy-microhei.ttc", 0),
        ("/usr/share/fonts/wqy-microhei/wqy-microhei.ttc", 0),
        ("/usr/share/fonts/wenquanyi/wqy-microhei/wqy-microhei.ttc", 0),
        ("/System/Library/Fonts/PingFang.ttc", 2),
        ("/System/Library/Fonts/Hiragino Sans GB.ttc", 0),
        ("C:/Windows/Fonts/msyh.ttc", 0),
    ),
    "bold": (
        ("/usr/share/fonts/opentype/noto/NotoSansCJK-Bold.ttc", 2),
        ("/usr/share/fonts/noto-cjk/NotoSansCJK-Bold.ttc", 2),
        ("/usr/share/fonts/google-noto-cjk/NotoSansCJK-Bold.ttc", 2),
        ("/usr/share/fonts/noto/NotoSansCJK-Bold.ttc", 2),
        ("/System/Library/Fonts/Hiragino Sans GB.ttc", 2),
        ("C:/Windows/Fonts/msyhbd.ttc", 0),
    ),
}

# Marks that must not begin a line.
_CLOSING: Final = frozenset("，。、；：？！）》」』】〕”’…·%,.;:?!)]}")


class Face:
    """One weight at one size (pixels).

    The bundled face comes first, so that pictures look the same on every machine; the system's own face
    stands in for rare characters it lacks. What neither can draw (emoji, control marks) is left out.
    """

    def __init__(self, weight: Weight, size: int) -> None:
        self.size = size
        self._weight: Weight = weight
        self._bundled = _bundled_font(weight, size)

    def clean(self, text: str) -> str:
        """The text on one line, without the characters that cannot be drawn."""
        kept = (char if self._font_for(char) else "" for char in _visible(text))
        return " ".join("".join(kept).split())

    def width(self, text: str) -> float:
        """How wide `text` will be, in pixels."""
        return sum(font.getlength(run) for font, run in self._runs(text))

    def fit(self, text: str, room: float) -> str:
        """`text` cleaned and, where it is wider than `room` pixels, cut with an ellipsis."""
        text = self.clean(text)
        if self.width(text) <= room:
            return text
        low, high = 0, len(text)
        while low < high:
            middle = (low + high + 1) // 2
            if self.width(text[:middle].rstrip() + ELLIPSIS) <= room:
                low = middle
            else:
                high = middle - 1
        return text[:low].rstrip() + ELLIPSIS

    def wrap(self, text: str, room: float, lines: int) -> list[str]:
        """`text` broken into at most `lines` lines of `room` pixels, the last with an ellipsis if need be."""
        rest = self.clean(text)
        out: list[str] = []
        while rest and len(out) < lines - 1:
            cut = self._break(rest, room)
            out.append(rest[:cut].rstrip())
            rest = rest[cut:].lstrip()
        if rest:
            out.append(self.fit(rest, room))
        return out

    def draw(self, canvas: ImageDraw.ImageDraw, xy: tuple[float, float], text: str, fill: Colour) -> float:
        """Draw cleaned text with its baseline starting at `xy`; returns the x where it ends."""
        x, y = xy
        for font, run in self._runs(text):
            canvas.text((x, y), run, font=font, fill=fill, anchor="ls")
            x += font.getlength(run)
        return x

    def draw_right(
        self, canvas: ImageDraw.ImageDraw, xy: tuple[float, float], text: str, fill: Colour
    ) -> None:
        """The same with the text ending at `xy`."""
        self.draw(canvas, (xy[0] - self.width(text), xy[1]), text, fill)

    def draw_centred(
        self, canvas: ImageDraw.ImageDraw, xy: tuple[float, float], text: str, fill: Colour
    ) -> None:
        """The same with the middle of the text at `xy`."""
        self.draw(canvas, (xy[0] - self.width(text) / 2, xy[1]), text, fill)

    def _break(self, text: str, room: float) -> int:
        """How many characters the first line takes."""
        used = 0.0
        cut = len(text)
        for at, char in enumerate(text):
            used += self.width(char)
            if used > room:
                cut = max(at, 1)
                break
        if cut == len(text):
            return cut
        best = cut
        while best > 1 and (text[best] in _CLOSING or _inside_word(text, best)):
            best -= 1
        return best if best > 1 else cut

    def _runs(self, text: str) -> Iterator[tuple[ImageFont.FreeTypeFont, str]]:
        current: ImageFont.FreeTypeFont | None = None
        run = ""
        for char in text:
            font = self._font_for(char)
            if font is None:
                continue
            if current is not None and font is not current:
                yield current, run
                run = ""
            current = font
            run += char
        if current is not None and run:
            yield current, run

    def _font_for(self, char: str) -> ImageFont.FreeTypeFont | None:
        if _has_glyph(self._bundled, char):
            return self._bundled
        # The system's face holds some 20 MB and is rarely needed: only a character the bundled one lacks opens it.
        system = _system_font(self._weight, self.size)
        return system if system is not None and _has_glyph(system, char) else None


@functools.lru_cache(maxsize=24)
def face(weight: Weight, size: int) -> Face:
    """The shared face of this weight and size in pixels."""
    return Face(weight, size)


def _visible(text: str) -> Iterator[str]:
    for char in unicodedata.normalize("NFC", text):
        if char.isspace():
            yield " "
        elif unicodedata.category(char) not in ("Cc", "Cf", "Co", "Cs", "Cn", "Mn", "Me"):
            yield char


def _inside_word(text: str, at: int) -> bool:
    before, after = text[at - 1], text[at]
    return before.isascii() and after.isascii() and before.isalnum() and after.isalnum()


def _bundled_font(weight: Weight, size: int) -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(bundled_file(weight), size, layout_engine=ImageFont.Layout.BASIC)


def bundled_file(weight: Weight) -> Path:
    """Where the bundled face lies."""
    return _BUNDLED / _BUNDLED_NAMES[weight]


@functools.lru_cache(maxsize=8)
def _system_font(weight: Weight, size: int) -> ImageFont.FreeTypeFont | None:
    found = system_file(weight)
    if found is None:
        return None
    path, index = found
    return ImageFont.truetype(path, size, index=index, layout_engine=ImageFont.Layout.BASIC)


@functools.cache
def system_file(weight: Weight) -> tuple[str, int] | None:
    """The system's own Chinese face (file, face in it), or None where there is none."""
    candidates = _SYSTEM[weight] + (_SYSTEM["regular"] if weight == "bold" else ())
    return next(((path, index) for path, index in candidates if Path(path).is_file()), None)


@functools.lru_cache(maxsize=20_000)
def _has_glyph(font: ImageFont.FreeTypeFont, char: str) -> bool:
    """Whether the face draws this character as anything but its box for missing ones."""
    if char == " ":
        return True
    mask = font.getmask(char)
    missing = _missing_box(font)
    return (mask.size, bytes(mask)) != missing


@functools.lru_cache(maxsize=128)
def _missing_box(font: ImageFont.FreeTypeFont) -> tuple[tuple[int, int], bytes]:
    mask = font.getmask("\uffff")
    return (mask.size, bytes(mask))
