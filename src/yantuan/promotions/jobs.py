"""Imported at start: coupons take part in placing, and come back when an order closes unpaid."""

from __future__ import annotations

from yantuan.orders import parts
from yantuan.promotions import hook
from yantuan.promotions.actions import give_back, take_again

__all__ = ["hook"]

parts.provide_closing("coupons", give_back, take_again)
