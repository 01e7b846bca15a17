"""The only doors to a leader's group buys and offers."""

from __future__ import annotations

from yantuan.groupbuys.models import GroupBuy, Offer
from yantuan.identity.models import Person
from yantuan.kernel.errors import NotFound
from yantuan.staff.access import reach


def access_group_buy(person: Person, group_buy_id: int) -> GroupBuy:
    """A group buy of one of the person's stores, with store and leader. Raises NotFound otherwise."""
    rows = GroupBuy.objects.select_related("store__leader__person").filter(id=group_buy_id)
    group_buy = reach(person, rows, "store__")
    if group_buy is None:
        raise NotFound
    return group_buy


def access_offer(person: Person, offer_id: int) -> Offer:
    """An offer of one of the person's group buys, removed ones included. Raises NotFound otherwise."""
    rows = Offer.objects.select_related("group_buy__store__leader__person").filter(id=offer_id)
    offer = reach(person, rows, "group_buy__store__")
    if offer is None:
        raise NotFound
    return offer
