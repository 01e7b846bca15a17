"""What becomes of an uploaded picture: decoded, turned upright, shrunk, stripped and encoded anew.

Nothing of the bytes a stranger sent survives: whatever hides behind or beside the pixels (a place in
EXIF, a script in a comment, an archive after the last byte) is left behind. No Django and no disk here.
"""

from __future__ import annotations

import hashlib
import io
import threading
from dataclasses import dataclass
from typing import Final

from yantuan.kernel.errors import AppError
from yantuan.media.pillow import Image, ImageCms

MAX_SIDE: Final = 1600
MAX_BYTES: Final = 10 * 1024 * 1024
MAX_PIXELS: Final = 40_000_000
THUMB_SIDE: Final = 400
JPEG_SIDE: Final = 1200

_MAX_ICC_BYTES: Final = 1024 * 1024
# Over this many pixels one decoded picture takes 50-160 MB, so such pictures take turns.
_BIG_PIXELS: Final = 12_000_000
_STRIP_ROWS: Final = 64
_big_decode = threading.Lock()

# EXIF orientation → what makes the picture stand upright.
_TURNS: Final[dict[int, str]] = {
    2: "FLIP_LEFT_RIGHT",
    3: "ROTATE_180",
    4: "FLIP_TOP_BOTTOM",
    5: "TRANSPOSE",
    6: "ROTATE_270",
    7: "TRANSVERSE",
    8: "ROTATE_90",
}

_HEIF_BRANDS: Final = frozenset(b"heic heix hevc hevx heim heis mif1 msf1 avif avis".split())


class PictureTooLarge(AppError):
    """The file is over the byte limit."""

    def __init__(self, max_bytes: int) -> None:
        limit = max_bytes // (1024 * 1024)
        super().__init__(
            "picture_too_large",
            f"图片太大了，请选择 {limit} MB 以内的图片",
            f"The picture is too large; please choose one of at most {limit} MB.",
            status=413,
        )


class PictureNotReadable(AppError):
    """The file claims to be a picture, but cannot be decoded."""

    def __init__(self) -> None:
        super().__init__(
            "picture_not_readable",
            "这张图片打不开，可能已损坏，请换一张",
            "This picture cannot be opened; it may be damaged. Please choose another.",
            status=422,
        )


class PictureTooManyPixels(AppError):
    """The picture is wider and higher than this service is willing to decode."""

    def __init__(self, max_pixels: int) -> None:
        limit = max_pixels // 1_000_000
        super().__init__(
            "picture_too_many_pixels",
            f"图片尺寸太大了，请选择 {limit * 100} 万像素以内的图片",
            f"The picture has too many pixels; please choose one of at most {limit} megapixels.",
            status=422,
        )


class PictureKindUnsupported(AppError):
    """The file is not one of the picture kinds that are taken."""

    def __init__(self, *, heif: bool = False) -> None:
        zh = "只支持 JPG、PNG、WebP、GIF 图片"
        en = "Only JPEG, PNG, WebP and GIF pictures are accepted."
        if heif:
            zh = "暂不支持 HEIC 格式，请在手机相机设置里选择“兼容性最佳”，或截图后再上传"
            en = "HEIC pictures are not accepted; send a JPEG or a screenshot of the picture instead."
        super().__init__("picture_kind_unsupported", zh, en, status=415)


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture that is safe to store and to serve.

    `data` and `thumb` are WebP; `width` and `height` are those of `data` in pixels, upright;
    `sha256` is the hex digest of `data`.
    """

    data: bytes
    width: int
    height: int
    mime: str
    sha256: str
    thumb: bytes


def reencode(
    data: bytes,
    *,
    max_side: int = MAX_SIDE,
    max_bytes: int = MAX_BYTES,
    max_pixels: int = MAX_PIXELS,
) -> Picture:
    """Make a clean WebP, at most `max_side` pixels on its longer side, out of an uploaded file.

    Raises `PictureTooLarge`, `PictureKindUnsupported`, `PictureTooManyPixels` or `PictureNotReadable`.
    """
    image = _decode(data, max_side, max_bytes, max_pixels)
    out = _encode(image, "WEBP", quality=82, method=4)
    thumb = image.copy()
    thumb.thumbnail((THUMB_SIDE, THUMB_SIDE), Image.Resampling.LANCZOS)
    return Picture(
        data=out,
        width=image.width,
        height=image.height,
        mime="image/webp",
        sha256=hashlib.sha256(out).hexdigest(),
        thumb=_encode(thumb, "WEBP", quality=78, method=4),
    )


def as_jpeg(data: bytes, *, max_side: int = JPEG_SIDE, quality: int = 85) -> bytes:
    """The same picture as a JPEG, for link previews and programs that do not read WebP.

    Raises what `reencode` raises.
    """
    image = _decode(data, max_side, MAX_BYTES, MAX_PIXELS)
    return _encode(image, "JPEG", quality=quality, optimize=True, progressive=True)


def _decode(data: bytes, max_side: int, max_bytes: int, max_pixels: int) -> Image.Image:
    """An upright RGB picture without metadata, at most `max_side` long."""
    if len(data) > max_bytes:
        raise PictureTooLarge(max_bytes)
    kind = _sniff(data)
    try:
        with Image.open(io.BytesIO(data), formats=[kind]) as image:
            pixels = image.width * image.height
            if pixels > max_pixels:
                raise PictureTooManyPixels(max_pixels)
            if pixels <= _BIG_PIXELS:
                return _flatten(image, max_side)
            with _big_decode:
                return _flatten(image, max_side)
    except AppError:
        raise
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise PictureTooManyPixels(max_pixels) from None
    except Exception as error:
        # Decoders meet hostile input here and fail in every way there is (OSError, SyntaxError,
        # ValueError, struct.error, …): to the sender all of these mean the same.
        raise PictureNotReadable from error


def _sniff(data: bytes) -> str:
    """The one Pillow decoder that may look at the file, chosen by its first bytes."""
    if not data:
        raise PictureNotReadable
    if data.startswith(b"\xff\xd8\xff"):
        return "JPEG"
    if data.startswith(b"\x89PNG\r\n\x1a\n"):
        return "PNG"
    if data[:6] in (b"GIF87a", b"GIF89a"):
        return "GIF"
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return "WEBP"
    raise PictureKindUnsupported(heif=data[4:8] == b"ftyp" and data[8:12] in _HEIF_BRANDS)


def _flatten(image: Image.Image, max_side: int) -> Image.Image:
    """Shrink first, then colours, transparency and direction: the costly steps see few pixels."""
    if image.format in ("JPEG", "MPO"):
        # Lets the JPEG decoder skip detail that would be thrown away: a 40-megapixel photo then costs little.
        image.draft("RGB", (max_side, max_side))
    image.load()
    profile = image.info.get("icc_profile")
    orientation = image.getexif().get(0x0112, 1)
    shrunk = _shrink(_coarse(image, max_side), max_side)
    opaque = _on_white(_to_srgb(shrunk, profile))
    return _upright(opaque, orientation)


def _coarse(image: Image.Image, max_side: int) -> Image.Image:
    """Average whole blocks of pixels, strip by strip: converting it all at once would triple the memory."""
    factor = max(image.size) // max_side
    if factor < 2 or min(image.size) < factor:
        return _resizable(image)
    strips: list[Image.Image] = []
    rows = factor * _STRIP_ROWS
    for top in range(0, image.height, rows):
        strip = image.crop((0, top, image.width, min(top + rows, image.height)))
        strip.info = image.info
        strips.append(_resizable(strip).reduce(factor))
    whole = Image.new(strips[0].mode, (strips[0].width, sum(strip.height for strip in strips)))
    top = 0
    for strip in strips:
        whole.paste(strip, (0, top))
        top += strip.height
    return whole


def _resizable(image: Image.Image) -> Image.Image:
    """A mode in which averaging neighbouring pixels makes sense."""
    if image.mode.startswith("I"):
        return image.convert("I").point([value >> 8 for value in range(65536)], "L")
    if image.mode in ("P", "PA", "LA", "La", "RGBa") or "transparency" in image.info:
        return image.convert("RGBA")
    if image.mode in ("L", "RGB", "RGBA", "CMYK"):
        return image
    return image.convert("RGB")


def _shrink(image: Image.Image, max_side: int) -> Image.Image:
    longest = max(image.size)
    if longest <= max_side:
        return image
    size = (
        max(1, round(image.width * max_side / longest)),
        max(1, round(image.height * max_side / longest)),
    )
    return image.resize(size, Image.Resampling.LANCZOS, reducing_gap=2.0)


def _to_srgb(image: Image.Image, profile: object) -> Image.Image:
    """Phones shoot in Display P3; dropping that profile without converting would dull every picture."""
    if not isinstance(profile, bytes) or not 0 < len(profile) <= _MAX_ICC_BYTES:
        return image
    if image.mode not in ("RGB", "CMYK"):
        return image
    try:
        source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        converted = ImageCms.profileToProfile(image, source, ImageCms.createProfile("sRGB"), outputMode="RGB")
    except (ImageCms.PyCMSError, OSError, ValueError):
        return image
    return converted or image


def _on_white(image: Image.Image) -> Image.Image:
    if image.mode != "RGBA":
        return image.convert("RGB")
    ground = Image.new("RGB", image.size, "white")
    ground.paste(image, mask=image.getchannel("A"))
    return ground


def _upright(image: Image.Image, orientation: object) -> Image.Image:
    """Turn as the camera noted, into a new picture that holds pixels and nothing else."""
    turn = _TURNS.get(orientation) if isinstance(orientation, int) else None
    turned = image if turn is None else image.transpose(Image.Transpose[turn])
    clean = Image.new("RGB", turned.size)
    clean.paste(turned)
    return clean


def _encode(image: Image.Image, kind: str, **options: int | bool) -> bytes:
    out = io.BytesIO()
    image.save(out, kind, **options)
    return out.getvalue()
