"""Where the platform fetches a picture it was asked about."""

from __future__ import annotations

import re

from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from yantuan.kernel.errors import AppError
from yantuan.media.pictures import as_jpeg
from yantuan.media.queries import read_bytes
from yantuan.moderation.judging import picture_for

_NAME = re.compile(r"([0-9A-Za-z_-]{43})\.jpg")


@require_safe
def checked_picture(request: HttpRequest, name: str) -> HttpResponse:
    """`GET /notify/wechat/content/{token}.jpg`: only while the platform judges it, under an address given to nobody else."""
    found = _NAME.fullmatch(name)
    media = picture_for(found[1]) if found else None
    if media is None:
        raise Http404
    try:
        data = as_jpeg(read_bytes(media))
    except (FileNotFoundError, AppError):
        raise Http404 from None
    answer = HttpResponse(data, content_type="image/jpeg")
    answer["Cache-Control"] = "private, no-store"
    answer["X-Robots-Tag"] = "noindex"
    return answer
