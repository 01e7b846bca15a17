"""The reads of group buys: the owner's desk and the public pages."""

from __future__ import annotations

from yantuan.groupbuys.desk import group_buy_out, group_buy_rows, group_buy_url, live_offers, status_of
from yantuan.groupbuys.pages import build_page, group_buy_page, joined_page, store_page

__all__ = [
    "build_page",
    "group_buy_out",
    "group_buy_page",
    "group_buy_rows",
    "group_buy_url",
    "joined_page",
    "live_offers",
    "status_of",
    "store_page",
]
