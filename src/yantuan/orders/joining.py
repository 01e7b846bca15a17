"""再加一点: an order that keeps recipient and place of an earlier one of the same 跟团号, and who receives a draft at all."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Final

from yantuan.orders import refusals
from yantuan.orders.drafts import Draft, GroupTerms, Joined, PointTerms, Recipient, Snapshot
from yantuan.orders.states import LIVE_PAYMENTS, PAID_PAYMENTS

JOINED: Final = """
SELECT id, person_id, group_buy_id, delivery_method, coalesce(pickup_point_id, 0), payment, delivery, recipient_name,
       phone_sealed, phone_last4, province, city, district, detail, building, unit, room, d.metres
FROM orders_order LEFT JOIN orders_localdelivery d ON d.order_id = id WHERE id {ids}
"""
WAITING: Final = ("none", "awaiting_pickup")
"""Delivery of orders that others may be added to."""


def joined_of(row: Sequence[Any]) -> tuple[tuple[int, int], Joined]:
    """One row of `JOINED` by its key in the snapshot."""
    alive = row[5] in LIVE_PAYMENTS | PAID_PAYMENTS and row[6] in WAITING
    point = row[4] if row[3] == "pickup" else 0
    return (row[0], row[1]), Joined(
        row[2], row[3], point, alive, replace(Recipient(*row[7:17]), metres=row[17])
    )


def recipient_of(draft: Draft, snapshot: Snapshot) -> Recipient | None:
    """Who receives, where the draft says so already; a quote may not."""
    if draft.joins is not None:
        joined = snapshot.joined.get((draft.joins, draft.person_id))
        return joined.recipient if joined else None
    if draft.delivery_method == "pickup":
        return draft.contact
    return snapshot.addresses.get((draft.address_id or 0, draft.person_id))


def destination(draft: Draft, group: GroupTerms, snapshot: Snapshot) -> tuple[Recipient, PointTerms | None]:
    """Where an added order goes. Raises Conflict `parcel_gone` or `delivery_unavailable`, Invalid `pickup_point_unknown`."""
    joined = snapshot.joined.get((draft.joins or 0, draft.person_id))
    same = joined is not None and (joined.group_buy_id, joined.delivery_method) == (
        group.id,
        draft.delivery_method,
    )
    if joined is None or not same or not joined.open:
        raise refusals.parcel_gone()
    if draft.delivery_method == "courier":
        if not group.courier:
            raise refusals.delivery_unavailable()
        return joined.recipient, None
    if not group.pickup:
        raise refusals.delivery_unavailable()
    point = snapshot.points.get(draft.pickup_point_id or 0)
    if point is None or point.id != joined.point_id:
        raise refusals.pickup_point_unknown()
    return joined.recipient, point
