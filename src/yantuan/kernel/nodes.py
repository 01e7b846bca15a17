"""Which number a process carries in the ids it makes, so that no two processes of an instance ever make the same one."""

from __future__ import annotations

import os
import socket
import zlib
from pathlib import Path

try:
    import fcntl
except ImportError:  # pragma: no cover - Windows has no such locks
    fcntl = None  # type: ignore[assignment]

SLOTS = 16
"""Processes of one machine that make ids at the same time; the other six bits of a node name the machine."""
_LONGEST = 19
"""Digits of the largest number a lock file may hold."""

_held: list[int] = []
"""The open lock file of this process; closed by the system when the process ends, however it ends."""


def own_node(folder: Path) -> int:
    """A node (0 to 1023) that no other living process of this machine and data folder has.

    `YANTUAN_NODE` (0 to 63) names the machine where several share a database; without it the host's name does.
    """
    machine = int(os.environ.get("YANTUAN_NODE") or zlib.crc32(socket.gethostname().encode())) % 64
    return machine * SLOTS + _slot(folder)


def used_up_to() -> int:
    """The last millisecond that processes with this node before us may have used, as `remember` was told; 0 if unknown."""
    if not _held:
        return 0
    text = os.pread(_held[0], _LONGEST, 0)
    return int(text) if text.isdigit() else 0


def remember(millisecond: int) -> None:
    """Tell the next process with this node that this millisecond may be used, so that it begins after it even if the clock is set back.

    Survives the end of the process, not a loss of power within seconds: no time is spent to force it to the disk.
    """
    if _held:
        os.pwrite(_held[0], str(millisecond).zfill(_LONGEST).encode(), 0)


def _slot(folder: Path) -> int:
    # A fork inherits its parent's lock: it must not be taken for its own.
    while _held:
        os.close(_held.pop())
    if fcntl is not None and folder.is_dir():
        for slot in range(SLOTS):
            try:
                opened = os.open(folder / f"ids-{slot}.lock", os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
            except OSError:
                break
            try:
                fcntl.flock(opened, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                os.close(opened)
                continue
            _held.append(opened)
            return slot
    return os.getpid() % SLOTS
