"""The documented table (`matrix.toml`): who gets what answer from which operation."""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from matrix.town import OWNERS, SIGNED_OUT
from yantuan.api.main import api

SIGN_IN_NEEDED = "401 sign_in_needed"
NOT_FOUND = "404 not_found"
_PREFIX = re.compile(r"^yantuan_(?:api_[a-z]+|[a-z_]+?_api)_")


@dataclass(frozen=True)
class Operation:
    """One route of the OpenAPI document."""

    name: str
    method: str
    path: str
    public: bool
    has_target: bool


@lru_cache(maxsize=1)
def operations() -> dict[str, Operation]:
    """Every operation by its short name."""
    found = {}
    for path, methods in api.get_openapi_schema()["paths"].items():
        for method, spec in methods.items():
            name = _PREFIX.sub("", spec["operationId"])
            found[name] = Operation(name, method.upper(), path, "security" not in spec, "{" in path)
    return found


@lru_cache(maxsize=1)
def table() -> dict[str, dict[str, Any]]:
    """Rows of `matrix.toml` by operation."""
    rows: dict[str, dict[str, Any]] = tomllib.loads((Path(__file__).parent / "matrix.toml").read_text())
    return rows


def expected(name: str, role: str, target: str) -> str:
    """The answer this role gets for a row of this target, as `200` or `404 not_found`."""
    row = table()[name]
    exact: str | None = row.get(f"{role}/{target}", row.get(role))
    if exact is not None:
        return exact
    if row["who"] != "public" and role in SIGNED_OUT:
        return SIGN_IN_NEEDED
    if target == "absent" and "absent" in row:
        return str(row["absent"])
    buyer, leader = OWNERS[target]
    owner = {"buyer": buyer, "leader": leader}.get(row["who"])
    return str(row["ok"]) if owner is None or role == owner else NOT_FOUND


def targets(name: str) -> list[str]:
    """The targets an operation is tried on: all three when its address or body names a row."""
    return list(OWNERS) if operations()[name].has_target or "absent" in table()[name] else ["a"]
