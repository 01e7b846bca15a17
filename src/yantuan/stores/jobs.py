"""Wishes about the words of a store and its pick-up points, carried out once they have been judged."""

from __future__ import annotations

from typing import Any

from yantuan.identity.people import person_by_id
from yantuan.kernel import said
from yantuan.kernel.clock import now
from yantuan.stores import actions
from yantuan.stores.models import PickupPoint, Store
from yantuan.stores.public import KIND, POINT, wish_of
from yantuan.stores.schemas import PickupPointIn, StoreIn


def _lock(store_id: int) -> None:
    Store.objects.select_for_update(no_key=True).filter(id=store_id).first()


def _carry(store_id: int, person_id: int, wish: dict[str, Any] | None) -> None:
    """Make the kept change; a new store only has to be found good."""
    person = person_by_id(person_id)
    if wish is not None:
        actions.update_store(person, store_id, StoreIn.model_validate(wish))
    else:
        said.may_show(wish_of(Store.objects.get(id=store_id), person_id))


def _take_down(store_id: int) -> None:
    """Blank what is said; the shop itself stays."""
    Store.objects.filter(id=store_id).update(
        name="未命名卖场",
        introduction="",
        notice="",
        aftersale_policy="",
        cover_media_id=None,
        updated_at=now(),
    )


def _lock_point(point_id: int) -> None:
    PickupPoint.objects.select_for_update(no_key=True).filter(id=point_id).first()


def _carry_point(point_id: int, person_id: int, wish: dict[str, Any] | None) -> None:
    if wish is not None:
        actions.update_pickup_point(person_by_id(person_id), point_id, PickupPointIn.model_validate(wish))


def _take_down_point(point_id: int) -> None:
    """Blank what is said; orders keep what they were told."""
    PickupPoint.objects.filter(id=point_id).update(
        name="自提点", address="请联系团长", hours="", contact_name=""
    )


said.register(KIND, said.Carrier(lock=_lock, carry=_carry, take_down=_take_down))
said.register(POINT, said.Carrier(lock=_lock_point, carry=_carry_point, take_down=_take_down_point))
