"""JSON bodies are read strictly: one object, every name once, no NaN."""

from __future__ import annotations

import json
import re
from typing import Any

from django.http import HttpRequest
from ninja.parser import Parser

from yantuan.kernel.errors import AppError


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


def refuse_repeats(raw: bytes) -> None:
    """Raise AppError `request_invalid` (400) when an object in `raw` gives a name twice. `raw` is known to be JSON."""
    try:
        json.loads(raw, object_pairs_hook=_once)
    except ValueError:
        raise AppError("request_invalid", "请求格式不对", "The request cannot be read.", status=400) from None


_ONCE = re.compile(
    rb'"(group_buy_id|lines|delivery_method|address_id|pickup_point_id|contact|payment_method|'
    rb'expected_total_fen|answers|remark|anonymous|share_token|name|phone|building|unit|room)"\s*:'
)
_PER_LINE = re.compile(rb'"(?:offer_id|quantity)"\s*:')
_PER_ANSWER = re.compile(rb'"(?:question_id|answer)"\s*:')


def may_repeat(raw: bytes, *, lines: int, answers: int) -> bool:
    """Whether a checkout's body could give a name twice; a quick look that never misses one.

    Without a backslash no text can hold a quotation mark, so counting names is exact; with one, look properly.
    """
    if b"\\" in raw:
        return True
    once = _ONCE.findall(raw)
    return (
        len(once) != len(set(once))
        or len(_PER_LINE.findall(raw)) > 2 * lines
        or len(_PER_ANSWER.findall(raw)) > 2 * answers
    )
