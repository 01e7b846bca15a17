"""Counters per person, phone or address, in the database so that every process sees them."""

from __future__ import annotations

import math
import time
from collections.abc import Hashable

from django.db import connection

from yantuan.kernel.clock import now
from yantuan.kernel.config import config
from yantuan.kernel.errors import TooMany

_COUNT = """
INSERT INTO kernel_ratecount (key, "window", count) VALUES (%s, %s, 1)
ON CONFLICT (key, "window") DO UPDATE SET count = kernel_ratecount.count + 1 RETURNING count
"""


class LocalLimit:
    """A counter of this process only, for paths too hot for the database: at most `limit` uses of a key in `seconds`.

    With N processes a caller may reach N times the limit; what must be exact is counted in the database.
    """

    def __init__(self, limit: int, seconds: int, *, most_keys: int = 50_000) -> None:
        self._limit = limit
        self._seconds = seconds
        self._most_keys = most_keys
        self._window = 0
        self._counts: dict[Hashable, int] = {}

    def hit(self, key: Hashable) -> None:
        """Count one use; raise TooMany above the limit. Keys beyond `most_keys` in one window are refused as well."""
        moment = time.monotonic()
        window = int(moment // self._seconds)
        if window != self._window:
            self._window, self._counts = window, {}
        count = self._counts.get(key, 0) + 1
        full = count == 1 and len(self._counts) >= self._most_keys
        if full or count > self._limit * config().rate_limit_times:
            raise TooMany(retry_after=max(1, math.ceil((window + 1) * self._seconds - moment)))
        self._counts[key] = count


def hit(key: str, *, limit: int, seconds: int) -> None:
    """Count one use of `key`; raise TooMany when more than `limit` fall into one window of `seconds`."""
    moment = int(now().timestamp())
    window = moment - moment % seconds
    with connection.cursor() as cursor:
        cursor.execute(_COUNT, [f"{key}/{seconds}"[:160], window])
        count = int(cursor.fetchone()[0])
    if count > limit * config().rate_limit_times:
        raise TooMany(retry_after=window + seconds - moment)
