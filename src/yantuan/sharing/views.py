"""Pictures of shares over HTTP; anybody who has the link may look, as at the page it leads to."""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from yantuan.kernel.errors import AppError
from yantuan.sharing import pictures, signs
from yantuan.sharing.access import share_by_token
from yantuan.sharing.codes import qr_png
from yantuan.sharing.queries import code_of, share_url


@require_safe
def share_poster(request: HttpRequest, token: str) -> HttpResponse:
    """`GET /share/{token}/poster.jpg`."""
    return _picture(request, lambda: pictures.poster(share_by_token(token)))


@require_safe
def share_card(request: HttpRequest, token: str) -> HttpResponse:
    """`GET /share/{token}/card.jpg`."""
    return _picture(request, lambda: pictures.card(share_by_token(token)))


@require_safe
def sale_card(request: HttpRequest, code: str) -> HttpResponse:
    """`GET /share/g/{code}/card.jpg`: what a buyer's own forwarding shows; it carries no token, for nobody is counted."""
    return _picture(request, lambda: pictures.sale_card(code))


@require_safe
def store_card(request: HttpRequest, code: str) -> HttpResponse:
    """`GET /share/s/{code}/card.jpg`."""
    return _picture(request, lambda: pictures.store_card(code))


@require_safe
def door_sign(request: HttpRequest, scene: str) -> HttpResponse:
    """`GET /share/door/{scene}.jpg`: to hang at a pick-up point's door."""
    return _picture(request, lambda: signs.door(scene))


@require_safe
def order_label(request: HttpRequest, scene: str) -> HttpResponse:
    """`GET /share/label/{scene}.jpg`: to stick on an order's bag."""
    return _picture(request, lambda: signs.label(scene))


@require_safe
def share_qr(request: HttpRequest, token: str) -> HttpResponse:
    """`GET /share/{token}/qr.png`: the code of the share's link."""
    try:
        share = share_by_token(token)
    except AppError as error:
        return _refusal(error)
    return _answer(qr_png(share_url(share, code_of(share))), "image/png", "public, max-age=86400")


def _picture(request: HttpRequest, draw: Callable[[], tuple[str, bytes]]) -> HttpResponse:
    try:
        name, data = draw()
    except AppError as error:
        return _refusal(error)
    etag = f'"{name}"'
    if request.headers.get("If-None-Match") == etag:
        return HttpResponse(status=304)
    # Joined count and state change: short-lived, but free to confirm by its hash.
    answer = _answer(data, "image/jpeg", "public, max-age=60")
    answer["ETag"] = etag
    return answer


def _answer(data: bytes, kind: str, cache: str) -> HttpResponse:
    answer = HttpResponse(data, content_type=kind)
    answer["Cache-Control"] = cache
    answer["X-Content-Type-Options"] = "nosniff"
    return answer


def _refusal(error: AppError) -> HttpResponse:
    answer = HttpResponse(error.zh, status=error.status, content_type="text/plain; charset=utf-8")
    answer["Cache-Control"] = "no-store"
    return answer
