"""Pure decisions about what a closed sale settles: whether it formed, its tier, how cartons are split, what weight is worth."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Final, TypeVar

from yantuan.groupbuys.options.forming import FormingRule, Tiers

LONGEST_WAIT: Final = timedelta(hours=24)
"""How long a closed sale waits for orders that are not paid yet before it is judged without them."""
Key = TypeVar("Key", bound=Hashable)


@dataclass(frozen=True, slots=True)
class Counts:
    """Buyers, pieces and fen of goods that were paid and kept."""

    people: int = 0
    pieces: int = 0
    fen: int = 0

    def of(self, by: str) -> int:
        """The count a rule goes by: `people`, `pieces` or `fen`."""
        return {"people": self.people, "pieces": self.pieces, "fen": self.fen}[by]


@dataclass(frozen=True, slots=True)
class Want:
    """What one order line wants of the cartons: at least `wish` pieces, at most `most`."""

    wish: int
    most: int


def reached(rule: FormingRule | None, counts: Counts) -> bool:
    """Whether a sale with this rule goes ahead; without a rule it does."""
    return rule is None or counts.of(rule.by) >= rule.reach


def tier_price(tiers: Tiers, price_fen: int, have: int) -> int:
    """What one piece costs in the end, in fen."""
    got = [step.price_fen for step in tiers.steps if have >= step.reach]
    return min([price_fen, *got])


def tier_back(paid_fen: int, price_fen: int, final_fen: int, kept: int) -> int:
    """Fen that go back for a line of `kept` pieces bought at `price_fen` each, of which `paid_fen` are left.

    Goods that are kept stay bought: at least one fen remains of them.
    """
    return max(0, min((price_fen - final_fen) * kept, paid_fen - 1)) if kept else 0


def cartons_of(size: int, wants: Sequence[Want]) -> int:
    """How many whole cartons are bought: enough for every wish where the tolerance fills the last one, else without it."""
    wished = sum(want.wish for want in wants)
    enough = -(-wished // size)
    return enough if enough * size <= sum(want.most for want in wants) else wished // size


def split(size: int, wants: Mapping[Key, Want]) -> dict[Key, int]:
    """Pieces of whole cartons for each line, the lines given in the order of payment; together a multiple of `size`.

    Wishes first. What is missing to the last carton is added one piece each in turn, the first to pay first, up to what a
    line would take; where even that is not enough, the odd pieces are taken off the last to pay.
    """
    got = {key: want.wish for key, want in wants.items()}
    pieces = cartons_of(size, list(wants.values())) * size
    more = pieces - sum(got.values())
    while more > 0:
        for key, want in wants.items():
            if more and got[key] < want.most:
                got[key] += 1
                more -= 1
    for key in reversed(list(wants)):
        if more >= 0:
            break
        off = min(got[key], -more)
        got[key] -= off
        more += off
    return got


def weight_back(paid_fen: int, standard_g: int, grams: int) -> int:
    """Fen that go back for goods of `grams` where `paid_fen` were paid for `standard_g`; more weight costs nothing more.

    Rounded in the buyer's favour; at least one fen remains.
    """
    if grams >= standard_g or paid_fen <= 1:
        return 0
    return min(paid_fen - 1, paid_fen - paid_fen * grams // standard_g)
