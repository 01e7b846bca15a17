"""Fruit."""

from __future__ import annotations

import math

from kit import Scene, placed


def grapes() -> Scene:
    s = Scene(11, near=1.07)
    s.table(("#FFF6DF", "#F6E3B8"), ("#F3DDB2", "#E2BE84"), 430)
    s.add(s.plate(500, 720, 430, 190))
    skin = [
        s.radial((0, "#F4FBC0"), (0.4, "#CBE56B"), (0.78, "#93BE37"), (1, "#5E8F22")),
        s.radial((0, "#F8FCCB"), (0.42, "#D6EA79"), (0.8, "#A3C845"), (1, "#6C9A2A")),
        s.radial((0, "#EDF8B4"), (0.4, "#BFDC5C"), (0.78, "#85B22F"), (1, "#527F1E")),
    ]
    s.add(s.shadow(500, 770, 320, 70, 0.4, "#3c4a08"))
    s.add(
        '<path d="M500,300 C505,240 530,215 575,190" stroke="#7A5A2A" stroke-width="20" fill="none" stroke-linecap="round"/>'
    )
    s.add(
        '<path d="M500,300 C505,240 530,215 575,190" stroke="#B08A4A" stroke-width="7" fill="none" stroke-linecap="round"/>'
    )
    s.add(s.leaf(520, 280, 250, -18), s.leaf(500, 290, 210, 200, "#B2D858", "#4C8A28"))
    rows = [
        (330, 3, 250),
        (400, 5, 330),
        (472, 6, 400),
        (545, 6, 410),
        (617, 5, 345),
        (686, 4, 265),
        (750, 3, 170),
    ]
    grapes: list[tuple[float, float]] = []
    for y, number, width in rows:
        for index in range(number):
            x = 500 - width / 2 + width * index / (number - 1) + s.random.uniform(-9, 9)
            grapes.append((x, y + s.random.uniform(-9, 9)))
    s.random.shuffle(grapes)
    grapes.sort(key=lambda g: -abs(g[0] - 500) + s.random.uniform(0, 120))
    for x, y in grapes:
        r = s.random.uniform(52, 58)
        s.add(s.shadow(x + 8, y + 14, r * 0.95, r * 0.95, 0.2, "#2f4a06"))
        s.add(s.ball(x, y, r, s.random.choice(skin), 0.9, 1.06))
        s.add(
            f'<path d="M{x - r * 0.5:.0f},{y + r * 0.66:.0f} A{r * 0.84:.0f},{r * 0.84:.0f} 0 0 0 {x + r * 0.72:.0f},{y + r * 0.36:.0f}" stroke="#F6FFC0" stroke-width="7" fill="none" opacity=".38" filter="url(#b2)" stroke-linecap="round"/>'
        )
    for x, y in ((205, 748), (790, 760), (285, 812)):
        s.add(s.shadow(x + 8, y + 44, 50, 16, 0.4, "#3c4a08"), s.ball(x, y, 54, skin[1], 0.9))
    s.glow()
    return s


def _strawberry(s: Scene) -> str:
    body = s.radial((0, "#FF8A6E"), (0.35, "#F0382E"), (0.75, "#CF1322"), (1, "#930A18"))
    path = "M0,-70 C60,-84 96,-50 88,0 C78,56 36,104 0,118 C-36,104 -78,56 -88,0 C-96,-50 -60,-84 0,-70Z"
    seeds = ""
    for row, y in enumerate(range(-42, 104, 26)):
        half = 70 * math.sqrt(max(0.05, 1 - ((y + 20) / 128) ** 2))
        number = max(1, int(half / 15))
        for index in range(number):
            x = -half + 2 * half * (index + 0.5) / number + (6 if row % 2 else -4)
            if abs(x) < half - 2:
                seeds += f'<ellipse cx="{x + 1.5:.1f}" cy="{y + 1.5}" rx="4.6" ry="6.6" fill="#7E0613" opacity=".6"/><ellipse cx="{x:.1f}" cy="{y}" rx="3.2" ry="5.2" fill="#FFD872"/>'
    cap = "".join(
        f'<g transform="rotate({angle} 0 -68)"><path d="M0,-68 C{w},-88 {w},-122 0,-{long} C-{w},-122 -{w},-88 0,-68Z" fill="{s.linear((0, "#8CC63F"), (1, "#3B7D1E"))}"/></g>'
        for angle, w, long in (
            (-108, 16, 130),
            (108, 16, 130),
            (-70, 17, 136),
            (70, 17, 136),
            (-34, 16, 128),
            (34, 16, 128),
            (0, 14, 120),
            (-128, 12, 110),
            (128, 12, 110),
        )
    )
    return (
        f'<path d="{path}" fill="{body}"/>{seeds}'
        '<ellipse cx="-38" cy="-28" rx="24" ry="38" transform="rotate(18 -38 -28)" fill="#fff" opacity=".36" filter="url(#b5)"/>'
        '<ellipse cx="-42" cy="-38" rx="8" ry="15" transform="rotate(18 -42 -38)" fill="#fff" opacity=".8" filter="url(#b2)"/>'
        f'{cap}<path d="M0,-70 C2,-90 8,-104 16,-112" stroke="#6BA52F" stroke-width="8" fill="none" stroke-linecap="round"/>'
    )


def _half_strawberry(s: Scene) -> str:
    path = "M0,-70 C60,-84 96,-50 88,0 C78,56 36,104 0,118 C-36,104 -78,56 -88,0 C-96,-50 -60,-84 0,-70Z"
    flesh = s.radial(
        (0, "#FFF3EC"), (0.36, "#FFC9BD"), (0.7, "#FA7466"), (1, "#DD2530"), fx=0.5, fy=0.42, r=0.62
    )
    rays = "".join(
        f'<path d="M0,10 L{70 * math.cos(a):.0f},{10 + 84 * math.sin(a):.0f}" stroke="#fff" stroke-width="3" opacity=".4"/>'
        for a in [math.radians(d) for d in range(0, 360, 20)]
    )
    return (
        f'<path d="{path}" fill="#B40F1E"/><g transform="translate(0 1) scale(.93)"><path d="{path}" fill="{flesh}"/>{rays}'
        '<path d="M0,-40 C22,-20 20,40 0,72 C-20,40 -22,-20 0,-40Z" fill="#FFF7F2" opacity=".9"/></g>'
        f'<g transform="rotate(-8 0 -70)"><path d="M-70,-64 C-40,-104 40,-104 70,-64 C30,-78 -30,-78 -70,-64Z" fill="{s.linear((0, "#8CC63F"), (1, "#3B7D1E"))}"/></g>'
    )


def strawberries() -> Scene:
    s = Scene(12, near=1.07)
    s.table(("#FFF1EC", "#FBD9CC"), ("#F7D9C8", "#E6B49B"), 420)
    back, front = s.bowl(500, 560, 380, 300, ("#FFFFFF", "#F3EEE8", "#CFC2B4"), "#E9DDD0")
    s.add(back)
    berry = _strawberry(s)
    spots = [
        (300, 520, -28),
        (700, 520, 30),
        (410, 480, 12),
        (590, 470, -14),
        (500, 420, 4),
        (360, 430, -44),
        (640, 420, 40),
        (500, 340, -8),
        (235, 575, -50),
        (765, 575, 48),
        (340, 590, 14),
        (500, 560, -10),
        (655, 595, -18),
    ]
    for x, y, angle in spots:
        s.add(s.shadow(x + 8, y + 20, 86, 88, 0.24, "#5a0710"), placed(berry, x, y, 1.06, angle))
    s.add(front)
    s.add(s.shadow(210, 935, 120, 24, 0.42), placed(_half_strawberry(s), 205, 850, 1.0, -62))
    s.add(s.shadow(830, 935, 120, 24, 0.42), placed(berry, 830, 850, 1.05, 74))
    s.glow()
    return s


def _apple(s: Scene) -> str:
    skin = s.radial((0, "#FFB27A"), (0.28, "#F0523A"), (0.7, "#C6171F"), (1, "#7F0A16"))
    path = "M0,-100 C30,-128 118,-132 142,-52 C164,30 108,150 46,158 C24,160 14,150 0,150 C-14,150 -24,160 -46,158 C-108,150 -164,30 -142,-52 C-118,-132 -30,-128 0,-100Z"
    streaks = "".join(
        f'<path d="M{x * 0.16:.0f},-96 C{x},-90 {x * 1.35:.0f},20 {x * 0.6:.0f},130" stroke="#FFD88A" stroke-width="{w}" fill="none" opacity=".22" filter="url(#b2)"/>'
        for x, w in ((-104, 7), (-78, 4), (-52, 8), (-22, 4), (12, 6), (40, 4), (66, 7), (92, 4))
    )
    return (
        f'<path d="{path}" fill="{skin}"/><g>{streaks}</g>'
        '<ellipse cx="0" cy="-96" rx="52" ry="18" fill="#6d1108" opacity=".55" filter="url(#b5)"/><ellipse cx="0" cy="-98" rx="26" ry="9" fill="#E2B34A" opacity=".6" filter="url(#b5)"/>'
        '<path d="M0,-94 C-2,-130 8,-154 24,-170" stroke="#5C3A1A" stroke-width="12" fill="none" stroke-linecap="round"/>'
        '<ellipse cx="-72" cy="-44" rx="30" ry="54" transform="rotate(22 -72 -44)" fill="#fff" opacity=".38" filter="url(#b12)"/>'
        '<ellipse cx="-84" cy="-56" rx="11" ry="26" transform="rotate(24 -84 -56)" fill="#fff" opacity=".8" filter="url(#b5)"/>'
        '<path d="M-60,138 C10,160 90,120 126,30" stroke="#FF9A7A" stroke-width="10" fill="none" opacity=".3" filter="url(#b5)"/>'
    )


def apples() -> Scene:
    s = Scene(13, near=1.07)
    s.boards("#E9BE84", "#B97B40")
    apple = _apple(s)
    for x, y, scale, angle in ((300, 520, 1.12, -10), (705, 500, 1.16, 12), (500, 660, 1.3, 2)):
        s.add(
            s.shadow(x + 26, y + 150 * scale, 150 * scale, 40, 0.5),
            s.shadow(x + 22, y + 30, 140 * scale, 140 * scale, 0.25),
        )
        s.add(placed(apple, x, y, scale, angle))
        s.add(s.leaf(x + (20 + angle * 2.6) * scale, y - 152 * scale, 130, -22 + angle))
    flesh = s.radial((0, "#FFFDF0"), (0.7, "#FFF3CF"), (1, "#F3DFA0"), fx=0.5, fy=0.45)
    half = (
        '<ellipse rx="124" ry="112" fill="#B5121C"/><ellipse cy="-3" rx="117" ry="104" fill="' + flesh + '"/>'
        '<path d="M0,-66 C34,-40 34,40 0,66 C-34,40 -34,-40 0,-66Z" fill="#F6E5AE" stroke="#E2C77C" stroke-width="3"/>'
        '<ellipse cx="-13" cy="6" rx="8" ry="20" transform="rotate(14)" fill="#5B2E12"/><ellipse cx="13" cy="6" rx="8" ry="20" transform="rotate(-14)" fill="#5B2E12"/>'
    )
    s.add(
        s.shadow(850, 905, 130, 40, 0.45),
        placed(half, 838, 830, 1, -12),
        s.shadow(170, 905, 130, 40, 0.45),
        placed(half, 165, 838, 0.98, 16),
    )
    s.glow()
    return s


def _orange(s: Scene, r: float, navel: bool) -> str:
    skin = s.radial((0, "#FFD98A"), (0.32, "#FFA62B"), (0.72, "#F27A0A"), (1, "#B44D04"))
    dot = (
        '<circle cx="34" cy="28" r="17" fill="#C85C06" opacity=".7" filter="url(#b2)"/><circle cx="33" cy="26" r="9" fill="#8E3D04" opacity=".7"/>'
        if navel
        else f'<path d="M4,-{r * 0.78:.0f} l9,-12 l5,12 l13,-4 l-6,12 l11,8 l-14,3 l-3,13 l-9,-11 l-13,5 l4,-13 l-11,-8z" fill="#4E7D22"/>'
    )
    return (
        s.ball(0, 0, r, skin, 0.7, 0.97)
        + f'<ellipse rx="{r}" ry="{r * 0.97:.0f}" filter="url(#peel)" opacity=".35"/>'
        + dot
    )


def _cut_orange(s: Scene, r: float, juice: tuple[str, str]) -> str:
    wedges = ""
    for index in range(10):
        a0, a1 = math.radians(index * 36 + 3), math.radians(index * 36 + 33)
        x0, y0, x1, y1 = (
            r * 0.8 * math.cos(a0),
            r * 0.8 * math.sin(a0),
            r * 0.8 * math.cos(a1),
            r * 0.8 * math.sin(a1),
        )
        m = (a0 + a1) / 2
        bx, by = r * 0.08 * math.cos(m), r * 0.08 * math.sin(m)
        wedges += f'<path d="M{bx:.1f},{by:.1f} L{x0:.1f},{y0:.1f} Q{r * 0.9 * math.cos(m):.1f},{r * 0.9 * math.sin(m):.1f} {x1:.1f},{y1:.1f}Z" fill="{juice[index % 2]}" stroke="{juice[0]}" stroke-width="6" stroke-linejoin="round"/>'
        for k in range(5):
            d = 0.3 + 0.1 * k
            t = m + (k % 3 - 1) * 0.14
            wedges += f'<path d="M{r * d * math.cos(t):.1f},{r * d * math.sin(t):.1f} L{r * (d + 0.12) * math.cos(t):.1f},{r * (d + 0.12) * math.sin(t):.1f}" stroke="#FFE0A0" stroke-width="5" stroke-linecap="round" opacity=".5"/>'
    return (
        f'<circle r="{r}" fill="{s.radial((0, "#FFB03A"), (1, "#E06A04"))}"/><circle r="{r * 0.945}" fill="#FFF4D8"/><circle r="{r * 0.86}" fill="#FFE7B2"/>{wedges}'
        f'<circle r="{r * 0.07}" fill="#FFF4D8"/><ellipse cx="{-r * 0.34}" cy="{-r * 0.4}" rx="{r * 0.36}" ry="{r * 0.18}" transform="rotate(-38 {-r * 0.34} {-r * 0.4})" fill="#fff" opacity=".3" filter="url(#b12)"/>'
    )


def navel_oranges() -> Scene:
    s = Scene(14, near=1.07)
    s.table(("#FFF4DC", "#FFE0AE"), ("#EFCF9A", "#D9A862"), 430)
    orange = _orange(s, 165, True)
    for x, y in ((290, 590), (705, 590), (498, 440)):
        s.add(s.shadow(x + 20, y + 150, 150, 40, 0.5), placed(orange, x, y, 1, s.random.uniform(-30, 30)))
    s.add(s.leaf(500, 288, 170, -30), s.leaf(494, 290, 150, 205))
    s.add(
        s.shadow(340, 890, 190, 36, 0.5), placed(_cut_orange(s, 178, ("#FF9A1F", "#FFA938")), 330, 740, 1, 8)
    )
    s.add(s.shadow(700, 900, 180, 36, 0.5), placed(_orange(s, 172, True), 690, 745, 1, 14))
    s.glow()
    return s


def sugar_oranges() -> Scene:
    s = Scene(15, near=1.07)
    s.cloth("#F7F1DE", "#DCCFA8")
    s.add(s.plate(500, 600, 410, 380, "#FFFFFF", "#F7F2EA"))
    orange = _orange(s, 118, False)
    spots = [(330, 470), (560, 420), (720, 560), (300, 690), (640, 760), (500, 590)]
    for x, y in spots:
        s.add(s.shadow(x + 18, y + 26, 118, 112, 0.34), placed(orange, x, y, 1, s.random.uniform(-60, 60)))
    for x, y, r in ((452, 800, 128), (745, 800, 0)):
        if r:
            s.add(
                s.shadow(x + 14, y + 20, r, r, 0.3), placed(_cut_orange(s, r, ("#FF8A12", "#FF9D2A")), x, y)
            )
    s.add(s.leaf(560, 318, 170, -14), s.leaf(330, 366, 130, 210), s.leaf(760, 470, 150, 20))
    s.glow()
    return s


def melons() -> Scene:
    s = Scene(16, near=1.07)
    s.boards("#E4C79A", "#B08550", 4)
    skin = s.linear((0, "#F1F6C6"), (0.4, "#CFE08A"), (1, "#7F9E3C"), angle=90)
    shape = "M-330,30 C-320,-70 -150,-118 40,-104 C200,-92 320,-40 372,10 C330,64 200,118 20,120 C-160,122 -320,100 -330,30Z"
    stripes = "".join(
        f'<path d="M-318,{26 + y * 0.25:.0f} C-160,{y * 1.15:.0f} 150,{y * 1.1:.0f} 362,{10 + y * 0.1:.0f}" stroke="#6C9430" stroke-width="13" fill="none" opacity=".5" filter="url(#b2)"/>'
        for y in (-98, -62, -22, 22, 64, 102)
    )
    clip = s.clip(f'<path d="{shape}"/>')
    melon = f'<path d="{shape}" fill="{skin}"/><g clip-path="{clip}">{stripes}<ellipse cx="-40" cy="-64" rx="230" ry="24" fill="#fff" opacity=".55" filter="url(#b12)"/></g><path d="M370,10 q40,-14 62,-40" stroke="#8A8A3A" stroke-width="14" fill="none" stroke-linecap="round"/>'
    s.add(s.shadow(480, 450, 340, 60, 0.45), placed(melon, 470, 370, 1.02, -10))
    s.add(s.shadow(560, 660, 340, 60, 0.45), placed(melon, 560, 570, 1.05, 7))
    flesh = s.linear((0, "#FFE9A8"), (0.35, "#FFF6D2"), (0.8, "#E9F3BC"), (1, "#A9CB5C"))
    slice_path = "M-196,-46 C-110,-92 110,-92 196,-46 C126,66 -126,66 -196,-46Z"
    wedge = (
        f'<path d="{slice_path}" fill="#7DA239" transform="translate(0 13)"/><path d="{slice_path}" fill="{flesh}"/>'
        '<path d="M-150,-50 C-90,-74 90,-74 150,-50 C90,-20 -90,-20 -150,-50Z" fill="#F7D98A" opacity=".7" filter="url(#b5)"/>'
        + "".join(
            f'<ellipse cx="{x}" cy="{-50 + (x % 4) * 4}" rx="11" ry="6" transform="rotate({x} {x} -48)" fill="#FFF6D6" stroke="#D9A94A" stroke-width="2"/>'
            for x in range(-108, 120, 24)
        )
    )
    for x, y, angle in ((240, 820, -14), (510, 860, 4), (780, 820, 16)):
        s.add(s.shadow(x + 10, y + 34, 180, 34, 0.42), placed(wedge, x, y, 0.92, angle))
    s.glow()
    return s


def cherries() -> Scene:
    s = Scene(17, near=1.07)
    s.cloth("#FBEFE6", "#E7C9B5")
    back, front = s.bowl(500, 560, 370, 300, ("#EAF3F4", "#B7D3D6", "#6F9BA1"), "#8FB3B8")
    s.add(back)
    skin = s.radial((0, "#F0707A"), (0.3, "#B5122A"), (0.7, "#7A0519"), (1, "#3F020C"))
    spots = [
        (x + s.random.uniform(-14, 14), y + s.random.uniform(-10, 10))
        for y, xs in (
            (430, (420, 520, 610)),
            (370, (470, 570)),
            (500, (320, 415, 510, 610, 700)),
            (575, (260, 350, 450, 550, 650, 740)),
            (625, (330, 430, 530, 630)),
        )
        for x in xs
    ]
    spots.sort(key=lambda p: p[1])
    for x, y in spots:
        tilt = s.random.uniform(-70, 70)
        s.add(s.shadow(x + 6, y + 14, 58, 58, 0.3, "#2a0208"), s.ball(x, y, 58, skin, 0.95, 0.95))
        s.add(
            f'<path d="M{x:.0f},{y - 40:.0f} q{tilt * 0.3:.0f},-60 {tilt:.0f},-110" stroke="#5C8A2C" stroke-width="6" fill="none" stroke-linecap="round"/><ellipse cx="{x:.0f}" cy="{y - 42:.0f}" rx="14" ry="5" fill="#35020b" opacity=".6"/>'
        )
    s.add(front)
    for x, y in ((170, 880), (290, 905), (840, 885)):
        s.add(
            s.shadow(x + 10, y + 50, 60, 16, 0.45),
            s.ball(x, y, 60, skin, 0.95, 0.95),
            f'<path d="M{x},{y - 42} q20,-60 60,-90" stroke="#5C8A2C" stroke-width="6" fill="none" stroke-linecap="round"/>',
        )
    s.add(s.leaf(225, 800, 130, -30))
    s.glow()
    return s
