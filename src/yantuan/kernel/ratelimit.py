"""Counters per person, phone or address, in the database so that every process sees them."""

from __future__ import annotations

from django.db import connection

from yantuan.kernel.clock import now
from yantuan.kernel.config import config
from yantuan.kernel.errors import TooMany

_COUNT = """
INSERT INTO kernel_ratecount (key, "window", count) VALUES (%s, %s, 1)
ON CONFLICT (key, "window") DO UPDATE SET count = kernel_ratecount.count + 1 RETURNING count
"""


def hit(key: str, *, limit: int, seconds: int) -> None:
    """Count one use of `key`; raise TooMany when more than `limit` fall into one window of `seconds`."""
    moment = int(now().timestamp())
    window = moment - moment % seconds
    with connection.cursor() as cursor:
        cursor.execute(_COUNT, [f"{key}/{seconds}"[:160], window])
        count = int(cursor.fetchone()[0])
    if count > limit * config().rate_limit_times:
        raise TooMany(retry_after=window + seconds - moment)
