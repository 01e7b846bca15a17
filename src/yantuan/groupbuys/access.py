"""The only doors to a leader's group buys and offers."""

from __future__ import annotations

from yantuan.groupbuys.models import GroupBuy, Offer
from yantuan.identity.models import Person
from yantuan.kernel.errors import NotFound


def access_group_buy(person: Person, group_buy_id: int) -> GroupBuy:
    """A group buy of one of the person's stores, with store and leader. Raises NotFound otherwise."""
    group_buy = (
        GroupBuy.objects.select_related("store__leader__person")
        .filter(id=group_buy_id, store__leader__person_id=person.id)
        .first()
    )
    if group_buy is None:
        raise NotFound
    return group_buy


def access_offer(person: Person, offer_id: int) -> Offer:
    """An offer of one of the person's group buys, removed ones included. Raises NotFound otherwise."""
    offer = (
        Offer.objects.select_related("group_buy__store__leader__person")
        .filter(id=offer_id, group_buy__store__leader__person_id=person.id)
        .first()
    )
    if offer is None:
        raise NotFound
    return offer
