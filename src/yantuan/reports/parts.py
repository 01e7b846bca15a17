"""Readers of the day's bill on this floor, found at start."""

from __future__ import annotations

from yantuan.reports.bill_fees import keep as keep
