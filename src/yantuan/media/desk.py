"""Private pictures on the operator's desk: small ones on the page, the full one in a tab of its own, and audited."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.utils.html import format_html, format_html_join

from yantuan.kernel import audit, desk
from yantuan.kernel.actors import Actor
from yantuan.media.models import Media
from yantuan.media.queries import read_bytes
from yantuan.media.views import picture_response


def strip(folder: str, count: int) -> Any:
    """`count` pictures below the address `folder` (ending in a slash), numbered from 0."""
    if not count:
        return desk.EMPTY
    links = [(f"{folder}{i}/", f"{folder}{i}/", i + 1) for i in range(count)]
    return format_html(
        '<div class="desk-papers">{}</div><p class="desk-hint">点开大图会记入审计日志</p>',
        format_html_join(
            "",
            '<a href="{}" target="_blank" rel="noopener"><img src="{}?thumb=1" alt="图片 {}" loading="lazy"></a>',
            links,
        ),
    )


def show(
    request: HttpRequest, ids: Sequence[Any], number: int, action: str, kind: str, row_id: int
) -> HttpResponse:
    """Picture `number` of a row for a signed-in operator; looking at the full size is audited. Raises Http404."""
    media = Media.objects.filter(id=int(ids[number]), removed_at=None).first() if number < len(ids) else None
    if media is None:
        raise Http404
    thumb = request.GET.get("thumb") == "1"
    try:
        data = read_bytes(media, thumb=thumb)
    except FileNotFoundError:
        raise Http404 from None
    if not thumb:
        actor = Actor("operator", desk.operator_id(request))
        audit.record(actor, action, kind, row_id, media=str(media.id))
    return picture_response(media, data, cache="private, no-store")
