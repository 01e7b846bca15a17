"""One envelope for every refusal: {code, message, message_en, details, request_id}."""

from __future__ import annotations

import logging
from typing import Any

from django.core.exceptions import BadRequest, SuspiciousOperation
from django.db import InterfaceError, OperationalError
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.http.multipartparser import MultiPartParserError
from ninja import NinjaAPI
from ninja.errors import AuthenticationError, HttpError, ValidationError

from yantuan.kernel.errors import AppError, Busy, NotFound, SignInNeeded
from yantuan.kernel.logs import request_id

logger = logging.getLogger(__name__)


def answer(error: AppError) -> HttpResponse:
    """The HTTP answer of an expected failure."""
    response = JsonResponse(error.body(request_id()), status=error.status)
    if error.retry_after is not None:
        response["Retry-After"] = str(error.retry_after)
    response["Cache-Control"] = "no-store"
    return response


def _field(problem: dict[str, Any]) -> str:
    return ".".join(
        str(part) for part in problem.get("loc", ()) if part not in ("body", "query", "path", "form")
    )


def field_error(error: ValidationError) -> AppError:
    """The first field that breaks its rule, all of them in `details.fields`."""
    fields = [
        {"field": _field(problem).removeprefix("body."), "problem": str(problem.get("type", ""))}
        for problem in error.errors[:20]
    ]
    first = fields[0]["field"] if fields else ""
    return AppError(
        "fields_invalid",
        "填写的内容有误，请检查后再提交",
        f"Some fields are not valid: {first}.",
        status=422,
        fields=fields,
    )


def _install_unreadable(api: NinjaAPI) -> None:
    """Requests the framework itself cannot take apart."""

    @api.exception_handler(BadRequest)
    @api.exception_handler(SuspiciousOperation)
    @api.exception_handler(MultiPartParserError)
    def unreadable(request: HttpRequest, error: Exception) -> HttpResponse:
        """A form Django can't take apart: wrong boundary, charset, or too many fields."""
        return answer(AppError("request_invalid", "请求格式不对", "The request cannot be read.", status=400))

    @api.exception_handler(HttpError)
    def plain(request: HttpRequest, error: HttpError) -> HttpResponse:
        return answer(
            AppError(
                "request_invalid", "请求格式不对", "The request cannot be read.", status=error.status_code
            )
        )


def install(api: NinjaAPI) -> None:
    """Give every failure of `api` the envelope."""
    _install_unreadable(api)

    @api.exception_handler(AppError)
    def expected(request: HttpRequest, error: AppError) -> HttpResponse:
        return answer(error)

    @api.exception_handler(ValidationError)
    def invalid(request: HttpRequest, error: ValidationError) -> HttpResponse:
        return answer(field_error(error))

    @api.exception_handler(AuthenticationError)
    def unauthenticated(request: HttpRequest, error: AuthenticationError) -> HttpResponse:
        return answer(SignInNeeded())

    @api.exception_handler(Http404)
    def missing(request: HttpRequest, error: Http404) -> HttpResponse:
        return answer(NotFound())

    @api.exception_handler(OperationalError)
    @api.exception_handler(InterfaceError)
    def database_away(request: HttpRequest, error: Exception) -> HttpResponse:
        # Restarted, unreachable, or too slow for its time limit: the same call with the same key may be made again.
        logger.warning("the database failed on %s: %s", request.path, type(error).__name__)
        return answer(Busy(retry_after=2))

    @api.exception_handler(Exception)
    def unexpected(request: HttpRequest, error: Exception) -> HttpResponse:
        failure = AppError(
            "internal_error", "服务出错了，请稍后再试", "Something went wrong here.", status=500
        )
        body = failure.body(request_id())
        logger.error("unexpected failure %s on %s", body["request_id"], request.path, exc_info=error)
        return JsonResponse(body, status=500)
