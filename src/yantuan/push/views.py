"""Where the WeChat platform knocks: no session, no CSRF token; the signature is the only credential."""

from __future__ import annotations

import logging

from django.core.exceptions import RequestDataTooBig
from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from yantuan.gateways.errors import GatewayUndecryptable
from yantuan.gateways.wechat_push import PushRefused, PushUnreadable
from yantuan.kernel import metrics
from yantuan.kernel.errors import AppError
from yantuan.push import inbox

log = logging.getLogger("yantuan.push")
security = logging.getLogger("yantuan.security")

MAX_BODY = 128 * 1024
"""Bytes; a genuine push has a few thousand."""
MAX_ECHO = 256


@csrf_exempt
@require_http_methods(["GET", "POST"])
def wechat_push(request: HttpRequest) -> HttpResponse:
    """`GET /notify/wechat/push` proves the address is ours; `POST` takes one message and answers `success`."""
    try:
        return _checked(request) if request.method == "GET" else _taken(request)
    except (PushRefused, PushUnreadable) as error:
        security.warning("push refused: %s", error.reason)
        metrics.count("notices_refused")
        return _text(error.status, "refused")
    except GatewayUndecryptable as error:
        log.error("a genuine push could not be decrypted; check wechat_push_aes_key: %s", error.reason)
        return _text(500, "cannot be decrypted")
    except AppError as error:
        return _text(403, error.code)
    except (OperationalError, InterfaceError):
        log.warning("a push found the database away; the platform brings it again")
        return _text(503, "busy")
    except Exception:
        log.exception("a push could not be stored")
        return _text(500, "not stored")


def _checked(request: HttpRequest) -> HttpResponse:
    echo = inbox.answer_check(request.GET.dict())
    return _text(200, echo[:MAX_ECHO])


def _taken(request: HttpRequest) -> HttpResponse:
    length = request.META.get("CONTENT_LENGTH") or "0"
    if not length.isdigit() or int(length) > MAX_BODY:
        return _text(413, "too long")
    try:
        body: bytes = request.read(MAX_BODY + 1)
    except RequestDataTooBig:
        return _text(413, "too long")
    if len(body) > MAX_BODY:
        return _text(413, "too long")
    inbox.receive(request.GET.dict(), body)
    # Stored: whatever handling it meets, the platform need not come again.
    return _text(200, "success")


def _text(status: int, words: str) -> HttpResponse:
    return HttpResponse(words, status=status, content_type="text/plain; charset=utf-8")
