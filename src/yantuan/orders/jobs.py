"""Imported at start: registers what orders tell the pages of group buys."""

from __future__ import annotations

from yantuan.orders import joined

__all__ = ["joined"]
