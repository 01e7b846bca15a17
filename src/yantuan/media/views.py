"""Pictures as files over HTTP."""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from yantuan.media.files import KEY
from yantuan.media.models import Media
from yantuan.media.queries import public_media, read_bytes


def picture_response(media: Media, data: bytes, *, cache: str) -> HttpResponse:
    """A WebP answer that no browser may take for anything else."""
    answer = HttpResponse(data, content_type=media.mime)
    answer["Cache-Control"] = cache
    answer["X-Content-Type-Options"] = "nosniff"
    answer["Content-Security-Policy"] = "default-src 'none'; sandbox"
    answer["Content-Disposition"] = "inline"
    return answer


@require_safe
def public_picture(request: HttpRequest, name: str) -> HttpResponse:
    """`GET /media/{key}.webp` and `/media/{key}_t.webp`; the content of a key never changes."""
    stem = name.removesuffix(".webp")
    key = stem.removesuffix("_t")
    thumb = stem != key
    media = public_media(key) if stem != name and KEY.fullmatch(key) else None
    if media is None:
        raise Http404
    etag = f'"{media.sha256[:32]}{"t" if thumb else ""}"'
    if request.headers.get("If-None-Match") == etag:
        return HttpResponse(status=304)
    try:
        data = read_bytes(media, thumb=thumb)
    except FileNotFoundError:
        raise Http404 from None
    answer = picture_response(media, data, cache="public, max-age=31536000, immutable")
    answer["ETag"] = etag
    return answer
