"""Draws the bottom bar's icons (81×81 PNG, plain and chosen) into src/static/tab. Needs Pillow; run by hand after a change."""

from collections.abc import Callable
from pathlib import Path

from PIL import Image, ImageDraw

SIZE = 81
SCALE = 6
PLAIN = "#8A8F99"
CHOSEN = "#E8502F"
OUT = Path(__file__).resolve().parent.parent / "src" / "static" / "tab"

Point = tuple[float, float]


class Pen:
    """Draws on a 24×24 grid with round strokes."""

    def __init__(self, colour: str) -> None:
        self.image = Image.new("RGBA", (SIZE * SCALE, SIZE * SCALE))
        self.draw = ImageDraw.Draw(self.image)
        self.colour = colour
        self.unit = SIZE * SCALE / 24
        self.width = round(self.unit * 1.7)

    def line(self, *points: Point) -> None:
        scaled = [(x * self.unit, y * self.unit) for x, y in points]
        self.draw.line(scaled, fill=self.colour, width=self.width, joint="curve")
        radius = self.width / 2
        for x, y in scaled:
            self.draw.ellipse((x - radius, y - radius, x + radius, y + radius), fill=self.colour)

    def arc(self, x: float, y: float, radius: float, start: float, end: float) -> None:
        half = self.width / 2 / self.unit
        reach = radius + half
        box = tuple(v * self.unit for v in (x - reach, y - reach, x + reach, y + reach))
        self.draw.arc(box, start, end, fill=self.colour, width=self.width)

    def box(self, left: float, top: float, right: float, bottom: float, radius: float) -> None:
        half = self.width / 2 / self.unit
        edges = tuple(v * self.unit for v in (left - half, top - half, right + half, bottom + half))
        self.draw.rounded_rectangle(edges, radius * self.unit, outline=self.colour, width=self.width)

    def png(self) -> Image.Image:
        return self.image.resize((SIZE, SIZE), Image.Resampling.LANCZOS)


def home(pen: Pen) -> None:
    pen.line((4, 11.5), (12, 4.5), (20, 11.5))
    pen.line((6.2, 10), (6.2, 19.8), (17.8, 19.8), (17.8, 10))
    pen.line((10, 19.8), (10, 15), (14, 15), (14, 19.8))


def orders(pen: Pen) -> None:
    pen.box(5.2, 4.6, 18.8, 20.4, 2.6)
    pen.line((9, 9.5), (15, 9.5))
    pen.line((9, 13), (15, 13))
    pen.line((9, 16.5), (12.5, 16.5))


def bell(pen: Pen) -> None:
    pen.arc(12, 10.5, 5.6, 180, 360)
    pen.line((6.4, 10.5), (6.4, 15.6), (4.8, 17.6), (19.2, 17.6), (17.6, 15.6), (17.6, 10.5))
    pen.line((10.4, 20.4), (13.6, 20.4))


def me(pen: Pen) -> None:
    pen.arc(12, 8.2, 3.8, 0, 360)
    pen.arc(12, 21, 7.2, 190, 350)


ICONS: dict[str, Callable[[Pen], None]] = {"home": home, "orders": orders, "bell": bell, "me": me}


def main() -> None:
    OUT.mkdir(parents=True, exist_ok=True)
    for name, draw in ICONS.items():
        for suffix, colour in (("", PLAIN), ("-on", CHOSEN)):
            pen = Pen(colour)
            draw(pen)
            pen.png().save(OUT / f"{name}{suffix}.png", optimize=True)


if __name__ == "__main__":
    main()
