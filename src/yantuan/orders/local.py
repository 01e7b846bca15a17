"""同城配送按距离: what an order keeps of how far it goes (`LocalDelivery`), and what a quote says of it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from yantuan.orders import hooks
from yantuan.orders.dialect import Dialect, Row, Statement, Table
from yantuan.orders.drafts import Booking, Draft, GroupTerms, Snapshot
from yantuan.orders.joining import recipient_of
from yantuan.orders.pricing import template_of
from yantuan.stores.distance import Distance, band_of, metres_to

NAME: Final = "local"

_KEPT = Table(
    "orders_localdelivery",
    {
        "order_id": "bigint", "store_id": "bigint", "metres": "integer", "up_to_m": "integer", "fee_fen": "bigint",
    },
    {},
)  # fmt: skip


def distance_of(draft: Draft, group: GroupTerms) -> Distance | None:
    """The bands that count for this draft; None where it is not brought by distance."""
    if draft.delivery_method != "courier":
        return None
    template = template_of(group)
    return template.distance if template is not None else None


def way_of(draft: Draft, group: GroupTerms, snapshot: Snapshot) -> int | None:
    """How far this draft goes in metres; None where that does not count or isn't known."""
    distance = distance_of(draft, group)
    return metres_to(distance, recipient_of(draft, snapshot)) if distance else None


def too_far(draft: Draft, group: GroupTerms, metres: int) -> bool:
    """Whether a place of this distance lies beyond the last band."""
    distance = distance_of(draft, group)
    return distance is not None and band_of(distance, metres) is None


def unmarked(draft: Draft, group: GroupTerms, snapshot: Snapshot) -> bool:
    """Whether only the point of a chosen address is missing."""
    distance, place = distance_of(draft, group), recipient_of(draft, snapshot)
    if draft.joins is not None:
        return False
    return distance is not None and place is not None and metres_to(distance, place) is None


class LocalDeliveryHook:
    name = NAME

    def concerns(self, draft: Draft, group: GroupTerms) -> bool:
        return distance_of(draft, group) is not None

    def read(self, dialect: Dialect, drafts: Sequence[Draft], snapshot: Snapshot, *, lock: bool) -> None:
        """Nothing: bands lie in the terms, points with the addresses."""

    def check(self, draft: Draft, group: GroupTerms, snapshot: Snapshot) -> None:
        """Refused with the price (`orders.pricing`), where the worth of the goods is known."""

    def take(self, booking: Booking, snapshot: Snapshot) -> None:
        distance = distance_of(booking.draft, booking.group)
        metres = way_of(booking.draft, booking.group, snapshot)
        band = band_of(distance, metres) if distance and metres is not None else None
        if band is None or metres is None:
            raise ValueError("priced without a band")
        booking.notes[NAME] = (metres, band.up_to_m, band.fee_fen)

    def write(self, dialect: Dialect, bookings: Sequence[Booking]) -> Sequence[Statement]:
        rows: list[Row] = [(b.id, b.group.store_id, *b.notes[NAME]) for b in bookings]
        return dialect.insert(_KEPT, rows)


hooks.register(LocalDeliveryHook())
