"""What the product library asks of group buys."""

from __future__ import annotations

from collections.abc import Sequence

from yantuan.catalog.parts import shelf_provider
from yantuan.groupbuys.models import GroupBuy, Offer


@shelf_provider
def products_on_shelf(product_ids: Sequence[int]) -> set[int]:
    """Those of the products with a live offer on their store's shelf."""
    rows = Offer.objects.filter(
        product_id__in=product_ids, removed_at=None, group_buy__kind=GroupBuy.Kind.SHELF
    )
    return set(rows.values_list("product_id", flat=True))
