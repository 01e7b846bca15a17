"""加单: what already lies in the parcel an added order joins, so that its first piece is not paid for twice.

An order that `adds` joins the paid, untouched courier orders of the same 跟团号 to the same address. The parcel's freight
is what all of it together costs; the added order pays the difference to what was paid. A later refund of one of them
changes nothing for the others: what was promised stands.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from yantuan.orders import hooks
from yantuan.orders.dialect import Dialect, Statement
from yantuan.orders.drafts import Booking, Draft, GroupTerms, Recipient, Snapshot
from yantuan.orders.joining import recipient_of
from yantuan.stores.freight import Load

NAME: Final = "open_parcels"

_OPEN = """
WITH d(group_buy_id, person_id) AS ({rows})
SELECT o.group_buy_id, o.person_id, o.recipient_name, o.phone_last4, o.province, o.city, o.district, o.detail,
       o.building, o.unit, o.room, l.price_fen, l.quantity - l.refunded_quantity, k.weight_g,
       l.freight_share_fen - l.refunded_freight_fen
FROM d
JOIN orders_participation j ON j.group_buy_id = d.group_buy_id AND j.person_id = d.person_id
JOIN orders_order o ON o.participation_id = j.id
JOIN orders_orderline l ON l.order_id = o.id
JOIN groupbuys_offer f ON f.id = l.offer_id
JOIN catalog_sku k ON k.id = f.sku_id
WHERE o.payment IN ('paid', 'partly_refunded') AND o.delivery = 'none' AND o.delivery_method = 'courier'
"""


@dataclass(frozen=True, slots=True)
class OpenParcel:
    """What is packed already; `freight_fen` was paid for it and not given back."""

    load: Load
    freight_fen: int


Where = tuple[str, ...]


def _where(r: Recipient) -> Where:
    return (r.name, r.phone_last4, r.province, r.city, r.district, r.detail, r.building, r.unit, r.room)


class OpenParcelHook:
    name = NAME

    def concerns(self, draft: Draft, group: GroupTerms) -> bool:
        return draft.adds and draft.delivery_method == "courier"

    def read(self, dialect: Dialect, drafts: Sequence[Draft], snapshot: Snapshot, *, lock: bool) -> None:
        pairs = sorted({(draft.group_buy_id, draft.person_id) for draft in drafts})
        rows, values = dialect.table(("bigint", "bigint"), pairs)
        [found] = dialect.run([Statement(_OPEN.format(rows=rows), values)])
        parcels: dict[tuple[int, int, Where], OpenParcel] = {}
        for row in found:
            key = (row[0], row[1], tuple(row[2:11]))
            before = parcels.get(key, OpenParcel(Load(), 0))
            price, pieces, grams = row[11], row[12], row[13]
            # A gift of the earlier order travels free here too.
            more = Load(price * pieces, pieces, grams * pieces) if price else Load()
            parcels[key] = OpenParcel(before.load.plus(more), before.freight_fen + row[14])
        snapshot.extra[NAME] = parcels

    def check(self, draft: Draft, group: GroupTerms, snapshot: Snapshot) -> None:
        """Never refuses: without an open parcel the order pays freight like any other."""

    def take(self, booking: Booking, snapshot: Snapshot) -> None:
        """Nothing: only paid orders count, and this one is not paid before the batch is over."""

    def write(self, dialect: Dialect, bookings: Sequence[Booking]) -> Sequence[Statement]:
        return ()


def parcel_of(draft: Draft, snapshot: Snapshot) -> OpenParcel | None:
    """The parcel this draft joins; None without one."""
    parcels = snapshot.extra.get(NAME)
    recipient = recipient_of(draft, snapshot)
    if not parcels or recipient is None or not draft.adds:
        return None
    found: OpenParcel | None = parcels.get((draft.group_buy_id, draft.person_id, _where(recipient)))
    return found


hooks.register(OpenParcelHook())
