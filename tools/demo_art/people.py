"""Faces for demo people: friendly, drawn, nobody real. 400 × 400."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from kit import Scene


@dataclass(frozen=True, slots=True)
class Look:
    ground: tuple[str, str]
    hair: str
    shirt: str
    skin: str
    style: str
    glasses: bool = False
    apron: str = ""


_BACK = {
    "long": "M112,196 C96,70 304,70 288,196 C300,270 296,320 300,344 L100,344 C104,320 100,270 112,196Z",
    "bob": "M108,190 C96,66 304,66 292,190 C298,240 290,268 270,276 L130,276 C110,268 102,240 108,190Z",
    "bun": "M118,180 C108,74 292,74 282,180 L280,214 L120,214Z M162,66 a38,34 0 1 1 76,0 a38,34 0 1 1 -76,0Z",
    "short": "M122,178 C112,74 288,74 278,178 L276,204 L124,204Z",
    "cap": "M124,178 C116,84 284,84 276,178 L274,210 L126,210Z",
    "grey": "M118,186 C104,70 296,70 282,186 C290,214 282,236 270,240 L130,240 C118,236 110,214 118,186Z",
}
_FRONT = {
    "long": "M122,186 C118,96 200,84 216,92 C262,92 284,130 278,190 C262,168 240,150 224,122 C204,150 150,154 122,186Z",
    "bob": "M118,190 C112,92 196,80 200,82 C208,80 288,92 282,190 C270,170 266,156 262,148 L138,148 C134,158 130,172 118,190Z",
    "bun": "M122,178 C118,92 196,84 200,84 C206,84 282,92 278,178 C262,140 232,122 200,120 C168,122 138,140 122,178Z",
    "short": "M120,176 C106,92 170,70 214,78 C268,76 290,120 280,176 C274,152 262,136 250,132 C214,146 168,134 148,128 C134,140 126,156 120,176Z",
    "cap": "",
    "grey": "M120,186 C112,96 180,78 204,82 C262,82 286,128 280,186 C270,160 254,142 236,134 C206,118 160,140 120,186Z",
}


def _person(look: Look) -> Scene:
    s = Scene(41, 400, 400)
    s.add(
        f'<rect width="400" height="400" fill="{s.linear((0, look.ground[0]), (1, look.ground[1]), angle=60)}"/>'
    )
    s.add('<circle cx="120" cy="100" r="110" fill="#fff" opacity=".22" filter="url(#b60)"/>')
    s.add(f'<path d="{_BACK[look.style]}" fill="{look.hair}"/>')
    s.add(
        f'<path d="M48,420 C52,326 116,300 164,292 L236,292 C284,300 348,326 352,420Z" fill="{look.shirt}"/>'
    )
    s.add('<path d="M164,292 C172,330 228,330 236,292 L236,286 164,286Z" fill="#000" opacity=".1"/>')
    if look.apron:
        s.add(
            f'<path d="M140,420 L146,336 C180,352 220,352 254,336 L260,420Z" fill="{look.apron}"/><path d="M146,338 L128,300 M254,338 L272,300" stroke="{look.apron}" stroke-width="12"/>'
        )
    neck = s.linear((0, "#C98A66"), (1, look.skin))
    s.add(f'<path d="M170,246 L170,292 C178,318 222,318 230,292 L230,246Z" fill="{neck}"/>')
    face = s.radial((0, "#FFE9D6"), (0.5, look.skin), (1, "#DDA27C"))
    s.add(
        f'<ellipse cx="122" cy="192" rx="15" ry="21" fill="{look.skin}"/><ellipse cx="278" cy="192" rx="15" ry="21" fill="{look.skin}"/>'
    )
    s.add(
        f'<path d="M124,170 C124,106 276,106 276,170 C278,232 246,274 200,276 C154,274 122,232 124,170Z" fill="{face}"/>'
    )
    s.add(
        '<ellipse cx="150" cy="222" rx="19" ry="12" fill="#F2705A" opacity=".36" filter="url(#b5)"/><ellipse cx="250" cy="222" rx="19" ry="12" fill="#F2705A" opacity=".36" filter="url(#b5)"/>'
    )
    for x in (165, 235):
        s.add(
            f'<ellipse cx="{x}" cy="190" rx="9" ry="11" fill="#2B1A14"/><circle cx="{x - 3}" cy="186" r="3.4" fill="#fff"/><path d="M{x - 17},166 q17,-11 34,0" stroke="{look.hair}" stroke-width="6" stroke-linecap="round" fill="none"/>'
        )
    s.add(
        '<path d="M196,202 q-6,16 6,17" stroke="#C98A66" stroke-width="5" stroke-linecap="round" fill="none"/><path d="M168,234 Q200,268 232,234 Q200,244 168,234Z" fill="#B5402E"/><path d="M176,238 Q200,248 224,238 Q200,254 176,238Z" fill="#fff" opacity=".85"/>'
    )
    if look.glasses:
        s.add(
            '<g fill="#fff" fill-opacity=".16" stroke="#4A3426" stroke-width="5"><circle cx="165" cy="192" r="29"/><circle cx="235" cy="192" r="29"/></g><path d="M194,190 h12" stroke="#4A3426" stroke-width="5"/>'
        )
    if look.style == "cap":
        s.add(
            f'<path d="M112,156 C112,52 288,52 288,156 C240,140 160,140 112,156Z" fill="{s.radial((0, "#F7C873"), (1, "#D98E2B"))}"/><path d="M104,160 C150,130 250,130 310,158 C322,168 312,176 300,172 C240,152 160,152 110,172 C98,174 96,166 104,160Z" fill="#B8721E"/>'
        )
    else:
        s.add(
            f'<path d="{_FRONT[look.style]}" fill="{look.hair}"/><path d="M150,112 C180,92 220,92 246,104" stroke="#fff" stroke-width="9" stroke-linecap="round" fill="none" opacity=".18" filter="url(#b5)"/>'
        )
    return s


_LOOKS = {
    "avatar-1": Look(("#FFE3D2", "#F7B79A"), "#3A241C", "#E8502F", "#FBD3B4", "bob", apron="#FFF3E2"),
    "avatar-2": Look(("#DDEED0", "#A9CF8E"), "#2B211D", "#4E8A4A", "#F2C29C", "cap", apron="#2F5E3A"),
    "avatar-3": Look(("#DCEBF5", "#A5C8E0"), "#24201F", "#3B6FA0", "#F7CBA6", "short", glasses=True),
    "avatar-4": Look(("#FBE9C6", "#F0C577"), "#4A2A1C", "#F2F0EA", "#FBD6BC", "long"),
    "avatar-5": Look(("#EBDFF2", "#C6A8D8"), "#3B2430", "#8A5BA6", "#F9D0B2", "bun"),
    "avatar-6": Look(("#E6E9EC", "#BCC6CE"), "#B9B6B2", "#7A4A3A", "#F4C7A4", "grey", glasses=True),
}

PICTURES: dict[str, Callable[[], Scene]] = {
    name: (lambda look=look: _person(look)) for name, look in _LOOKS.items()
}
