"""Uploaded pictures: what is taken, what is refused, and that nothing but pixels gets through."""

from __future__ import annotations

import io
import itertools
import struct
import zlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageCms

from yantuan.kernel.errors import AppError
from yantuan.media.pictures import Picture, as_jpeg, reencode

PNG_HEAD = b"\x89PNG\r\n\x1a\n"


def encoded(image: Image.Image, kind: str, **options: object) -> bytes:
    out = io.BytesIO()
    image.save(out, kind, **options)
    return out.getvalue()


def photo(width: int = 640, height: int = 480) -> Image.Image:
    ramp = Image.linear_gradient("L").resize((width, height))
    return Image.merge("RGB", (ramp, ramp.transpose(Image.Transpose.FLIP_TOP_BOTTOM), ramp))


def opened(data: bytes) -> Image.Image:
    image = Image.open(io.BytesIO(data))
    image.load()
    return image


def refused(data: bytes, **limits: int) -> AppError:
    with pytest.raises(AppError) as caught:
        reencode(data, **limits)
    return caught.value


def png_chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def png_header(width: int, height: int) -> bytes:
    return PNG_HEAD + png_chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "GIF"])
def test_every_accepted_kind_becomes_webp(kind: str) -> None:
    source = photo().convert("P") if kind == "GIF" else photo()
    picture = reencode(encoded(source, kind))
    assert (picture.width, picture.height, picture.mime) == (640, 480, "image/webp")
    assert opened(picture.data).format == "WEBP"
    assert opened(picture.data).size == (640, 480)
    assert opened(picture.thumb).size == (400, 300)
    assert len(picture.sha256) == 64


def test_the_longer_side_is_limited_and_small_pictures_are_not_blown_up() -> None:
    wide = reencode(encoded(photo(4000, 1000), "JPEG"))
    assert (wide.width, wide.height) == (1600, 400)
    small = reencode(encoded(photo(30, 20), "PNG"))
    assert (small.width, small.height) == (30, 20)
    assert opened(small.thumb).size == (30, 20)
    assert reencode(encoded(photo(900, 600), "PNG"), max_side=300).height == 200


@pytest.mark.parametrize("mode", ["RGB", "RGBA", "P", "L"])
def test_shrinking_in_strips_leaves_no_seams(mode: str) -> None:
    ramp = Image.linear_gradient("L").resize((1000, 3333)).convert(mode)
    shown = opened(reencode(encoded(ramp, "PNG"), max_side=400).data).convert("L")
    assert shown.size == (120, 400)
    column = [shown.getpixel((60, y)) for y in range(400)]
    assert column[0] <= 8 and column[-1] >= 247
    assert all(-4 <= after - before <= 6 for before, after in itertools.pairwise(column))


def test_a_hair_thin_picture_keeps_one_pixel() -> None:
    picture = reencode(encoded(Image.new("RGB", (9000, 1), "red"), "PNG"))
    assert (picture.width, picture.height) == (1600, 1)


def test_the_place_and_camera_are_removed() -> None:
    exif = Image.Exif()
    exif[0x010F] = "SecretCam"
    exif.get_ifd(0x8825)[2] = (39.0, 54.0, 26.0)
    sent = encoded(photo(), "JPEG", exif=exif, comment=b"<script>alert(1)</script>")
    assert b"SecretCam" in sent
    picture = reencode(sent)
    for data in (picture.data, picture.thumb, as_jpeg(sent)):
        assert b"SecretCam" not in data and b"script" not in data and b"Exif" not in data
        assert not opened(data).getexif()
        assert "icc_profile" not in opened(data).info


@pytest.mark.parametrize("orientation", range(1, 9))
def test_pictures_stand_upright(orientation: int) -> None:
    upright = Image.new("RGB", (60, 40), "white")
    upright.paste("red", (0, 0, 30, 20))
    back = {
        1: [],
        2: [Image.Transpose.FLIP_LEFT_RIGHT],
        3: [Image.Transpose.ROTATE_180],
        4: [Image.Transpose.FLIP_TOP_BOTTOM],
        5: [Image.Transpose.TRANSPOSE],
        6: [Image.Transpose.ROTATE_90],
        7: [Image.Transpose.TRANSVERSE],
        8: [Image.Transpose.ROTATE_270],
    }[orientation]
    stored = upright
    for step in back:
        stored = stored.transpose(step)
    exif = Image.Exif()
    exif[0x0112] = orientation
    picture = reencode(encoded(stored, "PNG", exif=exif))
    shown = opened(picture.data).convert("RGB")
    assert shown.size == (60, 40)
    red, white = shown.getpixel((10, 8)), shown.getpixel((50, 32))
    assert red[0] > 200 and red[1] < 60
    assert min(white) > 230


def test_transparency_becomes_white_not_black() -> None:
    clear = Image.new("RGBA", (50, 50), (0, 0, 0, 0))
    assert min(opened(reencode(encoded(clear, "PNG")).data).convert("RGB").getpixel((25, 25))) > 250
    palette = Image.new("P", (50, 50), 0)
    palette.putpalette([0, 0, 0] * 256)
    sent = encoded(palette, "PNG", transparency=0)
    assert min(opened(reencode(sent).data).convert("RGB").getpixel((25, 25))) > 250


@pytest.mark.parametrize("mode", ["1", "L", "LA", "I;16", "RGBA", "CMYK"])
def test_unusual_colour_modes(mode: str) -> None:
    if mode == "I;16":
        source = Image.new("I;16", (20, 20), 0x8000)
    elif mode == "CMYK":
        source = Image.new("RGB", (20, 20), (128, 128, 128)).convert("CMYK")
    elif mode == "1":
        source = Image.new("1", (20, 20), 1)
    else:
        source = Image.new("L", (20, 20), 128).convert(mode)
    kind = "JPEG" if mode == "CMYK" else "PNG"
    shown = opened(reencode(encoded(source, kind)).data).convert("RGB").getpixel((10, 10))
    expected = 255 if mode == "1" else 128
    assert all(abs(channel - expected) <= 6 for channel in shown)


def test_a_colour_profile_is_applied_and_a_broken_one_ignored() -> None:
    srgb = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    for profile in (srgb, b"nonsense" * 40):
        shown = opened(reencode(encoded(photo(), "PNG", icc_profile=profile)).data)
        assert shown.size == (640, 480)


def test_only_the_first_of_many_frames_is_read() -> None:
    frames = [Image.new("P", (80, 80), index % 256) for index in range(300)]
    for frame in frames:
        frame.putpalette([value for index in range(256) for value in (index, 0, 255 - index)])
    sent = encoded(frames[0], "GIF", save_all=True, append_images=frames[1:])
    picture = reencode(sent)
    assert opened(picture.data).n_frames == 1
    assert opened(picture.data).convert("RGB").getpixel((40, 40))[2] > 230


def test_a_header_that_claims_fifty_thousand_squared_is_refused_unread() -> None:
    bomb = (
        png_header(50_000, 50_000) + png_chunk(b"IDAT", zlib.compress(bytes(1000))) + png_chunk(b"IEND", b"")
    )
    error = refused(bomb)
    assert (error.code, error.status) == ("picture_too_many_pixels", 422)


def test_pixel_limit_is_exact() -> None:
    flat = encoded(Image.new("L", (1000, 1000)), "PNG")
    assert reencode(flat, max_pixels=1_000_000).width == 1000
    assert refused(flat, max_pixels=999_999).code == "picture_too_many_pixels"


def test_a_gif_bomb_of_65535_squared_is_refused() -> None:
    gif = b"GIF89a" + struct.pack("<HHBBB", 65535, 65535, 0x80, 0, 0) + bytes(6) + b","
    gif += struct.pack("<HHHHB", 0, 0, 65535, 65535, 0) + b"\x02\x02\x4c\x01\x00;"
    assert refused(gif).code == "picture_too_many_pixels"


def test_twenty_megabytes_are_refused() -> None:
    error = refused(b"\xff\xd8\xff" + bytes(20 * 1024 * 1024))
    assert (error.code, error.status) == ("picture_too_large", 413)
    assert "10 MB" in error.zh and "10 MB" in error.en


@pytest.mark.parametrize(
    "data",
    [
        b'<svg xmlns="http://www.w3.org/2000/svg"><script/></svg>',
        b'<?xml version="1.0"?><svg/>',
        b"<!doctype html><img src=x onerror=alert(1)>",
        b"%PDF-1.7\n" + bytes(100),
        b"PK\x03\x04" + bytes(100),
        b"\x7fELF" + bytes(100),
        b"%!PS-Adobe-3.0 EPSF-3.0\n",
        b"BM" + bytes(60),
        b"II*\x00" + bytes(60),
        b"plain words",
        b" \xff\xd8\xff",
        b"<svg/>" + encoded(Image.new("RGB", (4, 4)), "JPEG"),
    ],
)
def test_other_files_are_refused_by_kind(data: bytes) -> None:
    error = refused(data)
    assert (error.code, error.status) == ("picture_kind_unsupported", 415)


def test_heic_gets_its_own_advice() -> None:
    error = refused(struct.pack(">I", 24) + b"ftypheic" + bytes(200))
    assert error.code == "picture_kind_unsupported"
    assert "HEIC" in error.zh and "HEIC" in error.en


def test_nothing_and_headers_alone_are_not_readable() -> None:
    for data in (
        b"",
        b"\xff\xd8\xff\xe0",
        PNG_HEAD,
        png_header(10, 10),
        b"GIF89a",
        b"RIFF\x00\x00\x00\x00WEBP",
    ):
        error = refused(data)
        assert (error.code, error.status) == ("picture_not_readable", 422)


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "GIF"])
def test_truncated_files_are_refused(kind: str) -> None:
    noise = Image.effect_noise((300, 200), 90).convert("P" if kind == "GIF" else "RGB")
    whole = encoded(noise, kind)
    assert refused(whole[: len(whole) // 2]).code == "picture_not_readable"


def test_what_hides_behind_the_pixels_is_left_behind() -> None:
    tail = b"PK\x03\x04<script>alert(document.domain)</script>%PDF-1.4"
    for kind in ("JPEG", "PNG", "GIF"):
        sent = encoded(photo().convert("P") if kind == "GIF" else photo(), kind) + tail
        picture = reencode(sent)
        assert b"script" not in picture.data and b"PK\x03\x04" not in picture.data
        assert b"%PDF" not in picture.thumb


def test_a_png_whose_text_unpacks_to_much_is_refused() -> None:
    text = png_chunk(b"zTXt", b"note\x00\x00" + zlib.compress(bytes(30_000_000)))
    sent = encoded(Image.new("RGB", (8, 8)), "PNG")
    assert refused(sent[:33] + text + sent[33:]).code == "picture_not_readable"


def test_the_jpeg_for_previews_is_a_plain_jpeg() -> None:
    data = as_jpeg(reencode(encoded(photo(3000, 2000), "JPEG")).data, max_side=500)
    assert opened(data).format == "JPEG"
    assert opened(data).size == (500, 333)


def test_the_same_file_gives_the_same_digest() -> None:
    sent = encoded(photo(), "PNG")
    first, second = reencode(sent), reencode(sent)
    assert first == second


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_damaged_files_give_a_picture_or_a_typed_refusal(data: st.DataObject) -> None:
    kind = data.draw(st.sampled_from(["JPEG", "PNG", "WEBP", "GIF"]))
    source = photo(48, 32).convert("P") if kind == "GIF" else photo(48, 32)
    body = bytearray(encoded(source, kind))
    for _ in range(data.draw(st.integers(1, 12))):
        body[data.draw(st.integers(0, len(body) - 1))] = data.draw(st.integers(0, 255))
    try:
        result = reencode(bytes(body), max_pixels=2_000_000)
    except AppError as error:
        assert error.code.startswith("picture_") and error.status in (413, 415, 422)
    else:
        assert isinstance(result, Picture) and max(result.width, result.height) <= 1600


@settings(max_examples=60, deadline=None)
@given(st.binary(max_size=300))
def test_random_bytes_are_refused(noise: bytes) -> None:
    assert refused(noise).status in (415, 422)
