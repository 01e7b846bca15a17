"""Ids and tokens.

An id is a positive 63-bit integer: 41 bits of milliseconds since 2026-01-01 UTC, 4 bits of cell, 10 bits of node, 8 bits of sequence.
It is unique without coordination, sorts by time, and travels as a decimal string (JavaScript loses digits above 2^53).
"""

from __future__ import annotations

import os
import secrets
import threading
import time

from yantuan.kernel.config import data_folder
from yantuan.kernel.nodes import own_node, remember, used_up_to

EPOCH_MS = 1_767_225_600_000
"""2026-01-01T00:00:00Z in Unix milliseconds."""

_CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_BASE58 = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"


_AHEAD_MS = 250
"""Milliseconds a process announces at once in its node's file: at most four small writes a second."""
_LAST_MS = 1 << 40
"""No clock is believed to have been later than this (the year 2060): what a file says beyond it is rubbish."""


class IdMaker:
    """Makes ids for one process; a clock that steps back, or 256 ids in one millisecond, borrows from the next millisecond.

    A process begins after whatever earlier ones with its node may have used, so a clock set back between two starts repeats no id.
    """

    def __init__(self, cell: int = 0, node: int | None = None) -> None:
        if not 0 <= cell < 16:
            raise ValueError("cell must fit four bits")
        self._cell = cell
        self._node = node
        self._last = 0
        self._seq = 0
        self._forget_node()
        # A forked worker takes a node of its own; asking for the process at every id would cost more than the id.
        os.register_at_fork(after_in_child=self._forget_node)

    def _forget_node(self) -> None:
        self._lock = threading.Lock()
        self._fixed = -1
        self._announced = 0

    def _take_node(self) -> None:
        if self._node is not None:
            node, used = self._node, 0
        else:
            node, used = own_node(data_folder()), used_up_to()
        if self._last < used < _LAST_MS:
            self._last, self._seq = used, 255
        self._fixed = self._cell << 18 | (node & 1023) << 8

    def next(self) -> int:
        with self._lock:
            if self._fixed < 0:
                self._take_node()
            moment = max(time.time_ns() // 1_000_000 - EPOCH_MS, self._last)
            if moment == self._last:
                self._seq += 1
                if self._seq == 256:
                    moment, self._seq = moment + 1, 0
            else:
                self._seq = 0
            self._last = moment
            if moment >= self._announced:
                self._announce(moment)
            return moment << 22 | self._fixed | self._seq

    def _announce(self, moment: int) -> None:
        self._announced = moment + _AHEAD_MS
        if self._node is None:
            remember(self._announced)


_maker = IdMaker(cell=int(os.environ.get("YANTUAN_CELL", "0")))


def new_id() -> int:
    """A new row id."""
    return _maker.next()


def new_token(bytes_: int = 32) -> str:
    """An unguessable URL-safe token; 32 bytes are 256 random bits."""
    return secrets.token_urlsafe(bytes_)


def short_code(length: int = 11) -> str:
    """A random base58 code for public links; 11 characters are 64 bits."""
    return "".join(secrets.choice(_BASE58) for _ in range(length))


def invite_code_text() -> str:
    """A 13-character Crockford base32 code (65 random bits), easy to read aloud, shown as XXXX-XXXX-XXXXX."""
    return "".join(secrets.choice(_CROCKFORD) for _ in range(13))


def normalise_code(text: str) -> str:
    """Upper-case, full-width to half-width, drop blanks and dashes, read O as 0 and I/L as 1."""
    half = "".join(chr(ord(c) - 0xFEE0) if "！" <= c <= "～" else c for c in text)
    kept = "".join(c for c in half.upper() if c.isalnum())
    return kept.replace("O", "0").replace("I", "1").replace("L", "1")
