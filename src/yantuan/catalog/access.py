"""The only doors to a leader's products and variants."""

from __future__ import annotations

from yantuan.catalog.models import Product, Sku
from yantuan.identity.models import Person
from yantuan.kernel.errors import NotFound
from yantuan.staff.access import reach


def access_product(person: Person, product_id: int) -> Product:
    """A product of one of the person's stores, archived ones included. Raises NotFound otherwise."""
    product = reach(person, Product.objects.select_related("store__leader").filter(id=product_id), "store__")
    if product is None:
        raise NotFound
    return product


def access_sku(person: Person, sku_id: int) -> Sku:
    """A live variant of one of the person's products. Raises NotFound otherwise."""
    rows = Sku.objects.select_related("product__store__leader").filter(id=sku_id, archived_at=None)
    sku = reach(person, rows, "product__store__")
    if sku is None:
        raise NotFound
    return sku
