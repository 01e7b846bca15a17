"""Coupons of a small shop, and checkouts that name them."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from orders.orderworld import World
from yantuan.identity.models import Address, Person
from yantuan.kernel.clock import now
from yantuan.orders.drafts import Draft
from yantuan.promotions import actions
from yantuan.promotions.models import Coupon, CouponClaim
from yantuan.promotions.schemas import CouponIn


def issue(world: World, **changes: Any) -> Coupon:
    """¥5 off from ¥30, one copy per person, good in the whole store."""
    values: dict[str, Any] = {
        "kind": "fixed", "minus_fen": 500, "threshold_fen": 3000, "starts_at": now() - timedelta(minutes=1),
        "ends_at": now() + timedelta(days=7),
    }  # fmt: skip
    return actions.issue_coupon(world.leader_person, world.store.id, CouponIn(**(values | changes)))


def take(person: Person, coupon: Coupon) -> CouponClaim:
    actions.claim(person, coupon.id)
    return CouponClaim.objects.filter(person=person, coupon=coupon).latest("nth")


def draft(
    world: World, pair: tuple[Person, Address], claim: CouponClaim, off: int = 500, **changes: Any
) -> Draft:
    """One piece of the first offer with the coupon on it."""
    total = world.offers[0].price_fen + world.store.freight_fen - off
    return world.draft(pair, coupon_id=claim.id, **({"expected_total_fen": total} | changes))


def counted(coupon: Coupon) -> tuple[int, int, int]:
    """(claimed, used, used_fen)."""
    row = Coupon.objects.get(id=coupon.id)
    return row.claimed, row.used, row.used_fen
