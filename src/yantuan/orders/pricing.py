"""What an order costs: one pure function for placing and for the quote before it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from yantuan.kernel.money import split_by_weight
from yantuan.orders.drafts import Draft, GroupTerms, OfferTerms, Recipient, Snapshot
from yantuan.stores.rules import freight_fen


@dataclass(frozen=True, slots=True)
class PricedLine:
    """One line with its shares; amounts in fen."""

    offer: OfferTerms
    quantity: int
    price_fen: int
    """Of one unit, now."""
    discount_fen: int = 0
    """This line's share of all deductions."""
    freight_fen: int = 0
    """This line's share of the freight."""

    @property
    def amount_fen(self) -> int:
        return self.price_fen * self.quantity


@dataclass(frozen=True, slots=True)
class Deduction:
    """One reason why less is paid, as the buyer reads it; `fen` is positive."""

    kind: str
    fen: int
    text: str
    text_en: str


@dataclass(frozen=True, slots=True)
class Priced:
    """An order's money; goods + freight − discount is what is paid."""

    lines: tuple[PricedLine, ...]
    freight_fen: int
    deductions: tuple[Deduction, ...] = ()

    @property
    def goods_fen(self) -> int:
        return sum(line.amount_fen for line in self.lines)

    @property
    def discount_fen(self) -> int:
        return sum(one.fen for one in self.deductions)

    @property
    def total_fen(self) -> int:
        return self.goods_fen + self.freight_fen - self.discount_fen


def unit_fen(offer: OfferTerms, moment: datetime) -> int:
    """The price of one unit at `moment`, in fen."""
    return offer.price_fen


def price(
    draft: Draft,
    group: GroupTerms,
    lines: Sequence[tuple[OfferTerms, int]],
    recipient: Recipient | None,
    snapshot: Snapshot,
) -> Priced:
    """The money of these lines. `recipient` is None where a quote doesn't know yet where it goes."""
    units = [unit_fen(offer, snapshot.now) for offer, _ in lines]
    amounts = [unit * quantity for unit, (_, quantity) in zip(units, lines, strict=True)]
    freight = freight_fen(group, sum(amounts), draft.delivery_method)
    shares = split_by_weight(freight, amounts) if lines else []
    rows = zip(lines, units, shares, strict=True)
    return Priced(
        tuple(
            PricedLine(offer, quantity, unit, freight_fen=share) for (offer, quantity), unit, share in rows
        ),
        freight,
    )
