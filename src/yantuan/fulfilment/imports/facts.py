"""What judging a sheet must know of the store's orders: plain values, gathered once for the whole sheet."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from yantuan.orders.states import PAID_PAYMENTS


@dataclass(frozen=True, slots=True)
class LiveParcel:
    """A parcel under way."""

    id: int
    carrier: str
    carrier_name: str
    number: str


@dataclass(frozen=True, slots=True)
class Known:
    """An order a row may mean."""

    id: int
    number: int
    group_buy_id: int
    payment: str
    delivery: str
    delivery_method: str
    name: str
    phone: str
    """In full; never kept beyond the judging."""
    detail: str
    left: Mapping[int, int] = field(default_factory=dict)
    """Pieces by line that are neither gone nor given back."""
    held: Mapping[int, int] = field(default_factory=dict)
    """Those of them an open after-sale asks money for."""
    parcels: tuple[LiveParcel, ...] = ()
    participation_id: int = 0
    place: tuple[object, ...] = ()
    """Whom it goes to and where (`orders.readdress_rules.Destination.key`); never kept beyond the judging."""
    changes: int = 0
    """How often its address was changed."""
    stale: bool = False
    """Its newest label, list or export names an address that holds no more."""

    @property
    def waits(self) -> bool:
        """Whether something of it may leave by courier now."""
        return (
            self.delivery_method == "courier"
            and self.payment in PAID_PAYMENTS
            and self.delivery in ("none", "part_shipped")
            and any(self.free().values())
        )

    @property
    def person(self) -> tuple[str, str, str]:
        """Orders of one person to one door may share a box."""
        return self.name, self.phone[-4:], self.detail

    def free(self) -> dict[int, int]:
        """Pieces by line that may leave now."""
        return {line: max(0, units - self.held.get(line, 0)) for line, units in self.left.items()}


@dataclass(frozen=True)
class Book:
    """Everything of one store a sheet may speak of."""

    orders: Mapping[int, Known]
    by_number: Mapping[str, Sequence[int]] = field(default_factory=dict)
    """Orders by 跟团号, of those asked for."""
    by_tail: Mapping[str, Sequence[int]] = field(default_factory=dict)
    """Paid courier orders by the last four digits of the phone, of those asked for."""
    sales: Mapping[int, frozenset[str]] = field(default_factory=dict)
    """What a sale may be called in a sheet: id, code, title."""
    elsewhere: Mapping[str, Sequence[tuple[int, int, tuple[str, str, str]]]] = field(default_factory=dict)
    """Parcels under way by tracking number: order, its 跟团号, whose it is."""
