"""Every leaf of a JSON body, each replaced in turn."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from typing import Any

Path = tuple[str | int, ...]


def leaves(body: Any, above: Path = ()) -> Iterator[tuple[Path, Any]]:
    """Path and value of everything that is no container."""
    items = body.items() if isinstance(body, dict) else enumerate(body) if isinstance(body, list) else None
    if items is None:
        yield above, body
        return
    for key, value in items:
        yield from leaves(value, (*above, key))


def objects(body: Any, above: Path = ()) -> Iterator[Path]:
    """Paths of the objects in a body, itself first."""
    if isinstance(body, dict):
        yield above
    items = body.items() if isinstance(body, dict) else enumerate(body) if isinstance(body, list) else ()
    for key, value in items:
        yield from objects(value, (*above, key))


def replaced(body: Any, path: Path, value: Any) -> Any:
    """A copy of the body with another value at the path."""
    if not path:
        return value
    made = copy.deepcopy(body)
    place = made
    for key in path[:-1]:
        place = place[key]
    place[path[-1]] = value
    return made


def at(body: Any, path: Path) -> Any:
    for key in path:
        body = body[key]
    return body


def keys_of(body: Any) -> set[str]:
    """Every key anywhere in it."""
    if isinstance(body, dict):
        return set(body) | {k for value in body.values() for k in keys_of(value)}
    return {k for value in body for k in keys_of(value)} if isinstance(body, list) else set()
