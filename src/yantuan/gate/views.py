"""What lets a phone keep the gate's page: its service worker and its manifest."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.http import require_safe

_HERE = Path(__file__).resolve().parent


@lru_cache(maxsize=1)
def _script() -> str:
    return (_HERE / "worker.js").read_text()


@require_safe
def worker(request: HttpRequest) -> HttpResponse:
    """The service worker; the policy that comes with it is the one its own requests obey."""
    answer = HttpResponse(_script(), content_type="text/javascript; charset=utf-8")
    answer["Content-Security-Policy"] = "default-src 'self'"
    answer["Cache-Control"] = "no-cache"
    return answer


@require_safe
def manifest(request: HttpRequest) -> JsonResponse:
    """Lets the gate be put on the phone's first screen."""
    icon = {"src": "/static/icon-512.png", "sizes": "512x512", "type": "image/png"}
    return JsonResponse(
        {
            "name": "雁团核销台", "short_name": "核销台", "start_url": "/leader/gate/index", "scope": "/leader/gate/",
            "display": "standalone", "background_color": "#ffffff", "theme_color": "#1F2329", "icons": [icon],
        },
        content_type="application/manifest+json",
    )  # fmt: skip
