"""Brushes for the demo pictures: SVG snippets with light from the upper left."""

from __future__ import annotations

import math
import random
from typing import Final

SIDE: Final = 1000

_FILTERS: Final = """
<filter id="b2" x="-30%" y="-30%" width="160%" height="160%"><feGaussianBlur stdDeviation="2"/></filter>
<filter id="b5" x="-40%" y="-40%" width="180%" height="180%"><feGaussianBlur stdDeviation="5"/></filter>
<filter id="b12" x="-60%" y="-60%" width="220%" height="220%"><feGaussianBlur stdDeviation="12"/></filter>
<filter id="b24" x="-80%" y="-80%" width="260%" height="260%"><feGaussianBlur stdDeviation="24"/></filter>
<filter id="b60" x="-100%" y="-100%" width="300%" height="300%"><feGaussianBlur stdDeviation="60"/></filter>
<filter id="wood" x="0" y="0" width="100%" height="100%"><feTurbulence type="fractalNoise" baseFrequency="0.004 0.09"
 numOctaves="4" seed="8"/><feColorMatrix values="0 0 0 0 0.36  0 0 0 0 0.2  0 0 0 0 0.09  0.9 0 0 0 -0.3"/>
<feComposite in2="SourceGraphic" operator="in"/></filter>
<filter id="linen" x="0" y="0" width="100%" height="100%"><feTurbulence type="fractalNoise" baseFrequency="0.55 0.6"
 numOctaves="2" seed="3"/><feColorMatrix values="0 0 0 0 0.45  0 0 0 0 0.36  0 0 0 0 0.25  0.5 0 0 0 -0.2"/>
<feComposite in2="SourceGraphic" operator="in"/></filter>
<filter id="peel" x="0" y="0" width="100%" height="100%"><feTurbulence type="fractalNoise" baseFrequency="0.11"
 numOctaves="2" seed="5"/><feColorMatrix values="0 0 0 0 0.62  0 0 0 0 0.22  0 0 0 0 0  2.4 0 0 0 -1.15"/>
<feComposite in2="SourceGraphic" operator="in"/></filter>
"""


class Scene:
    """One picture under construction; gradients get their own names."""

    def __init__(self, seed: int, width: int = SIDE, height: int = SIDE, near: float = 1) -> None:
        """`near` over 1 steps towards the lower middle, where the goods are."""
        self.random = random.Random(seed)
        self.width, self.height = width, height
        self._near = near
        self._defs: list[str] = []
        self._body: list[str] = []
        self._known: dict[str, str] = {}

    def add(self, *parts: str) -> None:
        self._body.extend(parts)

    def _name(self, definition: str) -> str:
        if definition not in self._known:
            name = f"d{len(self._known)}"
            self._known[definition] = name
            self._defs.append(definition.replace("@", name, 1))
        return f"url(#{self._known[definition]})"

    def radial(self, *stops: tuple[float, str], fx: float = 0.36, fy: float = 0.3, r: float = 0.72) -> str:
        """A ball's light: brightest up left."""
        inner = _stops(stops)
        return self._name(
            f'<radialGradient id="@" cx="{fx + 0.08:g}" cy="{fy + 0.1:g}" r="{r:g}" fx="{fx:g}" fy="{fy:g}">{inner}'
            "</radialGradient>"
        )

    def linear(self, *stops: tuple[float, str], angle: float = 90) -> str:
        turn = math.radians(angle)
        dx, dy = math.cos(turn) / 2, math.sin(turn) / 2
        inner = _stops(stops)
        return self._name(
            f'<linearGradient id="@" x1="{0.5 - dx:.3g}" y1="{0.5 - dy:.3g}" x2="{0.5 + dx:.3g}" y2="{0.5 + dy:.3g}">'
            f"{inner}</linearGradient>"
        )

    def clip(self, shape: str) -> str:
        return self._name(f'<clipPath id="@">{shape}</clipPath>')

    def svg(self) -> str:
        w, h = self.width / self._near, self.height / self._near
        return (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="{(self.width - w) / 2:.1f} {(self.height - h) * 0.92:.1f} {w:.1f} {h:.1f}" '
            f'width="{self.width}" height="{self.height}"><defs>{_FILTERS}{"".join(self._defs)}</defs>'
            f"{''.join(self._body)}</svg>"
        )

    # Grounds

    def table(self, wall: tuple[str, str], top: tuple[str, str], horizon: int = 470) -> None:
        """A wall in soft light and a table before it."""
        w, h = self.width, self.height
        self.add(
            f'<rect width="{w}" height="{h}" fill="{self.linear((0, wall[0]), (1, wall[1]))}"/>',
            f'<rect y="{horizon}" width="{w}" height="{h - horizon}" fill="{self.linear((0, top[0]), (1, top[1]))}"/>',
            f'<rect y="{horizon - 12}" width="{w}" height="34" fill="#fff" opacity=".35" filter="url(#b12)"/>',
        )

    def boards(self, light: str, deep: str, rows: int = 5) -> None:
        """Wooden boards seen from above."""
        w, h = self.width, self.height
        self.add(f'<rect width="{w}" height="{h}" fill="{self.linear((0, light), (1, deep), angle=60)}"/>')
        for row in range(rows):
            y = row * h / rows
            shade = self.random.choice(("#fff", "#000", "#000"))
            self.add(
                f'<rect y="{y}" width="{w}" height="{h / rows}" fill="{shade}" opacity="{self.random.uniform(0.01, 0.06):.3f}"/>',
                f'<rect y="{y}" width="{w}" height="{h / rows}" filter="url(#wood)" opacity=".5"/>',
                f'<rect y="{y - 2}" width="{w}" height="4" fill="#3a1d08" opacity=".45"/>',
                f'<rect y="{y + 2}" width="{w}" height="3" fill="#fff" opacity=".16"/>',
            )
        self.spot(0.2, 0.15, 0.8, "#FFF3D6", 0.4)

    def cloth(self, light: str, deep: str) -> None:
        """Linen seen from above."""
        w, h = self.width, self.height
        self.add(
            f'<rect width="{w}" height="{h}" fill="{self.linear((0, light), (1, deep), angle=55)}"/>',
            f'<rect width="{w}" height="{h}" filter="url(#linen)" opacity=".35"/>',
        )
        for fold in range(4):
            x = 120 + fold * 270
            self.add(
                f'<path d="M{x},-50 Q{x - 120},500 {x + 60},1050" stroke="#fff" stroke-width="60" fill="none" opacity=".22" filter="url(#b24)"/>',
                f'<path d="M{x + 70},-50 Q{x - 50},500 {x + 130},1050" stroke="{deep}" stroke-width="40" fill="none" opacity=".5" filter="url(#b24)"/>',
            )

    # Shapes

    def shadow(
        self, cx: float, cy: float, rx: float, ry: float, strength: float = 0.35, tint: str = "#4a2508"
    ) -> str:
        return (
            f'<ellipse cx="{cx:.1f}" cy="{cy:.1f}" rx="{rx:.1f}" ry="{ry:.1f}" fill="{tint}" '
            f'opacity="{strength}" filter="url(#b12)"/>'
        )

    def ball(self, cx: float, cy: float, r: float, fill: str, shine: float = 0.75, squash: float = 1) -> str:
        """A round fruit with a soft and a hard highlight."""
        return (
            f'<ellipse cx="{cx:.1f}" cy="{cy:.1f}" rx="{r:.1f}" ry="{r * squash:.1f}" fill="{fill}"/>'
            f'<ellipse cx="{cx - r * 0.3:.1f}" cy="{cy - r * 0.42 * squash:.1f}" rx="{r * 0.34:.1f}" ry="{r * 0.2:.1f}" '
            f'transform="rotate(-32 {cx - r * 0.3:.1f} {cy - r * 0.42:.1f})" fill="#fff" opacity="{shine * 0.55:.2f}" filter="url(#b5)"/>'
            f'<ellipse cx="{cx - r * 0.36:.1f}" cy="{cy - r * 0.46 * squash:.1f}" rx="{r * 0.14:.1f}" ry="{r * 0.075:.1f}" '
            f'transform="rotate(-35 {cx - r * 0.36:.1f} {cy - r * 0.46:.1f})" fill="#fff" opacity="{shine:.2f}" filter="url(#b2)"/>'
        )

    def leaf(
        self, x: float, y: float, length: float, angle: float, light: str = "#9BCB4B", deep: str = "#3E7D22"
    ) -> str:
        """A leaf growing from (x, y); `angle` 0 points right."""
        half = length * 0.27
        fill = self.linear((0, light), (1, deep), angle=70)
        veins = "".join(
            f'<path d="M{length * t:.1f},0 q{length * 0.09:.1f},{s * half * 0.28:.1f} {length * 0.14:.1f},{s * half * 0.66:.1f}" '
            'stroke="#fff" stroke-width="2" fill="none" opacity=".28"/>'
            for t in (0.2, 0.36, 0.52, 0.67)
            for s in (-1, 1)
        )
        return (
            f'<g transform="translate({x:.1f} {y:.1f}) rotate({angle})">'
            f'<path d="M0,0 C{length * 0.22:.1f},{-half * 1.5:.1f} {length * 0.7:.1f},{-half * 1.25:.1f} {length},0 '
            f'C{length * 0.7:.1f},{half * 1.25:.1f} {length * 0.22:.1f},{half * 1.5:.1f} 0,0Z" fill="{fill}"/>'
            f'<path d="M0,0 Q{length * 0.5:.1f},{-half * 0.2:.1f} {length * 0.96:.1f},0" stroke="#E9F6C8" stroke-width="4" fill="none" opacity=".55"/>'
            f"{veins}</g>"
        )

    def plate(
        self, cx: float, cy: float, rx: float, ry: float, rim: str = "#ffffff", well: str = "#F1ECE4"
    ) -> str:
        """A plate seen at a slant, or from above with rx = ry."""
        return (
            self.shadow(cx + 10, cy + ry * 0.24, rx * 1.02, ry * 0.96, 0.34)
            + f'<ellipse cx="{cx}" cy="{cy}" rx="{rx}" ry="{ry}" fill="{self.linear((0, rim), (1, "#DCD3C6"), angle=65)}"/>'
            f'<ellipse cx="{cx}" cy="{cy - 3}" rx="{rx * 0.985}" ry="{ry * 0.975}" fill="{self.linear((0, "#fff"), (1, rim), angle=65)}"/>'
            f'<ellipse cx="{cx}" cy="{cy + 2}" rx="{rx * 0.76}" ry="{ry * 0.75}" fill="{self.linear((0, "#D9D0C3"), (0.3, well), (1, "#fff"), angle=65)}"/>'
        )

    def bowl(
        self, cx: float, cy: float, rx: float, depth: float, colour: tuple[str, str, str], fill: str
    ) -> tuple[str, str]:
        """Back (with the inside) and front of a bowl; put what is in it between the two."""
        ry = rx * 0.28
        light, mid, deep = colour
        outer = self.linear((0, light), (0.45, mid), (1, deep), angle=25)
        back = (
            self.shadow(cx + 16, cy + depth * 0.98, rx * 0.82, ry * 0.62, 0.42)
            + f'<ellipse cx="{cx}" cy="{cy}" rx="{rx}" ry="{ry}" fill="{light}"/>'
            f'<ellipse cx="{cx}" cy="{cy + 4}" rx="{rx * 0.955}" ry="{ry * 0.92}" fill="{fill}"/>'
        )
        front = (
            f'<path d="M{cx - rx},{cy} A{rx},{ry} 0 0 0 {cx + rx},{cy} C{cx + rx * 0.98},{cy + depth * 0.62} {cx + rx * 0.6},{cy + depth} {cx + rx * 0.38},{cy + depth} '
            f'L{cx - rx * 0.38},{cy + depth} C{cx - rx * 0.6},{cy + depth} {cx - rx * 0.98},{cy + depth * 0.62} {cx - rx},{cy}Z" fill="{outer}"/>'
            f'<path d="M{cx - rx * 0.86},{cy + depth * 0.3} C{cx - rx * 0.8},{cy + depth * 0.6} {cx - rx * 0.62},{cy + depth * 0.82} {cx - rx * 0.5},{cy + depth * 0.88}" '
            f'stroke="#fff" stroke-width="22" stroke-linecap="round" fill="none" opacity=".4" filter="url(#b12)"/>'
            f'<path d="M{cx - rx},{cy} A{rx},{ry} 0 0 0 {cx + rx},{cy}" stroke="#fff" stroke-width="7" fill="none" opacity=".75"/>'
        )
        return back, front

    def glow(self) -> None:
        """A warm corner of light and a darker far corner, over everything."""
        self.spot(0.05, 0.02, 0.6, "#FFEFC4", 0.2)
        self.spot(1.02, 1.06, 0.5, "#3B1A05", 0.16)

    def spot(self, cx: float, cy: float, r: float, colour: str, strength: float) -> None:
        fill = self._name(
            f'<radialGradient id="@" cx="{cx}" cy="{cy}" r="{r}"><stop offset="0" stop-color="{colour}" '
            f'stop-opacity="{strength}"/><stop offset="1" stop-color="{colour}" stop-opacity="0"/></radialGradient>'
        )
        self.add(f'<rect width="{self.width}" height="{self.height}" fill="{fill}"/>')


def _stops(stops: tuple[tuple[float, str], ...]) -> str:
    return "".join(f'<stop offset="{at:g}" stop-color="{colour}"/>' for at, colour in stops)


def placed(shape: str, x: float, y: float, scale: float = 1, angle: float = 0) -> str:
    return f'<g transform="translate({x:.1f} {y:.1f}) rotate({angle:.1f}) scale({scale:.3f})">{shape}</g>'
