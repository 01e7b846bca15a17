"""What nearly every test would work out anew though it never changes: keys, the authorities TLS trusts, the layers of a request.

The first two were a third of what the tests of payments took. Nothing changes a key or a context once it is made, nor the
layers while the settings stay the same: one that is overridden makes new ones.
"""

from __future__ import annotations

import functools
import os
import ssl
from collections.abc import Callable, Iterable
from typing import Any

import pytest
from cryptography.hazmat.primitives import serialization
from django.conf import settings
from django.core.handlers.base import BaseHandler
from django.test.client import ClientHandler

KEPT = 64


def one_of_each(rows: Iterable[tuple[Any, ...]], outcome: slice) -> list[Any]:
    """Rows of a table of answers, as parameters: on PostgreSQL only the first with each outcome.

    Which of a provider's codes means what is Python's business alone; that each outcome is kept is tried on both.
    """
    seen: set[tuple[Any, ...]] = set()
    made = []
    for row in rows:
        again = row[outcome] in seen
        made.append(pytest.param(*row, marks=[pytest.mark.one_database] if again else []))
        seen.add(row[outcome])
    return made


def keep() -> None:
    """From now on, the same key in the same words is read once, and the authorities of a file are loaded once."""
    read = serialization.load_pem_private_key
    read_once = functools.lru_cache(KEPT)(read)

    def load_pem_private_key(data: Any, password: Any = None, *others: Any, **named: Any) -> Any:
        plain = type(data) is bytes and password is None and not others and not named
        return read_once(data, None) if plain else read(data, password, *others, **named)

    trust = ssl.create_default_context
    trust_once = functools.lru_cache(KEPT)(lambda file: trust(cafile=file))

    def create_default_context(*others: Any, **named: Any) -> ssl.SSLContext:
        return trust(*others, **named) if others or set(named) != {"cafile"} else trust_once(named["cafile"])

    serialization.load_pem_private_key = load_pem_private_key
    ssl.create_default_context = create_default_context
    # What a test writes is gone after it: nothing need reach the disk before the next step.
    os.fsync = lambda file: None
    ClientHandler.load_middleware = _layers_once()  # type: ignore[method-assign]


def _layers_once() -> Callable[..., None]:
    """Test clients share the middleware of the first that was used with these settings; it keeps nothing of a request."""
    first: list[tuple[Any, ClientHandler]] = []

    def load_middleware(self: Any, is_async: bool = False) -> None:
        if not first or first[0][0] is not settings._wrapped:
            BaseHandler.load_middleware(self, is_async)
            first[:] = [(settings._wrapped, self)]
            return
        for name in (
            "_view_middleware",
            "_template_response_middleware",
            "_exception_middleware",
            "_middleware_chain",
        ):
            setattr(self, name, getattr(first[0][1], name))

    return load_middleware
