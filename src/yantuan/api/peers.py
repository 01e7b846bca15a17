"""Who is at the other end of a request of the lane."""

from __future__ import annotations

from collections.abc import Mapping

from yantuan.api.lane_wire import Scope
from yantuan.identity.limits import address_key
from yantuan.kernel.config import config


def peer_of(scope: Scope, headers: Mapping[str, str]) -> str:
    """The key a limit per address is counted for, as `identity.limits.address_of` makes it; empty when nobody can know.

    A trusted proxy that does not say whom it speaks for stands for everybody behind it: no limit may be counted for it.
    """
    client = scope.get("client")
    peer = str(client[0]) if client else ""
    if peer not in config().trusted_peers:
        return address_key(peer)
    forwarded = headers.get("x-forwarded-for", "")
    return address_key(forwarded.rsplit(",", 1)[-1].strip()) if forwarded else ""
