"""Refusals no view has worded: unknown addresses, wrong methods, lost forms. Typed under `/api/`, a plain page elsewhere."""

from __future__ import annotations

import sys
from html import escape

from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse

from yantuan.api.errors import answer
from yantuan.kernel.errors import AppError, Busy, Forbidden, NotFound

_PAGE = """<!DOCTYPE html><html lang="zh-CN"><head><meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1"><title>{zh}</title>
<style>body{{margin:0;padding:64px 24px;background:#F6F6F4;color:#1F2329;font:16px/1.6 system-ui;text-align:center}}
p{{color:#8A8F99}}a{{color:#E8502F}}</style></head>
<body><h1>{zh}</h1><p lang="en">{en}</p><p><a href="/">回首页 Home</a></p></body></html>"""


def refuse(request: HttpRequest, error: AppError) -> HttpResponse:
    """The envelope for programs, a page for people."""
    if request.path.startswith("/api/"):
        return answer(error)
    page = HttpResponse(_PAGE.format(zh=escape(error.zh), en=escape(error.en)), status=error.status)
    page["Cache-Control"] = "no-store"
    if error.retry_after is not None:
        page["Retry-After"] = str(error.retry_after)
    return page


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Django's `handler404`."""
    return refuse(request, NotFound())


def forbidden(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Django's `handler403`."""
    return refuse(request, Forbidden())


def unreadable(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Django's `handler400`."""
    return refuse(request, AppError("request_invalid", "请求格式不对", "The request cannot be read."))


def failed(request: HttpRequest) -> HttpResponse:
    """Django's `handler500`, called while the failure is at hand: a database that is away asks to come again."""
    if isinstance(sys.exception(), OperationalError | InterfaceError):
        return refuse(request, Busy(retry_after=2))
    return refuse(
        request,
        AppError("internal_error", "服务出错了，请稍后再试", "Something went wrong here.", status=500),
    )


def form_lost(request: HttpRequest, reason: str = "") -> HttpResponse:
    """A form came without this browser's own mark: the page was old, or another site sent it."""
    return refuse(
        request,
        Forbidden(
            "form_lost",
            "页面已过期，请返回刷新后再提交",
            "The page has expired; go back, reload and try again.",
        ),
    )


def wrong_method(request: HttpRequest, plain: HttpResponse) -> HttpResponse:
    """A 405 in the envelope, with the methods that are allowed."""
    typed = refuse(
        request,
        AppError(
            "method_not_allowed",
            "这个地址不支持这种请求方式",
            "This address doesn't take this method.",
            status=405,
        ),
    )
    if plain.has_header("Allow"):
        typed["Allow"] = plain["Allow"]
    return typed
