"""JSON bodies are read strictly: one object, every name once, no NaN."""

from __future__ import annotations

import json
from typing import Any

from django.http import HttpRequest
from ninja.parser import Parser


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) != len(pairs):
        # Readers disagree on which one counts, and what reads differently in two places is a way around a check.
        raise ValueError("a name is given twice")
    return made


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is not JSON")


class StrictParser(Parser):
    """Answers 400 `request_invalid` for anything but an object (django-ninja turns the ValueError into that)."""

    def parse_body(self, request: HttpRequest) -> dict[str, Any]:
        body = json.loads(request.body, object_pairs_hook=_once, parse_constant=_no_constant)
        if not isinstance(body, dict):
            raise ValueError("the body is not an object")
        return body
