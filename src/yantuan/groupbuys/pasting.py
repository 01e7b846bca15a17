"""A supplier's pasted text beside the goods of one store. Keeps nothing."""

from __future__ import annotations

from yantuan.catalog.models import Product, Sku
from yantuan.groupbuys.pasting_schemas import SupplierRead
from yantuan.kernel.clock import now
from yantuan.kernel.errors import Invalid
from yantuan.readers.supplier.reader import read
from yantuan.readers.text import plain
from yantuan.stores.models import Store

MOST_LINE = 4_000
"""Characters of one line. Nobody writes goods that long: what was pasted is no message of a supplier."""


def read_pasted(store: Store, text: str) -> SupplierRead:
    """The pieces of a sale in `text`, with goods the store's library already has named by their ids.

    Raises Invalid `line_too_long`.
    """
    if max(map(len, text.splitlines()), default=0) > MOST_LINE:
        raise Invalid(
            "line_too_long",
            "有一行太长，不像供货文字，请检查粘贴的内容",
            f"A line has more than {MOST_LINE} characters.",
        )
    found = SupplierRead.model_validate(read(text, now()).as_json())
    titles = {_key(good.title) for good in found.goods}
    if not titles:
        return found
    rows = Product.objects.filter(store=store, archived_at=None).order_by("id").values_list("id", "title")
    # The newest of two with one title.
    known = {key: product_id for product_id, title in rows if (key := _key(title)) in titles}
    skus = {
        (product_id, _key(name)): sku_id
        for sku_id, product_id, name in Sku.objects.filter(
            product__in=list(known.values()), archived_at=None
        ).values_list("id", "product_id", "name")
    }
    for good in found.goods:
        product_id = known.get(_key(good.title))
        if product_id is None:
            continue
        good.product_id = str(product_id)
        for spec in good.specs:
            sku_id = skus.get((product_id, _key(spec.name)))
            spec.sku_id = None if sku_id is None else str(sku_id)
    return found


def _key(name: str) -> str:
    return plain(name).replace(" ", "")
