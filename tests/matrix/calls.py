"""Sending operations and reading their answers."""

from __future__ import annotations

import json
from typing import Any, cast

from django.http import HttpResponse

from matrix.sending import SENT
from matrix.table import operations, table
from matrix.town import Caller, Side, Town
from yantuan.kernel.ids import new_id


def send(town: Town, name: str, caller: Caller, side: Side) -> HttpResponse:
    """The operation as this caller would send it, about this side's rows."""
    sent = SENT[name]
    body: Any = sent.body(side, caller, town) if sent.body else None
    if sent.form:
        return cast(HttpResponse, caller.client.post(address(name, side), body))
    return send_raw(name, caller, side, "" if body is None else json.dumps(body))


def send_raw(name: str, caller: Caller, side: Side, raw: str | bytes, **headers: str) -> HttpResponse:
    """The operation with a body of any kind."""
    headers.setdefault("Idempotency-Key", str(new_id()))
    method, path = operations()[name].method, f"{address(name, side)}?{SENT[name].query}"
    return cast(HttpResponse, caller.client.generic(method, path, raw, "application/json", headers=headers))


def owner(name: str, town: Town) -> Caller:
    """Who may send this about shop a."""
    row = table()[name]
    if name == "send_certification":
        return town.callers["applicant"]
    selling = row["who"] == "leader" or name in ("create_store", "read_desk_sign_in", "confirm_desk_sign_in")
    return town.callers["leader" if selling else "buyer"]


def address(name: str, side: Side) -> str:
    """The operation's path with its parameters filled."""
    path, sent = operations()[name].path, SENT[name]
    for parameter, source in sent.path.items():
        value = source[1:] if source.startswith("=") else side.ids[source]
        path = path.replace(f"{{{parameter}}}", str(value))
    assert "{" not in path, f"{path} has parameters without a value"
    return path


def told(answer: HttpResponse) -> str:
    """`200`, or status and code of a refusal."""
    if answer.status_code < 400:
        return str(answer.status_code)
    if "json" not in answer.headers.get("Content-Type", ""):
        return str(answer.status_code)
    return f"{answer.status_code} {json.loads(answer.content).get('code')}"


def anonymous(answer: HttpResponse) -> dict[str, Any]:
    """A refusal without what differs from request to request."""
    return {k: v for k, v in json.loads(answer.content).items() if k != "request_id"}
