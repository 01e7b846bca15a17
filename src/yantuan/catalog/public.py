"""What goods say in public, and when a change of them must be judged first."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from yantuan.catalog.models import Product
from yantuan.catalog.parts import seen_by_buyers
from yantuan.catalog.schemas import ProductIn
from yantuan.identity.models import Person
from yantuan.kernel import said
from yantuan.kernel.said import Piece, Said, pictures, texts

KIND: Final = "product"


class Held(Exception):
    """A change that must be judged first; undoes it."""

    def __init__(self, wish: Said) -> None:
        super().__init__("held")
        self.wish = wish


def pieces_of(product: Product) -> list[Piece]:
    """Every text and picture of the goods."""
    found = texts("商品名称", "product name", product.title)
    found += texts("商品介绍", "product description", product.description)
    for name in (
        product.skus.filter(archived_at=None).order_by("position", "id").values_list("name", flat=True)
    ):
        found += texts("规格", "variant", name)
    return found + pictures("商品图片", "product picture", product.picture_media_ids)


def hold_unless_good(product: Product, person: Person, before: Sequence[Piece], data: ProductIn) -> None:
    """Raise Held when an applied change shows buyers something neither seen before nor judged."""
    if not said.active() or not seen_by_buyers(product.id):
        # What nobody sees is judged with the sale that first shows it.
        return
    wish = Said(
        KIND,
        product.id,
        person.id,
        pieces_of(product),
        product.title,
        product.store_id,
        shown=before,
        wish=data.model_dump(mode="json"),
    )
    if not said.may_show(wish):
        raise Held(wish)
