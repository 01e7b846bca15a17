"""Where WeChat Pay knocks: no session, no CSRF token, no redirect; the signature is the only credential."""

from __future__ import annotations

import logging
import threading

from django.core.exceptions import RequestDataTooBig
from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from yantuan.gateways.errors import GatewayUndecryptable
from yantuan.gateways.wechatpay import NoticeRefused
from yantuan.kernel import metrics
from yantuan.kernel.errors import AppError
from yantuan.merchants.keys import account_of_code
from yantuan.payments import inbox
from yantuan.payments.catch_up import CatchUp

log = logging.getLogger("yantuan.payments")
security = logging.getLogger("yantuan.security")

AT_ONCE = 3
"""Notices one process applies at the same time before it answers; further ones are stored, answered, then applied."""
_applying = threading.BoundedSemaphore(AT_ONCE)
_catch_up = CatchUp()

MAX_BODY = 256 * 1024
"""Bytes; a genuine notice has about two thousand."""


@csrf_exempt
@require_POST
def transaction_notice(request: HttpRequest) -> HttpResponse:
    """`POST /notify/wechatpay/transactions`: the operator's own account."""
    return _notice(request, None)


@csrf_exempt
@require_POST
def refund_notice(request: HttpRequest) -> HttpResponse:
    """`POST /notify/wechatpay/refunds`: the operator's own account."""
    return _notice(request, None)


@csrf_exempt
@require_POST
def account_notice(request: HttpRequest, code: str, what: str) -> HttpResponse:
    """`POST /notify/wechatpay/{code}/transactions` and `…/refunds`: a store's own account, by its code."""
    account_id = account_of_code(code)
    if account_id is None or what not in ("transactions", "refunds"):
        return _fail(404, "no such account")
    return _notice(request, account_id)


def _notice(request: HttpRequest, account_id: int | None) -> HttpResponse:
    body = _body(request)
    if body is None:
        return _fail(413, "the notice is too long")
    try:
        notice_id = inbox.receive(dict(request.headers), body, account_id)
    except NoticeRefused as error:
        # The platform tests our checking with probes; they deserve a refusal but no alarm.
        (log.info if error.probe else security.warning)("notice refused: %s", error.reason)
        metrics.count("notices_refused", by=0 if error.probe else 1)
        return _fail(error.status, "not a genuine notice")
    except GatewayUndecryptable:
        log.error("a genuine notice could not be decrypted; check the APIv3 key")
        return _fail(500, "cannot be decrypted")
    except AppError as error:
        return _fail(error.status, error.code)
    except (OperationalError, InterfaceError):
        log.warning("a notice found the database away; the provider brings it again")
        return _fail(503, "busy")
    except Exception:
        log.exception("a notice could not be stored")
        return _fail(500, "not stored")
    _handle(notice_id)
    return HttpResponse(status=204)


def _body(request: HttpRequest) -> bytes | None:
    length = request.META.get("CONTENT_LENGTH") or "0"
    if not length.isdigit() or int(length) > MAX_BODY:
        return None
    try:
        body: bytes = request.read(MAX_BODY + 1)
    except RequestDataTooBig:
        return None
    return body if len(body) <= MAX_BODY else None


def _handle(notice_id: int) -> None:
    # In a storm of notices the answer is what must not wait: the provider gives up after five seconds.
    if not _applying.acquire(blocking=False):
        _catch_up.soon(notice_id)
        return
    try:
        inbox.handle(notice_id)
    except Exception:
        # Stored already: a timed job handles what this request could not.
        log.exception("notice %s waits for the timed job", notice_id)
    finally:
        _applying.release()


def _fail(status: int, reason: str) -> HttpResponse:
    return JsonResponse({"code": "FAIL", "message": reason}, status=status)
