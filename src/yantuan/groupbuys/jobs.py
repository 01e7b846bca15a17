"""What the product library and the pick-up points ask of group buys, and wishes carried out once they have been judged."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from yantuan.catalog.parts import seen_provider, shelf_provider
from yantuan.groupbuys import actions, public, schedule
from yantuan.groupbuys.models import GroupBuy, Offer
from yantuan.groupbuys.public import KIND
from yantuan.groupbuys.schemas import GroupBuyIn
from yantuan.identity.people import person_by_id
from yantuan.kernel import said
from yantuan.kernel.clock import now
from yantuan.kernel.schedule import every
from yantuan.staff.access import carrying_on
from yantuan.stores.parts import point_seen_provider


@shelf_provider
def products_on_shelf(product_ids: Sequence[int]) -> set[int]:
    """Those of the products with a live offer on their store's shelf."""
    rows = Offer.objects.filter(
        product_id__in=product_ids, removed_at=None, group_buy__kind=GroupBuy.Kind.SHELF
    )
    return set(rows.values_list("product_id", flat=True))


@seen_provider
def on_a_public_page(product_id: int) -> bool:
    """Whether a sale that is no draft offers the goods."""
    rows = Offer.objects.filter(product_id=product_id, removed_at=None)
    return rows.exclude(group_buy__state=GroupBuy.State.DRAFT).exists()


@point_seen_provider
def point_on_a_public_page(store_id: int, point_id: int) -> bool:
    """Whether a sale that is no draft hands out at this pick-up point."""
    rows = GroupBuy.objects.filter(store_id=store_id, pickup_enabled=True).exclude(state=GroupBuy.State.DRAFT)
    return any(point_id in map(int, ids) for ids in rows.values_list("pickup_point_ids", flat=True))


@every(15)
def publish_due() -> int:
    """Drafts with a time set for their publication."""
    return schedule.publish_due()


def _lock(group_buy_id: int) -> None:
    GroupBuy.objects.select_for_update(no_key=True).filter(id=group_buy_id).first()


def _carry(group_buy_id: int, person_id: int, wish: dict[str, Any] | None) -> None:
    """Publish the draft as it stands now, or make the kept edit."""
    person = person_by_id(person_id)
    if wish is None:
        if schedule.is_to_wait(group_buy_id):
            # Good to be shown; it opens at its time.
            sale = GroupBuy.objects.select_related("store__leader").get(id=group_buy_id)
            said.may_show(public.wish_of(sale, person))
        else:
            # A helper's wish is carried out while they still have the right to it.
            with carrying_on("publish_group_buy"):
                actions.publish_group_buy(person, group_buy_id)
        return
    data = GroupBuyIn.model_validate(wish)
    group_buy = GroupBuy.objects.get(id=group_buy_id)
    with carrying_on("update_group_buy"):
        actions.update_group_buy(person, group_buy_id, public.in_its_window(group_buy, data))


def _take_down(group_buy_id: int) -> None:
    """End the sale and blank its page; placed orders keep what they were promised."""
    rows = GroupBuy.objects.filter(id=group_buy_id).exclude(state=GroupBuy.State.DRAFT)
    moment = now()
    rows.filter(kind=GroupBuy.Kind.DATED).update(state=GroupBuy.State.CLOSED, closed_at=moment)
    rows.update(title="已下架", blocks=[], questions=[], cover_media_id=None, updated_at=moment)
    Offer.objects.filter(group_buy_id=group_buy_id, removed_at=None).update(removed_at=moment)


_OPENS = ("自动开团", "the sale opens")
said.register(KIND, said.Carrier(lock=_lock, carry=_carry, take_down=_take_down, opens=_OPENS))
