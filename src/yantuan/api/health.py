"""Is it alive, can it serve, and who may see more."""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from urllib.parse import urlsplit

from django.http import HttpRequest, JsonResponse

from yantuan import __version__
from yantuan.health.status import readiness
from yantuan.kernel.config import config

_HERE = frozenset({"127.0.0.1", "::1", "localhost"})
_FORWARDED = ("x-forwarded-for", "x-real-ip", "forwarded")


def healthz(request: HttpRequest) -> JsonResponse:
    """The process answers."""
    return JsonResponse({"ok": True, "version": __version__})


def readyz(request: HttpRequest) -> JsonResponse:
    """The same look as the lane's, for whoever runs Django alone."""
    status, body = ready_answer(None)
    return JsonResponse(body, status=status)


def ready_answer(intake_running: bool | None) -> tuple[int, dict[str, object]]:
    """Status and body of /readyz: names of what is wrong, no figures, for anybody may ask."""
    found = readiness(intake_running)
    body: dict[str, object] = {
        "ok": not found.problems,
        "problems": found.problems,
        "warnings": found.warnings,
    }
    return (503 if found.problems else 200), body


def is_insider(peer: str, headers: Mapping[str, str]) -> bool:
    """Whether a request may read the metrics: it carries the token; or there is none, this instance is one for this
    machine only, and the request comes from it without a proxy between."""
    token = config().metrics_token
    if token:
        given = headers.get("authorization", "")
        return hmac.compare_digest(given.encode(), f"Bearer {token}".encode())
    local = (urlsplit(config().public_url).hostname or "") in _HERE
    return local and peer in _HERE and not any(name in headers for name in _FORWARDED)
