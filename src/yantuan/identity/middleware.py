"""Keeps personal answers out of every cache."""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse


class PersonalAnswers:
    """`Cache-Control: no-store` on every API and console answer that does not say otherwise."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        personal = request.path.startswith(("/api/", "/console/"))
        if personal and not response.has_header("Cache-Control"):
            response["Cache-Control"] = "no-store"
        return response
