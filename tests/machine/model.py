"""What ought to be: after-sale cases, and with them the whole model."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from machine.model_goods import Goods
from machine.model_money import PAID, Line, Offer, Order, Part, Refund, Refusal, Sale, largest_remainder

__all__ = ["Case", "Model", "Offer", "Order", "Refusal", "Sale"]

WINDOW = timedelta(days=7)
REPLY = timedelta(hours=48)
SILENCE = timedelta(days=7)
ENDED = ("refunded", "withdrawn", "closed")
UNDECIDED = ("requested", "offered", "escalated")
EDGES = {
    "requested": "agree>agreed agree_return>awaiting_return offer>offered refuse>refused withdraw>withdrawn",
    "offered": "offer>offered accept_offer>agreed agree>agreed agree_return>awaiting_return refuse>refused "
    "withdraw>withdrawn escalate>escalated",
    "awaiting_return": "return_parcel>returning receive_return>agreed withdraw>withdrawn",
    "returning": "return_parcel>returning receive_return>agreed refuse>refused",
    "refused": "escalate>escalated withdraw>withdrawn",
    "escalated": "agree>agreed agree_return>awaiting_return decide_refund>agreed decide_refuse>closed "
    "withdraw>withdrawn",
}
"""Steps of people, from docs/states.md; silence and refunds are told apart below."""
NEXT = {state: dict(step.split(">") for step in steps.split()) for state, steps in EDGES.items()}


@dataclass(frozen=True)
class Claim:
    line: int
    units: int
    goods: int
    freight: int


@dataclass
class Case:
    id: int
    order: Order
    kind: str
    claims: list[Claim]
    asked: int
    state: str = "requested"
    agreed: int | None = None
    due_at: datetime | None = None
    decided: bool = False
    refund: Refund | None = None
    words: str = ""
    lines: set[int] = field(default_factory=set)


def piece_share(total: int, pieces: int, of: int) -> int:
    """What `pieces` of `of` equal ones carry, the first ones the odd fen."""
    if pieces >= of:
        return total
    return total // of * pieces + min(total % of, pieces)


class Model(Goods):
    """Everything one shop promised."""

    def __init__(self, *, freight: int, free_above: int) -> None:
        super().__init__(freight=freight, free_above=free_above)
        self.cases: dict[int, Case] = {}

    def cases_of(self, order: Order) -> list[Case]:
        return [case for case in self.cases.values() if case.order is order]

    def held_back(self, order: Order) -> dict[int, int]:
        asked = [c for c in self.cases_of(order) if c.kind == "refund_only" and c.state in UNDECIDED]
        return {claim.line: claim.units for case in asked for claim in case.claims}

    # A case begins

    def ceilings(self, order: Order, wanted: Sequence[tuple[int, int]], kind: str) -> list[Claim]:
        claims = []
        for line_id, units in wanted:
            line = order.line(line_id)
            left, goods, freight = line.left
            if units > left:
                raise Refusal("too_many_pieces")
            if kind == "return_refund" and units > min(left, line.moved):
                raise Refusal("nothing_to_return")
            along = piece_share(freight, units, left) if units >= left or order.untouched else 0
            claims.append(Claim(line_id, units, piece_share(goods, units, left), along))
        return claims

    def may_claim(self, order: Order, lines: Sequence[int], moment: datetime) -> None:
        if order.payment == "refunded":
            raise Refusal("order_refunded")
        if order.payment not in PAID:
            raise Refusal("order_not_paid")
        if order.received_at is not None and moment > order.received_at + WINDOW:
            raise Refusal("aftersale_window_over")
        touching = [c for c in self.cases_of(order) if c.lines & set(lines)]
        if any(case.state not in ENDED for case in touching):
            raise Refusal("aftersale_line_open")
        if any(case.state == "closed" and case.decided for case in touching):
            raise Refusal("aftersale_decided")

    def spread(self, amount: int, claims: Sequence[Claim]) -> list[Claim]:
        goods = sum(claim.goods for claim in claims)
        if amount > goods + sum(claim.freight for claim in claims):
            raise Refusal("aftersale_amount_too_high")
        of_goods = largest_remainder(min(amount, goods), [c.goods for c in claims])
        of_freight = largest_remainder(amount - min(amount, goods), [c.freight for c in claims])
        return [Claim(c.line, c.units, of_goods[i], of_freight[i]) for i, c in enumerate(claims)]

    def opened(self, case_id: int, order: Order, kind: str, claims: list[Claim], moment: datetime) -> Case:
        asked = sum(claim.goods + claim.freight for claim in claims)
        lines = {claim.line for claim in claims}
        case = Case(case_id, order, kind, claims, asked, due_at=moment + REPLY, lines=lines)
        self.cases[case_id] = case
        order.aftersale = "open"
        return case

    # Steps

    def step(self, case: Case, event: str) -> str:
        """Where a step leads; empty if it was done before. Raises Refusal `illegal_transition`."""
        row = NEXT.get(case.state, {})
        if event in row:
            return row[event]
        if any(case.state == other.get(event) for other in NEXT.values()):
            return ""
        raise Refusal("illegal_transition")

    def move(self, case: Case, state: str, moment: datetime) -> None:
        case.state = state
        timers = {"requested": REPLY, "offered": SILENCE, "awaiting_return": SILENCE, "returning": SILENCE, "refused": SILENCE}  # fmt: skip
        case.due_at = moment + timers[state] if state in timers else None
        if state in ENDED and all(c.state in ENDED for c in self.cases_of(case.order)):
            case.order.aftersale = "settled"

    def give_back(
        self,
        case: Case,
        amount: int,
        moment: datetime,
        received: dict[int, int] | None = None,
        restock: bool = False,
    ) -> None:
        """Agreed: so many fen of what is still left go back. Raises Refusal."""
        order = case.order
        shares = []
        for claim in self.within(case):
            if received is None:
                shares.append(claim)
                continue
            pieces = min(claim.units, received.get(claim.line, 0))
            if pieces:
                freight = claim.freight if pieces == claim.units else 0
                shares.append(
                    Claim(claim.line, pieces, piece_share(claim.goods, pieces, claim.units), freight)
                )
        parts = [
            part
            for claim in (self.spread(amount, shares) if shares else self._nothing(amount))
            if (part := self._part(order.line(claim.line), claim, received is not None))
        ]
        unmoved = all(
            part.units <= order.line(part.line).left[0] - self._out(order.line(part.line)) for part in parts
        )
        back = restock if received is not None else unmoved
        refund = self.start_refund(order, parts, "after_sale", back, moment, case.id)
        case.agreed, case.refund = amount, refund
        self.move(case, "agreed", moment)

    @staticmethod
    def _nothing(amount: int) -> list[Claim]:
        raise Refusal("aftersale_amount_too_high")

    @staticmethod
    def _out(line: Line) -> int:
        return min(line.left[0], line.moved)

    @staticmethod
    def _part(line: Line, claim: Claim, returned: bool) -> Part | None:
        left, goods, _ = line.left
        full = piece_share(goods, claim.units, left)
        units = claim.units if returned or claim.goods >= full else 0
        some = units or claim.goods or claim.freight
        return Part(line.id, units, claim.goods, claim.freight) if some else None

    def within(self, case: Case) -> list[Claim]:
        """The claims cut to what other refunds have left of them."""
        cut = []
        for claim in case.claims:
            units, goods, freight = case.order.line(claim.line).left
            cut.append(
                Claim(
                    claim.line,
                    min(claim.units, units),
                    min(claim.goods, goods),
                    min(claim.freight, freight),
                )
            )
        return cut

    def worth(self, case: Case, received: dict[int, int]) -> int:
        worth = 0
        for claim in case.claims:
            pieces = received.get(claim.line, 0)
            worth += piece_share(claim.goods, pieces, claim.units)
            worth += claim.freight if pieces == claim.units else 0
        return worth

    # What nobody decides

    def silence(self, case: Case, moment: datetime) -> None:
        """The case's time has come."""
        try:
            if case.state == "requested" and not (case.kind == "refund_only" and case.order.untouched):
                self.move(case, "escalated", moment)
            elif case.state == "requested":
                self.give_back(case, case.asked, moment)
            elif case.state == "returning":
                pieces = {claim.line: claim.units for claim in case.claims}
                self.give_back(case, case.agreed or case.asked, moment, pieces)
            else:
                self.move(case, "closed", moment)
        except Refusal:
            self.move(case, "escalated", moment)

    def emptied(self, case: Case) -> bool:
        """Nothing is left that this case could bring."""
        return case.state in (*UNDECIDED, "awaiting_return", "refused") and not any(
            claim.goods + claim.freight for claim in self.within(case)
        )
