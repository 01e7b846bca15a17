"""What nearly every test would work out anew though it never changes: reading keys, and the list of authorities TLS trusts.

Together they were a third of what the tests of payments took. Nothing changes a key or a context once it is made.
"""

from __future__ import annotations

import functools
import ssl
from typing import Any

from cryptography.hazmat.primitives import serialization

KEPT = 64


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
