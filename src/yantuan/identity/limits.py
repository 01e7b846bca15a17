"""The address a limit is counted for."""

from __future__ import annotations

import ipaddress

from django.http import HttpRequest

from yantuan.kernel.config import config
from yantuan.kernel.http import client_ip


def address_key(text: str) -> str:
    """One household's key: an IPv4 address, or the /64 an IPv6 address lies in (its owner has all of it)."""
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return "unknown"
    if isinstance(address, ipaddress.IPv6Address):
        if address.ipv4_mapped is not None:
            return str(address.ipv4_mapped)
        return str(ipaddress.ip_network((address, 64), strict=False).network_address) + "/64"
    return str(address)


def address_of(request: HttpRequest) -> str:
    """The key of the peer behind a request; forwarded headers count only from trusted proxies."""
    return address_key(client_ip(request, config().trusted_peers))
