"""What tracking adds to an order's page and to the leader's desk."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django.db.models import Q

from yantuan.fulfilment.progress import Progress, provide_progress
from yantuan.orders import english, lists, parts
from yantuan.tracking import queries
from yantuan.tracking.models import Tracking


@provide_progress
def progress(shipment_ids: Sequence[int]) -> Mapping[int, Progress]:
    """How far parcels are."""
    return queries.progress(shipment_ids)


lists.LEADER_TABS["parcels"] = Q(payment__in=["paid", "partly_refunded"]) & Q(
    delivery__in=["part_shipped", "shipped"], id__in=Tracking.objects.exclude(alarm="").values("order_id")
)
"""Orders with a parcel in trouble, on its way back, without news for two days, or with a number nobody can ask about."""


def _told(text: str, colon: str = "：") -> parts.TextFn:
    def words(data: dict[str, Any]) -> str:
        return f"{text}{colon}{data.get('carrier_name', '')} {data.get('tracking_no', '')}"

    return words


parts.event_texts.update(
    {
        ("note", "parcel_signed"): _told("包裹已签收"),
        ("note", "parcel_exception"): _told("包裹运输异常"),
        ("note", "parcel_returned"): _told("包裹正在退回"),
    }
)
english.event_texts.update(
    {
        ("note", "parcel_signed"): _told("The parcel was signed for", ": "),
        ("note", "parcel_exception"): _told("Trouble with the parcel", ": "),
        ("note", "parcel_returned"): _told("The parcel is on its way back", ": "),
    }
)
