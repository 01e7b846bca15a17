"""Wishes about goods' words, carried out once they have been judged."""

from __future__ import annotations

from typing import Any

from yantuan.catalog import actions
from yantuan.catalog.imports import actions as imports
from yantuan.catalog.imports import booking
from yantuan.catalog.models import Product
from yantuan.catalog.public import KIND
from yantuan.catalog.schemas import ProductIn
from yantuan.identity.people import person_by_id
from yantuan.kernel import said
from yantuan.kernel.clock import now
from yantuan.kernel.outbox import on
from yantuan.kernel.schedule import every
from yantuan.staff.access import carrying_on


@on(imports.TOPIC)
def book_goods(payload: dict[str, Any]) -> None:
    """The leader has agreed to a sheet of goods."""
    booking.book(int(payload["import_id"]))


@every(300)
def tidy_goods_imports() -> int:
    """Previews nobody confirmed, sheets whose worker died, files nobody needs."""
    return imports.tidy()


def _lock(product_id: int) -> None:
    Product.objects.select_for_update(no_key=True).filter(id=product_id).first()


def _carry(product_id: int, person_id: int, wish: dict[str, Any] | None) -> None:
    if wish is None:
        return
    # A helper's wish is carried out while they still have the right to it.
    with carrying_on("update_product"):
        actions.update_product(person_by_id(person_id), product_id, ProductIn.model_validate(wish))


def _take_down(product_id: int) -> None:
    """Blank what is said; price and stock stay."""
    Product.objects.filter(id=product_id).update(
        title="商品", description="", picture_media_ids=[], updated_at=now()
    )


said.register(KIND, said.Carrier(lock=_lock, carry=_carry, take_down=_take_down))
