"""What goods were really sold for, which a compared price has to stand up to."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from django.db.models import Max, Min

from yantuan.groupbuys.parts import sold_provider
from yantuan.kernel.clock import now
from yantuan.orders.models import OrderLine
from yantuan.readers.compliance.prices import Sold

WEEK = timedelta(days=7)


@sold_provider
def sold_prices(store_id: int, sku_ids: Sequence[int]) -> dict[int, Sold]:
    """The lowest price of the last seven days and the last one before, of paid lines; variants never sold are left out."""
    paid = OrderLine.objects.filter(
        store_id=store_id, offer__sku_id__in=list(sku_ids), order__paid_at__isnull=False
    )
    week = paid.filter(order__paid_at__gte=now() - WEEK).values_list("offer__sku_id")
    lowest = dict(week.annotate(low=Min("price_fen")).order_by())
    lasts = dict(paid.values_list("offer__sku_id").annotate(line=Max("id")).order_by())
    last = dict(OrderLine.objects.filter(id__in=list(lasts.values())).values_list("id", "price_fen"))
    return {sku: Sold(lowest.get(sku), last.get(line)) for sku, line in lasts.items()}
