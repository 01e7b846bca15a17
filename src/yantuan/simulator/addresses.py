"""Judging the addresses that others hand in."""

import ipaddress
import re
from urllib.parse import SplitResult, urlsplit

_ODD = re.compile(r"[\x00-\x20\\\x7f]")


def is_loopback(host: str | None) -> bool:
    """Whether a host name or address certainly means this machine."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host or "").is_loopback
    except ValueError:
        return False


def split_plain(url: str) -> SplitResult | None:
    """The parts of an absolute http(s) address without user name; None for anything that browsers and
    `urlsplit` might read differently."""
    if _ODD.search(url):
        return None
    try:
        parts = urlsplit(url)
        usable = parts.scheme in ("http", "https") and bool(parts.hostname) and (parts.port or 1) > 0
    except ValueError:
        return None
    return parts if usable and parts.username is None and parts.password is None else None
