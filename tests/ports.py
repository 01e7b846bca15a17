"""Ports for servers the tests start."""

from __future__ import annotations

import socket
from random import SystemRandom

# Below the range Linux takes the near end of outgoing connections from (32768 and up): a port found free there may be
# some client's a moment later, and the server cannot bind it.
FIRST, LAST = 12_000, 32_000
_chance = SystemRandom()


def free_ports(count: int) -> list[int]:
    """Ports nobody listens on now, nor on the one after each: there the simulator takes mail."""
    found: list[int] = []
    while len(found) < count:
        port = _chance.randrange(FIRST, LAST)
        if not {port - 1, port, port + 1} & set(found) and _free(port) and _free(port + 1):
            found.append(port)
    return found


def free_port() -> int:
    """One such port."""
    return free_ports(1)[0]


def _free(port: int) -> bool:
    with socket.socket() as probe:
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
        return True
