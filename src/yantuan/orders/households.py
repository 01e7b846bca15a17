"""每户限购: what live orders of one household hold of an offer.

Two places are one household when they share building, unit and room within one address (street words alike, or one
holding the other) or at one pick-up point; or when they share address and phone. What is read here lies under the locks
of the offers' pools, so two neighbours of one flat can't pass each other.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from yantuan.identity.phones import phone_of
from yantuan.kernel.errors import AppError, Conflict
from yantuan.orders import hooks
from yantuan.orders.dialect import Dialect, Statement
from yantuan.orders.drafts import Booking, Draft, GroupTerms, Recipient, Snapshot
from yantuan.orders.joining import recipient_of

NAME: Final = "households"

# Rooms and phones each have an index; the few rows they find are compared in full below.
_HELD = """
WITH d(group_buy_id, store_id, room, last4) AS ({rows})
SELECT o.id, l.offer_id, l.quantity - l.refunded_quantity, o.delivery_method, o.pickup_point_id, o.phone_sealed,
       o.district, o.detail, o.building, o.unit, o.room
FROM d
JOIN orders_order o ON o.store_id = d.store_id AND o.group_buy_id = d.group_buy_id
     AND ((d.room <> '' AND o.room = d.room) OR (d.last4 <> '' AND o.phone_last4 = d.last4))
JOIN orders_orderline l ON l.order_id = o.id
WHERE o.payment NOT IN ('closed', 'refunded')
"""
_FILLING = re.compile(r"[\s,，.。·#＃()（）-]+")
_BUILDING = re.compile(r"(号楼|栋|幢|座|楼|号)$")
_UNIT = re.compile(r"(单元|门)$")


@dataclass(frozen=True, slots=True)
class Home:
    """Where an order goes, as far as households are told apart."""

    point_id: int
    """The pick-up point; 0 for courier."""
    phone: str
    district: str
    street: str
    building: str
    unit: str
    room: str


@dataclass(frozen=True, slots=True)
class Held:
    """Pieces of one offer that a home's live order holds."""

    home: Home
    offer_id: int
    pieces: int
    order_id: int = 0
    """The order that holds them; 0 for one that is being decided."""


def home_of(recipient: Recipient, point_id: int) -> Home:
    """The home a recipient names; `point_id` is 0 for courier."""
    return Home(
        point_id=point_id,
        phone=phone_of(recipient.phone_sealed),
        district=recipient.district,
        street=_FILLING.sub("", recipient.detail),
        building=_BUILDING.sub("", _FILLING.sub("", recipient.building)),
        unit=_UNIT.sub("", _FILLING.sub("", recipient.unit)),
        room=_FILLING.sub("", recipient.room),
    )


def same_household(one: Home, other: Home) -> bool:
    """Whether two orders go to one household; symmetric."""
    if one.point_id != other.point_id or one.district != other.district:
        return False
    # Whoever a leader ordered for may have given no phone.
    if one.phone and one.phone == other.phone and one.street == other.street:
        return True
    door = (one.building, one.unit, one.room) == (other.building, other.unit, other.room)
    return bool(one.room) and door and (one.street in other.street or other.street in one.street)


def pieces_of(held: Sequence[Held], home: Home, offer_id: int) -> int:
    """How many pieces of an offer the household of `home` holds."""
    return sum(one.pieces for one in held if one.offer_id == offer_id and same_household(one.home, home))


def refuse_beyond(most: int, held: Sequence[Held], home: Home, offer: tuple[int, str], quantity: int) -> None:
    """Refuse `quantity` more pieces of an offer (id, title) for a home. `most` 0: no bound. Raises Conflict `household_limit`."""
    has = pieces_of(held, home, offer[0]) if most else 0
    if most and has + quantity > most:
        raise household_limit(offer, most, max(0, most - has))


class HouseholdHook:
    name = NAME

    def concerns(self, draft: Draft, group: GroupTerms) -> bool:
        return group.options.limits.by_household

    def read(self, dialect: Dialect, drafts: Sequence[Draft], snapshot: Snapshot, *, lock: bool) -> None:
        looks = set()
        for draft in drafts:
            recipient = recipient_of(draft, snapshot)
            if recipient is not None:
                store_id = snapshot.groups[draft.group_buy_id].store_id
                looks.add((draft.group_buy_id, store_id, recipient.room, recipient.phone_last4))
        snapshot.extra[NAME] = held_of(dialect, sorted(looks)) if looks else []

    def check(self, draft: Draft, group: GroupTerms, snapshot: Snapshot) -> None:
        recipient = recipient_of(draft, snapshot)
        if recipient is None:
            return
        home = home_of(recipient, _point(draft))
        for line in draft.lines:
            offer = snapshot.offers.get(line.offer_id)
            if offer is None:
                continue
            most = offer.options.limits.per_household
            refuse_beyond(most, snapshot.extra.get(NAME, ()), home, (offer.id, offer.title), line.quantity)

    def take(self, booking: Booking, snapshot: Snapshot) -> None:
        home = home_of(booking.recipient, _point(booking.draft))
        snapshot.extra[NAME] += [Held(home, line.offer.id, line.quantity) for line in booking.lines]

    def write(self, dialect: Dialect, bookings: Sequence[Booking]) -> Sequence[Statement]:
        return ()


def _point(draft: Draft) -> int:
    return (draft.pickup_point_id or 0) if draft.delivery_method == "pickup" else 0


def held_of(dialect: Dialect, looks: Sequence[tuple[int, int, str, str]]) -> list[Held]:
    """What live orders near these (group buy, store, room, last four of the phone) hold; read it under the pools' locks."""
    rows, values = dialect.table(("bigint", "bigint", "text", "text"), looks)
    [found] = dialect.run([Statement(_HELD.format(rows=rows), values)])
    # Two drafts of a batch may look for the same row.
    seen: dict[tuple[int, int], Held] = {}
    for row in found:
        seen[row[0], row[1]] = Held(_home(row), row[1], int(row[2]), row[0])
    return list(seen.values())


def _home(row: Sequence[Any]) -> Home:
    place = Recipient(
        "", row[5], "", district=row[6], detail=row[7], building=row[8], unit=row[9], room=row[10]
    )
    return home_of(place, (row[4] or 0) if row[3] == "pickup" else 0)


def household_limit(offer: tuple[int, str], most: int, left: int) -> AppError:
    """The refusal; `offer` is its id and title."""
    more = f"还能买 {left} 件" if left else "已达到上限"
    return Conflict(
        "household_limit",
        f"「{offer[1]}」每户限购 {most} 件，您家{more}",
        f"At most {most} per household.",
        offer_id=str(offer[0]),
        limit=most,
        left=left,
    )


hooks.register(HouseholdHook())
