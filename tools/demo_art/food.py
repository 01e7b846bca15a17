"""Everything to eat that is not fruit."""

from __future__ import annotations

from collections.abc import Callable

from kit import Scene, placed


def _steam(x: float, y: float) -> str:
    return (
        f'<path d="M{x},{y} c-40,-60 40,-110 0,-180 c-30,-55 20,-90 10,-130" stroke="#fff" stroke-width="20" '
        'stroke-linecap="round" fill="none" opacity=".5" filter="url(#b12)"/>'
    )


def rice() -> Scene:
    s = Scene(21, near=1.07)
    s.table(("#FBF3E2", "#EEDDBE"), ("#D9B98A", "#B98F58"), 440)
    back, front = s.bowl(500, 540, 370, 310, ("#3F7F8C", "#1F5A68", "#0E3742"), "#F4F0E6")
    s.add(back)
    s.add(
        f'<path d="M150,545 C200,330 360,250 500,248 C640,250 800,330 850,545 C700,640 300,640 150,545Z" fill="{s.radial((0, "#FFFFFF"), (0.6, "#F8F4EA"), (1, "#D8CDB8"))}"/>'
    )
    for _ in range(900):
        x, y = s.random.uniform(160, 840), s.random.uniform(255, 620)
        edge = ((x - 500) / 345) ** 2 + ((y - 560) / 305) ** 2
        if edge > 1 or (y > 545 and ((x - 500) / 345) ** 2 + ((y - 545) / 82) ** 2 > 1):
            continue
        angle, tone = s.random.uniform(0, 180), s.random.choice(("#FFFFFF", "#FFFDF6", "#F3ECDC"))
        s.add(
            f'<g transform="translate({x:.0f} {y:.0f}) rotate({angle:.0f})"><ellipse cx="2" cy="3" rx="17" ry="7" fill="#A8946E" opacity=".3"/>'
            f'<ellipse rx="17" ry="7" fill="{tone}"/><ellipse cx="-4" cy="-2" rx="7" ry="2" fill="#fff" opacity=".9"/></g>'
        )
    s.add(front)
    s.add('<path d="M210,640 Q500,760 790,640" stroke="#F4E9CF" stroke-width="6" fill="none" opacity=".5"/>')
    for x, lean in ((880, -14), (930, 4), (830, -34)):
        s.add(
            f'<path d="M{x},1000 Q{x + lean},760 {x + lean * 4},560" stroke="#B98A2E" stroke-width="7" fill="none"/>'
        )
        for k in range(13):
            gx, gy = x + lean * 4 - lean * 0.12 * k, 560 + k * 22
            for side in (-1, 1):
                s.add(
                    f'<ellipse cx="{gx + side * 14:.0f}" cy="{gy}" rx="9" ry="20" transform="rotate({side * 28} {gx + side * 14:.0f} {gy})" fill="{s.linear((0, "#FBE08A"), (1, "#C98F22"))}"/>'
                )
    s.add(_steam(430, 300), _steam(560, 280))
    s.glow()
    return s


_EGG = "M0,-92 C50,-92 78,-18 78,24 C78,72 44,98 0,98 C-44,98 -78,72 -78,24 C-78,-18 -50,-92 0,-92Z"


def _egg(s: Scene, tones: tuple[str, str, str, str]) -> str:
    fill = s.radial((0, tones[0]), (0.4, tones[1]), (0.8, tones[2]), (1, tones[3]))
    specks = "".join(
        f'<circle cx="{s.random.uniform(-58, 58):.0f}" cy="{s.random.uniform(-60, 80):.0f}" r="{s.random.uniform(1, 3):.1f}" fill="{tones[3]}" opacity=".45"/>'
        for _ in range(18)
    )
    return (
        f'<path d="{_EGG}" fill="{fill}"/>{specks}<ellipse cx="-26" cy="-34" rx="20" ry="34" transform="rotate(20 -26 -34)" fill="#fff" opacity=".5" filter="url(#b5)"/>'
        '<path d="M-40,76 C0,100 50,84 70,34" stroke="#fff" stroke-width="8" opacity=".22" fill="none" filter="url(#b5)"/>'
    )


def _straw(s: Scene, number: int, cx: float, cy: float, rx: float, ry: float) -> None:
    for _ in range(number):
        x, y = cx + s.random.gauss(0, 0.52) * rx, cy + s.random.gauss(0, 0.42) * ry
        length, bend = s.random.uniform(90, 220), s.random.uniform(-50, 50)
        tone = s.random.choice(("#E8C877", "#D4AB54", "#F4DD9A", "#B98C3A"))
        s.add(
            f'<path d="M{x - length / 2:.0f},{y:.0f} q{length / 2:.0f},{bend:.0f} {length:.0f},{s.random.uniform(-40, 40):.0f}" stroke="{tone}" '
            f'stroke-width="{s.random.uniform(3, 7):.1f}" fill="none" stroke-linecap="round"/>'
        )


def eggs() -> Scene:
    s = Scene(22, near=1.07)
    s.boards("#D9B184", "#9A6A3C")
    s.add(s.shadow(510, 660, 430, 260, 0.4))
    _straw(s, 420, 500, 620, 360, 260)
    tones = [
        ("#FFEBD3", "#F2C79C", "#D79A68", "#A3663A"),
        ("#FFF1E0", "#F6D3AE", "#E0AA7C", "#B07648"),
        ("#FFE2C2", "#E7B384", "#C98753", "#93562C"),
    ]
    spots = [
        (310, 520, -30),
        (480, 470, 8),
        (655, 500, 34),
        (240, 680, -54),
        (410, 650, -8),
        (585, 650, 16),
        (755, 670, 58),
        (340, 810, -20),
        (520, 820, 6),
        (690, 810, 28),
    ]
    for index, (x, y, angle) in enumerate(spots):
        s.add(
            s.shadow(x + 14, y + 26, 84, 92, 0.42, "#3a1f08"),
            placed(_egg(s, tones[index % 3]), x, y, 1.14, angle),
        )
    _straw(s, 40, 500, 930, 380, 60)
    s.glow()
    return s


def _dumpling(s: Scene) -> str:
    skin = s.linear((0, "#FFFDF6"), (0.55, "#F8EBCF"), (1, "#D9BC8A"))
    pleats = "".join(
        f'<path d="M{x},{-52 + abs(x) * 0.34:.0f} q{-x * 0.05 + 5:.0f},26 {-x * 0.12:.0f},44" stroke="#C9A56C" stroke-width="5" fill="none" opacity=".65" stroke-linecap="round"/>'
        for x in range(-84, 96, 24)
    )
    return (
        f'<path d="M-130,26 C-124,-40 -60,-84 0,-84 C60,-84 124,-40 130,26 C120,66 60,78 0,78 C-60,78 -120,66 -130,26Z" fill="{skin}"/>'
        f'<path d="M-130,26 C-124,-40 -60,-84 0,-84 C60,-84 124,-40 130,26 C136,20 134,4 128,-6 C112,-66 60,-106 0,-106 C-60,-106 -112,-66 -128,-6 C-134,4 -136,20 -130,26Z" fill="{s.linear((0, "#FFFEFA"), (1, "#EBD5A8"))}"/>'
        + "".join(
            f'<path d="M{x},{-98 + x * x * 0.0058:.0f} l{-x * 0.06:.0f},22" stroke="#CBA870" stroke-width="4" opacity=".6" stroke-linecap="round"/>'
            for x in range(-108, 120, 18)
        )
        + f'{pleats}<ellipse cx="-30" cy="4" rx="56" ry="22" fill="#fff" opacity=".75" filter="url(#b12)"/><ellipse cx="34" cy="34" rx="50" ry="18" fill="#7FA24A" opacity=".18" filter="url(#b12)"/>'
    )


def dumplings() -> Scene:
    s = Scene(23, near=1.07)
    s.cloth("#E9DCC8", "#BFA684")
    s.add(s.plate(480, 610, 430, 330, "#FFFFFF", "#F4F0EA"))
    s.add(
        '<ellipse cx="480" cy="610" rx="404" ry="306" fill="none" stroke="#3E6FA8" stroke-width="7" opacity=".7"/><ellipse cx="480" cy="610" rx="390" ry="294" fill="none" stroke="#3E6FA8" stroke-width="2" opacity=".7"/>'
    )
    one = _dumpling(s)
    for x, y, angle in (
        (330, 460, -16),
        (590, 440, 12),
        (250, 610, -6),
        (480, 590, 4),
        (705, 585, 14),
        (350, 745, -12),
        (600, 740, 10),
    ):
        s.add(s.shadow(x + 12, y + 58, 120, 42, 0.36, "#5a3a14"), placed(one, x, y, 0.96, angle))
    s.add(
        s.plate(856, 318, 118, 104, "#2E2A28", "#3A1A0C"),
        '<ellipse cx="856" cy="322" rx="82" ry="70" fill="#4A1508"/><ellipse cx="834" cy="300" rx="30" ry="14" fill="#fff" opacity=".25" filter="url(#b5)"/>',
    )
    for x, y in ((838, 330), (870, 312), (882, 346), (850, 352), (828, 308)):
        s.add(f'<circle cx="{x}" cy="{y}" r="9" fill="none" stroke="#7CB342" stroke-width="5"/>')
    for dx in (0, 46):
        s.add(
            f'<path d="M{690 + dx},1010 L{985},{560 + dx}" stroke="#2a0d04" stroke-width="24" opacity=".25" filter="url(#b12)"/>',
            f'<path d="M{680 + dx},1010 L985,{540 + dx}" stroke="{s.linear((0, "#C8442A"), (1, "#7E1F10"))}" stroke-width="19" stroke-linecap="round"/>',
        )
    s.add(_steam(360, 420), _steam(560, 400))
    s.glow()
    return s


def milk() -> Scene:
    s = Scene(24, near=1.2)
    s.table(("#E4F1F7", "#C9E1EE"), ("#F4ECDD", "#D9C4A0"), 560)
    s.add(
        '<path d="M0,560 C180,470 320,540 480,500 C660,450 820,520 1000,470 L1000,560Z" fill="#A9CF86" opacity=".75"/><path d="M0,560 C240,520 420,560 620,530 C800,505 920,540 1000,520 L1000,562 0,562Z" fill="#86B866" opacity=".8"/>'
    )
    white = s.linear((0, "#E3E9EE"), (0.22, "#FFFFFF"), (0.6, "#FBFCFD"), (1, "#C6D0D8"), angle=0)
    glass = s.linear((0, "#CFE4EE"), (0.2, "#F7FCFF"), (0.8, "#DDEDF4"), (1, "#A9C6D4"), angle=0)
    s.add(s.shadow(400, 912, 210, 36, 0.42))
    s.add(
        f'<path d="M318,300 L318,392 C318,440 236,470 236,560 L236,860 C236,900 262,914 300,914 L460,914 C498,914 524,900 524,860 L524,560 C524,470 442,440 442,392 L442,300Z" fill="{glass}"/>'
    )
    s.add(
        f'<path d="M326,400 C322,456 246,480 246,566 L246,858 C246,892 268,904 302,904 L458,904 C492,904 514,892 514,858 L514,566 C514,480 438,456 434,400Z" fill="{white}"/>'
    )
    s.add(
        f'<rect x="306" y="262" width="148" height="56" rx="14" fill="{s.linear((0, "#F7A23C"), (0.5, "#E8502F"), (1, "#B5331A"), angle=0)}"/><rect x="306" y="300" width="148" height="10" fill="#8E2412" opacity=".4"/>'
    )
    s.add(
        '<path d="M268,580 L268,840" stroke="#fff" stroke-width="16" stroke-linecap="round" opacity=".9" filter="url(#b5)"/>'
    )
    s.add(
        '<rect x="272" y="600" width="216" height="210" rx="24" fill="#F2F8E8"/><rect x="272" y="600" width="216" height="210" rx="24" fill="none" stroke="#7FB069" stroke-width="5"/>'
    )
    s.add(
        '<text x="380" y="690" text-anchor="middle" font-family="Noto Serif CJK SC" font-weight="700" font-size="58" fill="#3F7A35">鲜牛奶</text><text x="380" y="734" text-anchor="middle" font-family="Noto Sans CJK SC" font-size="24" fill="#6C9A5A">巴氏杀菌 950mL</text>'
    )
    s.add(
        '<path d="M330,768 c14,-18 30,-18 40,0 c10,-18 34,-22 50,0" stroke="#7FB069" stroke-width="6" fill="none" stroke-linecap="round"/>'
    )
    s.add(s.shadow(730, 912, 150, 30, 0.4))
    s.add(
        f'<path d="M606,560 L640,880 C644,908 660,914 690,914 L770,914 C800,914 816,908 820,880 L854,560Z" fill="{glass}" opacity=".9"/>'
    )
    s.add(
        f'<path d="M622,640 L648,876 C651,896 664,902 692,902 L768,902 C796,902 809,896 812,876 L838,640Z" fill="{white}"/><ellipse cx="730" cy="640" rx="108" ry="24" fill="#fff"/><ellipse cx="730" cy="644" rx="96" ry="18" fill="#F2F4F4"/>'
    )
    s.add(
        '<ellipse cx="730" cy="560" rx="124" ry="26" fill="none" stroke="#fff" stroke-width="7"/><path d="M640,600 L664,850" stroke="#fff" stroke-width="12" stroke-linecap="round" opacity=".85" filter="url(#b2)"/>'
    )
    s.glow()
    return s


def salted_eggs() -> Scene:
    s = Scene(25, near=1.07)
    s.table(("#E9F2EE", "#CFE2DC"), ("#DDC49A", "#B8925C"), 400)
    s.add(s.plate(500, 690, 440, 240, "#F7F3EA", "#EFE7D8"))
    blue = _egg(s, ("#FBFFFC", "#DCEBE4", "#B4CFC8", "#7FA39C"))
    for x, y, angle in ((330, 480, -24), (520, 440, 6), (700, 490, 30)):
        s.add(s.shadow(x + 10, y + 100, 90, 26, 0.4), placed(blue, x, y, 1.3, angle))
    white = s.radial((0, "#FFFFFF"), (0.7, "#F8F6F0"), (1, "#D6D3C6"), fx=0.4, fy=0.35)
    yolk = s.radial((0, "#FFC24A"), (0.4, "#F7871A"), (0.8, "#DD5A08"), (1, "#A83A03"), fx=0.4, fy=0.34)
    half = (
        f'<ellipse cx="0" cy="10" rx="128" ry="96" fill="#9DBBB3"/><ellipse rx="126" ry="92" fill="{white}"/>'
        f'<ellipse cx="4" cy="4" rx="84" ry="62" fill="#F9A63A" opacity=".35" filter="url(#b12)"/><ellipse cx="4" cy="2" rx="72" ry="54" fill="{yolk}"/>'
        '<ellipse cx="-16" cy="-16" rx="26" ry="12" transform="rotate(-24 -16 -16)" fill="#fff" opacity=".6" filter="url(#b5)"/><path d="M40,44 q34,8 58,40" stroke="#F28A1C" stroke-width="13" stroke-linecap="round" fill="none" opacity=".55" filter="url(#b2)"/>'
    )
    for x, y, angle in ((275, 710, -12), (525, 770, 4), (760, 700, 14)):
        s.add(s.shadow(x + 12, y + 78, 128, 38, 0.42), placed(half, x, y, 1.08, angle))
    for x, y, angle in ((110, 900, -40), (880, 900, 200)):
        s.add(s.leaf(x, y, 150, angle, "#A9C98A", "#557F45"))
    s.glow()
    return s


def cashews() -> Scene:
    s = Scene(26, near=1.07)
    s.cloth("#F1E4CC", "#CDAF82")
    back, front = s.bowl(500, 540, 390, 320, ("#C98E52", "#9A602C", "#5E3413"), "#6E4320")
    s.add(back)

    def nut(x: float, y: float, angle: float, scale: float) -> str:
        tones = s.random.choice(
            (
                ("#FFF3D6", "#F3D6A0", "#D9AE6C", "#A8773A"),
                ("#FFEFCB", "#EDCB90", "#CF9F5C", "#9A692F"),
                ("#FFF6E0", "#F6DDAE", "#E0B97C", "#B28446"),
            )
        )
        shape = (
            "M-70,32 C-98,-14 -62,-66 -4,-68 C56,-70 98,-30 92,16 C88,46 56,50 42,34 "
            "C28,20 4,16 -12,28 C-24,38 -26,52 -38,55 C-54,58 -62,48 -70,32Z"
        )
        body = (
            f'<path d="{shape}" fill="#5a3210" opacity=".42" transform="translate(8 13)" filter="url(#b5)"/>'
            f'<path d="{shape}" fill="{s.radial((0, tones[0]), (0.35, tones[1]), (0.75, tones[2]), (1, tones[3]))}"/>'
            '<path d="M-66,0 C-58,-36 -28,-54 6,-54 C36,-54 60,-40 72,-18" stroke="#fff" stroke-width="9" '
            'stroke-linecap="round" fill="none" opacity=".55" filter="url(#b5)"/>'
        )
        return placed(body, x, y, scale, angle)

    spots = []
    for row, (y, half, number) in enumerate(
        ((380, 90, 3), (420, 170, 4), (465, 240, 6), (510, 290, 7), (555, 310, 8), (600, 270, 7))
    ):
        for index in range(number):
            x = 500 - half + 2 * half * index / (number - 1) + s.random.uniform(-16, 16)
            spots.append((x, y + s.random.uniform(-12, 12) - row))
    for x, y in spots:
        s.add(nut(x, y, s.random.uniform(0, 360), s.random.uniform(0.78, 0.92)))
    s.add(front)
    for x, y, angle in ((140, 900, 20), (265, 925, 190), (830, 905, 60), (920, 860, 200)):
        s.add(nut(x, y, angle, 1.05))
    s.glow()
    return s


def sweet_potatoes() -> Scene:
    s = Scene(27, near=1.07)
    s.boards("#C79C6E", "#80542E")
    s.add(
        '<g transform="rotate(-5 500 640)"><rect x="90" y="390" width="830" height="520" rx="10" fill="#3a1d08" opacity=".3" filter="url(#b12)"/><rect x="80" y="376" width="830" height="520" rx="8" fill="#EAD9BC"/><rect x="80" y="376" width="830" height="520" rx="8" filter="url(#linen)" opacity=".4"/></g>'
    )
    skin = s.linear((0, "#C9657A"), (0.4, "#A13A55"), (1, "#5E1730"))
    shape = "M-250,10 C-240,-70 -110,-104 10,-98 C130,-92 220,-50 262,4 C220,70 110,104 -10,100 C-120,98 -220,80 -250,10Z"
    marks = "".join(
        f'<path d="M{s.random.uniform(-190, 190):.0f},{s.random.uniform(-66, 66):.0f} q12,5 {s.random.uniform(16, 42):.0f},0" stroke="#4A1024" stroke-width="4" fill="none" opacity=".5"/>'
        for _ in range(22)
    )
    whole = f'<path d="{shape}" fill="{skin}"/>{marks}<ellipse cx="-40" cy="-54" rx="140" ry="20" fill="#fff" opacity=".34" filter="url(#b12)"/><path d="M-250,10 q-34,2 -54,20 M262,4 q30,0 50,-14" stroke="#6E2038" stroke-width="10" fill="none" stroke-linecap="round"/>'
    flesh = s.radial((0, "#FFE08A"), (0.45, "#FFB73E"), (0.85, "#F0861A"), (1, "#C65E0C"), fx=0.45, fy=0.4)
    fibres = "".join(
        f'<path d="M{-170 + k * 12},{-28 + (k * 37) % 56} q60,{(k * 13) % 20 - 10} 120,0" stroke="#FFF0BE" stroke-width="3" fill="none" opacity=".45"/>'
        for k in range(16)
    )
    opened = f'<path d="{shape}" fill="{skin}"/><path d="M-214,4 C-190,-52 -80,-76 10,-72 C110,-68 190,-34 222,2 C180,46 90,70 -10,68 C-110,66 -196,52 -214,4Z" fill="{flesh}"/>{fibres}<ellipse cx="-50" cy="-24" rx="86" ry="16" fill="#fff" opacity=".55" filter="url(#b5)"/>'
    for x, y, angle, which in (
        (360, 480, -14, whole),
        (660, 545, 10, whole),
        (370, 690, -6, opened),
        (660, 790, 8, opened),
    ):
        s.add(s.shadow(x + 14, y + 84, 240, 46, 0.5), placed(which, x, y, 1.05, angle))
    s.add(_steam(400, 650), _steam(670, 740))
    s.glow()
    return s


def salmon() -> Scene:
    s = Scene(28, near=1.07)
    s.add(
        f'<rect width="1000" height="1000" fill="{s.linear((0, "#3A4852"), (1, "#1B242B"), angle=60)}"/><rect width="1000" height="1000" filter="url(#linen)" opacity=".18"/>'
    )
    s.add(
        s.shadow(510, 680, 430, 260, 0.6, "#000"),
        f'<rect x="80" y="360" width="840" height="560" rx="40" fill="{s.linear((0, "#E9F3F6"), (1, "#B9D0D8"), angle=60)}"/>',
    )
    for _ in range(260):
        x, y, r = s.random.uniform(110, 890), s.random.uniform(390, 890), s.random.uniform(14, 34)
        s.add(
            f'<path d="M{x:.0f},{y - r:.0f} l{r:.0f},{r * 0.5:.0f} l{-r * 0.2:.0f},{r:.0f} l{-r * 1.3:.0f},{-r * 0.3:.0f}z" fill="{s.random.choice(("#FFFFFF", "#F2FAFD", "#D3E6EE", "#C2DAE4"))}" opacity=".75"/>'
        )
    for x, y, angle in ((140, 470, -28), (130, 640, 6), (840, 450, -150), (870, 620, 172)):
        s.add(s.leaf(x, y, 230, angle, "#7FBF5A", "#2F6B2C"))
    meat = s.linear((0, "#FFB08A"), (0.35, "#FF8A56"), (1, "#E85F2C"), angle=65)
    shape = "M-130,-66 C-60,-100 80,-96 150,-58 C176,-30 160,44 120,72 C40,98 -80,92 -140,56 C-168,20 -160,-40 -130,-66Z"
    clip = s.clip(f'<path d="{shape}"/>')
    lines = "".join(
        f'<path d="M{x},-110 C{x + 54},-50 {x + 54},40 {x - 4},110" stroke="#FFE3D2" stroke-width="{11 - abs(k - 4)}" fill="none" opacity=".9"/>'
        for k, x in enumerate(range(-160, 150, 38))
    )
    piece = f'<path d="{shape}" fill="#C2441A" transform="translate(3 14)"/><path d="{shape}" fill="{meat}"/><g clip-path="{clip}">{lines}<ellipse cx="-30" cy="-58" rx="120" ry="22" fill="#fff" opacity=".5" filter="url(#b12)"/></g>'
    for row, (y, xs) in enumerate(((520, (300, 430, 560, 690)), (690, (280, 415, 550, 690)))):
        for k, x in enumerate(xs):
            s.add(
                s.shadow(x + 16, y + 46, 130, 50, 0.4, "#14313c"),
                placed(piece, x, y, 0.96, -24 + k * 5 + row * 4),
            )
    rind = (
        f'<circle r="92" fill="{s.radial((0, "#FFF08A"), (1, "#E8B90C"))}"/><circle r="82" fill="#FFFBE0"/>'
    )
    for k in range(9):
        rind += f'<path d="M0,0 L-20,-70 Q0,-82 20,-70Z" transform="rotate({k * 40})" fill="#FBE15A" stroke="#FFFBE0" stroke-width="4"/>'
    s.add(
        s.shadow(770, 850, 96, 60, 0.4, "#14313c"),
        placed(rind, 755, 820, 1, 10),
        s.shadow(880, 830, 80, 50, 0.3, "#14313c"),
        placed(rind, 872, 796, 0.86, 40),
    )
    s.add(
        s.shadow(240, 862, 70, 24, 0.4, "#14313c"),
        f'<path d="M170,850 C180,790 220,770 246,784 C290,776 316,820 306,852 C280,880 190,880 170,850Z" fill="{s.radial((0, "#D4EBA0"), (1, "#8FB84E"))}"/>',
    )
    s.spot(0.15, 0.1, 0.7, "#FFF3D6", 0.18)
    return s


PICTURES: dict[str, Callable[[], Scene]] = {
    "rice": rice,
    "eggs": eggs,
    "dumplings": dumplings,
    "milk": milk,
    "salted-eggs": salted_eggs,
    "cashews": cashews,
    "sweet-potatoes": sweet_potatoes,
    "salmon": salmon,
}
