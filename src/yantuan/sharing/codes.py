"""QR codes for links."""

from __future__ import annotations

import functools
import io
from typing import Any, Final

from yantuan.kernel.lean import Later
from yantuan.media.pillow import Image

segno: Any = Later("segno")
"""Three megabytes, for those who show a code."""
_QUIET: Final = 4


def qr_image(url: str, side: int, *, quiet: int = _QUIET) -> Image.Image:
    """The code of `url` as a black-on-white `L` picture of `side` pixels.

    Modules are whole pixels, so every scanner sees sharp edges; what is left over becomes white margin.
    `quiet` is the least margin in modules (the standard asks for 4; a white card around may count).
    """
    modules = _modules(url)
    count = modules.width
    zoom = max(1, side // (count + 2 * quiet))
    drawn = modules.resize((count * zoom, count * zoom), Image.Resampling.NEAREST)
    out = Image.new("L", (max(side, drawn.width), max(side, drawn.height)), 255)
    out.paste(drawn, ((out.width - drawn.width) // 2, (out.height - drawn.height) // 2))
    return out


@functools.lru_cache(maxsize=4)
def _modules(url: str) -> Image.Image:
    """One pixel per module; kept, because the same links are drawn again and choosing the mask is slow."""
    rows = [bytes(255 * (1 - module) for module in row) for row in segno.make_qr(url, error="m").matrix]
    return Image.frombytes("L", (len(rows), len(rows)), b"".join(rows))


def qr_png(url: str, *, side: int = 480) -> bytes:
    """The code of `url` as a PNG file of `side` pixels."""
    out = io.BytesIO()
    qr_image(url, side).convert("1").save(out, "PNG", optimize=True)
    return out.getvalue()
