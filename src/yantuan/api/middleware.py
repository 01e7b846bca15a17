"""Small fixes on the way in and out of Django."""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse, HttpResponseBase

from yantuan.api.refusals import wrong_method

GetResponse = Callable[[HttpRequest], HttpResponseBase]


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
