"""Small fixes on the way in and out of Django."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import unquote_to_bytes

from django.http import HttpRequest, HttpResponse, HttpResponseBase

from yantuan.api.errors import answer
from yantuan.api.refusals import wrong_method
from yantuan.kernel.errors import AppError

GetResponse = Callable[[HttpRequest], HttpResponseBase]


class NoNul:
    """Refuses addresses with a NUL: PostgreSQL can't even look for such a text, so nothing has that name."""

    def __init__(self, get_response: GetResponse) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        query = unquote_to_bytes(request.META.get("QUERY_STRING", ""))
        if "\x00" in request.path_info or b"\x00" in query:
            return answer(
                AppError("request_invalid", "请求格式不对", "The address cannot be read.", status=400)
            )
        return self._get_response(request)


class MethodOverride:
    """The mini-program can't send PATCH: it sends POST with `X-HTTP-Method-Override: PATCH`. No other method is overridden."""

    def __init__(self, get_response: GetResponse) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if request.method == "POST" and request.headers.get("X-HTTP-Method-Override", "").upper() == "PATCH":
            request.method = "PATCH"
            request.META["REQUEST_METHOD"] = "PATCH"
        return self._get_response(request)


class TypedMethodRefusal:
    """A wrong method on an API address is refused in the same envelope as everything else."""

    def __init__(self, get_response: GetResponse) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        response = self._get_response(request)
        if (
            isinstance(response, HttpResponse)
            and response.status_code == 405
            and request.path.startswith("/api/")
        ):
            return wrong_method(request, response)
        return response
