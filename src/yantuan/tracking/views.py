"""Where tracking services knock: no session, no CSRF token; the signature over the form is the only credential."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import datetime

from django.core.exceptions import SuspiciousOperation
from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse, JsonResponse, QueryDict
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from yantuan.gateways.errors import GatewayUnverified
from yantuan.kernel import metrics
from yantuan.kernel.clock import CHINA, now
from yantuan.kernel.config import config
from yantuan.tracking import inbox

log = logging.getLogger("yantuan.tracking")
security = logging.getLogger("yantuan.security")

MAX_BODY = 256 * 1024
"""Bytes; a parcel with a hundred steps has about forty thousand, encoded."""
MAX_FIELDS = 20
Answer = Callable[[int, str], HttpResponse]


@csrf_exempt
@require_POST
def kuaidi100_push(request: HttpRequest) -> HttpResponse:
    """`POST /notify/kuaidi100?t=…`."""
    return _take(request, "kuaidi100", request.GET.get("t", "")[:19], _hundred)


@csrf_exempt
@require_POST
def kdniao_push(request: HttpRequest) -> HttpResponse:
    """`POST /notify/kdniao`."""
    return _take(request, "kdniao", "", _bird)


def _take(request: HttpRequest, provider: str, token: str, answer: Answer) -> HttpResponse:
    try:
        body = _body(request)
        if body is None:
            return answer(413, "too long")
        fields = QueryDict(body, encoding="utf-8")
        form = {name: str(fields[name]) for name in list(fields)[:MAX_FIELDS]}
        inbox.receive(provider, form, token)
    except GatewayUnverified as error:
        security.warning("push of %s refused: %s", provider, error.reason)
        metrics.count("notices_refused", by=1)
        return answer(403, "not a genuine push")
    except (SuspiciousOperation, UnicodeError):
        return answer(400, "not a form")
    except (OperationalError, InterfaceError):
        log.warning("a push found the database away; the service brings it again")
        return answer(503, "busy")
    except Exception:
        log.exception("a push could not be stored")
        return answer(500, "not stored")
    return answer(200, "")


def _body(request: HttpRequest) -> bytes | None:
    length = request.META.get("CONTENT_LENGTH") or "0"
    if not length.isdigit() or int(length) > MAX_BODY:
        return None
    body: bytes = request.read(MAX_BODY + 1)
    return body if len(body) <= MAX_BODY else None


def _hundred(status: int, reason: str) -> HttpResponse:
    good = status == 200
    body = {"result": good, "returnCode": str(status if good else 500), "message": "成功" if good else reason}
    return JsonResponse(body, status=status)


def _bird(status: int, reason: str) -> HttpResponse:
    moment: datetime = now().astimezone(CHINA)
    body = {
        "EBusinessID": config().kdniao_business_id,
        "UpdateTime": moment.strftime("%Y-%m-%d %H:%M:%S"),
        "Success": status == 200,
        "Reason": reason,
    }
    return JsonResponse(body, status=status)
