"""Imported at start: proxy orders take part in placing."""

from __future__ import annotations

from yantuan.proxies import placing

PLACING = placing.ProxyHook
"""What is registered by being imported here."""
