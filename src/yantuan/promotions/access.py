"""The only door to a leader's coupons."""

from __future__ import annotations

from yantuan.identity.models import Person
from yantuan.kernel.errors import NotFound
from yantuan.promotions.models import Coupon
from yantuan.staff.access import reach


def access_coupon(person: Person, coupon_id: int) -> Coupon:
    """A coupon of a store this person owns, or helps in with the right that is needed; NotFound otherwise."""
    coupon = reach(person, Coupon.objects.select_related("store").filter(id=coupon_id), "store__")
    if coupon is None:
        raise NotFound
    return coupon
