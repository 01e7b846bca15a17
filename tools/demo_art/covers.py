"""Store covers: 1200 × 675, with quiet room on the left for the store's name."""

from __future__ import annotations

import math
from collections.abc import Callable

from fruit import _orange
from kit import Scene, placed

WIDTH, HEIGHT = 1200, 675


def _sky(s: Scene, *stops: tuple[float, str]) -> None:
    s.add(f'<rect width="{s.width}" height="{s.height}" fill="{s.linear(*stops)}"/>')


def _sun(s: Scene, x: float, y: float, r: float) -> None:
    s.add(
        f'<circle cx="{x}" cy="{y}" r="{r * 2.4}" fill="#FFE9B0" opacity=".5" filter="url(#b60)"/>',
        f'<circle cx="{x}" cy="{y}" r="{r}" fill="{s.radial((0, "#FFFBE8"), (1, "#FFD98A"), fx=0.5, fy=0.5)}"/>',
    )


def _hill(s: Scene, base: float, rise: float, phase: float, light: str, deep: str) -> None:
    points = " ".join(
        f"L{x},{base - rise * (math.sin(x / 190 + phase) + 0.5 * math.sin(x / 83 + phase * 2)):.0f}"
        for x in range(0, s.width + 1, 20)
    )
    s.add(
        f'<path d="M0,{s.height} {points} L{s.width},{s.height}Z" fill="{s.linear((0, light), (1, deep))}"/>'
    )


def _geese(s: Scene, x: float, y: float, size: float, tint: str) -> None:
    goose = "M62,-7 C55,-13 47,-14 41,-10 C32,-4 22,-8 10,-13 C4,-38 -18,-54 -46,-60 C-37,-46 -32,-30 -25,-13 C-40,-10 -54,-4 -66,4 C-44,12 -12,15 10,5 C22,-1 32,4 43,0 C50,-1 56,-3 62,-7Z"
    for dx, dy, k in ((0, 0, 1), (-110, -46, 0.72), (-200, -84, 0.55), (-96, 70, 0.72), (-186, 124, 0.55)):
        s.add(placed(f'<path d="{goose}" fill="{tint}"/>', x + dx * size, y + dy * size, k * size, -12))


def _tree(s: Scene, x: float, y: float, size: float, fruit: str) -> str:
    crown = s.radial((0, "#A8CF5A"), (0.5, "#6BA23A"), (1, "#336B25"))
    dots = "".join(
        f'<circle cx="{s.random.uniform(-70, 70):.0f}" cy="{s.random.uniform(-170, -60):.0f}" r="11" fill="{fruit}"/>'
        for _ in range(12)
    )
    return placed(
        f'<ellipse cx="10" cy="6" rx="90" ry="14" fill="#1f3a10" opacity=".4" filter="url(#b12)"/>'
        f'<path d="M-12,0 C-6,-40 -8,-60 -10,-90 L12,-90 C10,-60 8,-40 14,0Z" fill="#7A5230"/>'
        f'<circle cx="-52" cy="-96" r="58" fill="{crown}"/><circle cx="54" cy="-100" r="60" fill="{crown}"/><circle cy="-146" r="72" fill="{crown}"/>{dots}',
        x,
        y,
        size,
    )


def orchard() -> Scene:
    s = Scene(31, WIDTH, HEIGHT)
    _sky(s, (0, "#FFE3B8"), (0.45, "#FFF1D6"), (1, "#FFE9C0"))
    _sun(s, 900, 190, 66)
    _geese(s, 660, 130, 0.62, "#B4654A")
    _hill(s, 380, 46, 0.4, "#C9D8A0", "#AFC98A")
    _hill(s, 450, 38, 2.1, "#A9CB78", "#7FAE55")
    for x in range(60, 1200, 120):
        s.add(_tree(s, x + s.random.uniform(-14, 14), 480 + 16 * math.sin(x), 0.52, "#F08A1C"))
    _hill(s, 520, 20, 4.0, "#8FBF5A", "#4E8A35")
    for x, y, size in ((90, 640, 1.2), (1110, 650, 1.36), (905, 600, 0.9), (300, 606, 0.84)):
        s.add(_tree(s, x, y, size, "#F28A1C"))
    crate = "".join(
        f'<rect x="-150" y="{-100 + k * 36}" width="300" height="30" rx="4" fill="{s.linear((0, "#DDB07A"), (1, "#A8713C"))}"/>'
        for k in range(3)
    )
    s.add(s.shadow(620, 650, 190, 22, 0.5))
    orange = _orange(s, 44, False)
    for k, x in enumerate((-112, -40, 34, 108, -76, 0, 72)):
        s.add(placed(orange, 620 + x, 540 - (44 if k > 3 else 0), 1, k * 30))
    s.add(
        '<rect x="474" y="548" width="292" height="102" fill="#5F3A1A"/>',
        placed(crate, 620, 646),
        '<rect x="464" y="540" width="20" height="112" rx="3" fill="#8E5C2E"/><rect x="756" y="540" width="20" height="112" rx="3" fill="#8E5C2E"/>',
    )
    s.glow()
    return s


def harbour() -> Scene:
    s = Scene(32, WIDTH, HEIGHT)
    _sky(s, (0, "#BFDDE8"), (0.35, "#FBE3C8"), (0.55, "#FFD2A6"), (1, "#FFD2A6"))
    _sun(s, 760, 296, 62)
    _geese(s, 430, 120, 0.58, "#6A7F92")
    s.add(
        '<path d="M0,330 C120,250 220,270 330,316 C420,290 500,310 560,340 L560,350 0,350Z" fill="#8FA9B5" opacity=".8"/><path d="M860,340 C960,280 1060,290 1200,320 L1200,350 860,350Z" fill="#9DB4BD" opacity=".8"/>'
    )
    s.add(
        f'<rect y="340" width="1200" height="335" fill="{s.linear((0, "#F4C9A0"), (0.16, "#7FB3BF"), (1, "#1F5B72"))}"/>'
    )
    for k in range(70):
        y = 350 + (k / 70) ** 1.4 * 320
        length = s.random.uniform(30, 140) * (0.5 + k / 70)
        x = s.random.gauss(760, 60 + k * 7)
        s.add(
            f'<path d="M{x - length / 2:.0f},{y:.0f} q{length / 2:.0f},-6 {length:.0f},0" stroke="#FFF0D0" stroke-width="{2 + k / 18:.1f}" stroke-linecap="round" fill="none" opacity="{s.random.uniform(0.2, 0.6):.2f}"/>'
        )
    for x, y, size in ((360, 500, 1.2), (980, 430, 0.56)):
        hull = f'<path d="M-210,-30 C-150,0 150,0 230,-56 C214,20 170,56 130,60 L-130,60 C-170,56 -200,20 -210,-30Z" fill="{s.linear((0, "#E8502F"), (1, "#9E2A16"))}"/><path d="M-210,-30 C-150,0 150,0 230,-56 L226,-34 C150,20 -150,20 -206,-8Z" fill="#FFF6E6"/>'
        cabin = '<rect x="-90" y="-120" width="120" height="104" rx="8" fill="#FFF6E6"/><rect x="-104" y="-136" width="148" height="22" rx="8" fill="#2E6F86"/><rect x="-72" y="-98" width="36" height="38" rx="5" fill="#8FC4D2"/><rect x="-22" y="-98" width="36" height="38" rx="5" fill="#8FC4D2"/><path d="M90,-20 L90,-230 M90,-220 L200,-60 M90,-220 L-20,-140" stroke="#6A4A2E" stroke-width="7" fill="none"/><path d="M94,-226 l64,18 l-64,22z" fill="#F2A93B"/>'
        s.add(
            f'<ellipse cx="{x}" cy="{y + 74 * size}" rx="{230 * size}" ry="{18 * size}" fill="#0b3444" opacity=".45" filter="url(#b12)"/>',
            placed(cabin + hull, x, y, size),
        )
        s.add(
            f'<path d="M{x - 240 * size},{y + 66 * size} q{120 * size},-16 {240 * size},0 t{240 * size},0" stroke="#EAF7FA" stroke-width="7" fill="none" opacity=".7" stroke-linecap="round"/>'
        )
    s.glow()
    return s


def kitchen() -> Scene:
    s = Scene(33, WIDTH, HEIGHT)
    s.add(f'<rect width="1200" height="675" fill="{s.linear((0, "#FBEBD3"), (1, "#F1D6B0"))}"/>')
    for row in range(5):
        for col in range(17):
            s.add(
                f'<rect x="{col * 76 - (row % 2) * 38}" y="{150 + row * 62}" width="72" height="58" rx="4" fill="#fff" opacity="{s.random.uniform(0.14, 0.34):.2f}"/>'
            )
    s.add(
        '<rect x="760" y="170" width="330" height="280" rx="12" fill="#8E5C2E"/>',
        f'<rect x="776" y="186" width="298" height="248" rx="6" fill="{s.linear((0, "#CBE8F2"), (1, "#F6F7DE"))}"/>',
        '<path d="M776,400 C850,340 940,380 1074,350 L1074,434 776,434Z" fill="#9CC77A"/><rect x="918" y="186" width="14" height="248" fill="#8E5C2E"/><rect x="776" y="300" width="298" height="12" fill="#8E5C2E"/>',
    )
    s.add('<rect y="0" width="1200" height="30" fill="#A23A22"/>')
    for k in range(15):
        tone = "#E8502F" if k % 2 == 0 else "#FFF6E6"
        s.add(f'<path d="M{k * 80},20 h80 v74 a40,34 0 0 1 -80,0z" fill="{tone}"/>')
    s.add(
        '<rect y="20" width="1200" height="26" fill="#000" opacity=".06"/><path d="M0,132 H1200" stroke="#5a2a12" stroke-width="16" opacity=".16" filter="url(#b12)"/>'
    )
    s.add(
        f'<rect y="500" width="1200" height="175" fill="{s.linear((0, "#C98E52"), (1, "#8A5526"))}"/><rect y="500" width="1200" height="175" filter="url(#wood)" opacity=".5"/><rect y="496" width="1200" height="12" fill="#FFE2B4" opacity=".7"/>'
    )
    for k, (x, tone) in enumerate(((110, "#E7B24A"), (230, "#C9502F"), (350, "#7FA84E"))):
        s.add(
            s.shadow(x + 8, 540, 60, 12, 0.5),
            f'<rect x="{x - 50}" y="400" width="100" height="138" rx="18" fill="{tone}"/><rect x="{x - 50}" y="400" width="100" height="138" rx="18" fill="{s.linear((0, "#ffffff"), (0.4, tone), (1, tone), angle=0)}" opacity=".6"/><rect x="{x - 44}" y="378" width="88" height="30" rx="8" fill="#8E5C2E"/><rect x="{x - 34}" y="446" width="68" height="56" rx="6" fill="#FFF8EA"/><text x="{x}" y="485" text-anchor="middle" font-family="Noto Serif CJK SC" font-weight="700" font-size="32" fill="#7A3A1A">{"蜜酱茶"[k]}</text>',
        )
    back, front = s.bowl(590, 470, 130, 110, ("#FFFFFF", "#F3EEE8", "#CFC2B4"), "#E9DDD0")
    s.add(back)
    for x, y in ((530, 452), (600, 440), (656, 456), (564, 420), (626, 414)):
        s.add(placed(_orange(s, 44, False), x, y))
    s.add(front)
    loaf = (
        f'<path d="M-120,0 C-130,-70 -70,-92 0,-90 C70,-92 130,-70 120,0Z" fill="{s.radial((0, "#F6C682"), (0.6, "#D08E42"), (1, "#8E5420"))}"/>'
        + "".join(
            f'<path d="M{x},-78 q18,26 6,60" stroke="#FBE3B8" stroke-width="12" stroke-linecap="round" fill="none" opacity=".8"/>'
            for x in (-64, -10, 44)
        )
    )
    s.add(
        s.shadow(880, 596, 150, 18, 0.5),
        '<rect x="730" y="580" width="300" height="22" rx="10" fill="#F3E2C4"/>',
        placed(loaf, 880, 582),
    )
    for x in (1090, 1130, 1060):
        s.add(s.leaf(x, 520, 130, -90 + (x - 1090) * 0.8, "#A8CF5A", "#4A8A30"))
    s.add(
        f'<path d="M1040,500 h110 l-14,96 h-82z" fill="{s.linear((0, "#D9764A"), (1, "#9E4420"), angle=0)}"/><rect x="1032" y="490" width="126" height="24" rx="6" fill="#E08A5C"/>'
    )
    s.glow()
    return s


PICTURES: dict[str, Callable[[], Scene]] = {
    "cover-orchard": orchard,
    "cover-harbour": harbour,
    "cover-kitchen": kitchen,
}
