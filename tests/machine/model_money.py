"""What ought to be: stock, orders and money of one shop in plain Python. It knows the documented promises and imports none
of the product's rules, so that a slip there is not repeated here."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

LIVE = ("unpaid", "awaiting_confirmation")
PAID = ("paid", "partly_refunded")
HOLD = {"wechatpay": timedelta(minutes=15), "offline": timedelta(hours=24)}
MOST_UNPAID = 10
MOST_PER_MINUTE = 20


def largest_remainder(total: int, weights: Sequence[int]) -> list[int]:
    """`total` in proportion to the weights; the fen left over go to the largest rests, ties to the earlier one."""
    if sum(weights) == 0:
        return [total] + [0] * (len(weights) - 1)
    exact = [divmod(total * w, sum(weights)) for w in weights]
    shares = [whole for whole, _ in exact]
    for i in sorted(range(len(weights)), key=lambda n: (-exact[n][1], n))[: total - sum(shares)]:
        shares[i] += 1
    return shares


@dataclass
class Pool:
    total: int
    available: int
    held: int = 0
    sold: int = 0


@dataclass(frozen=True)
class Offer:
    id: int
    sale: int
    pool: int
    price: int
    limit: int


@dataclass
class Sale:
    id: int
    ends_at: datetime
    closed: bool = False
    orders: int = 0
    people: list[int] = field(default_factory=list)


@dataclass
class Line:
    id: int
    offer: Offer
    quantity: int
    goods: int
    freight: int
    shipped: int = 0
    picked: int = 0
    back: int = 0
    back_goods: int = 0
    back_freight: int = 0

    @property
    def left(self) -> tuple[int, int, int]:
        """Units, fen of goods and fen of freight that are neither given back nor on the way back."""
        return self.quantity - self.back, self.goods - self.back_goods, self.freight - self.back_freight

    @property
    def moved(self) -> int:
        return max(self.shipped, self.picked)


@dataclass
class Order:
    id: int
    person: int
    sale: int
    method: str
    by: str
    total: int
    placed_at: datetime
    expires_at: datetime | None
    lines: list[Line]
    payment: str = "unpaid"
    delivery: str = "none"
    aftersale: str = "none"
    paid: int = 0
    refunded: int = 0
    close_reason: str = ""
    received_at: datetime | None = None
    auto_receive_at: datetime | None = None
    parcels: dict[int, dict[int, int]] = field(default_factory=dict)
    withdrawn: set[int] = field(default_factory=set)
    hand_outs: list[tuple[datetime, dict[int, int]]] = field(default_factory=list)
    undone: set[datetime] = field(default_factory=set)
    proof: int | None = None
    """The proof that waits for the leader."""

    @property
    def nothing_left(self) -> bool:
        return all(line.left == (0, 0, 0) for line in self.lines)

    @property
    def untouched(self) -> bool:
        return not any(line.moved for line in self.lines)

    def line(self, line_id: int) -> Line:
        return next(line for line in self.lines if line.id == line_id)


@dataclass
class Trade:
    """One number at the provider."""

    number: str
    order: Order
    total: int
    paid: bool = False
    paid_at: datetime | None = None
    booked: bool = False
    """The product knows of the money."""
    extra: bool = False
    against: bool = False
    """Paid although the provider had closed it."""


@dataclass(frozen=True)
class Part:
    line: int
    units: int
    goods: int
    freight: int


@dataclass
class Refund:
    order: Order
    cause: str
    amount: int
    parts: list[Part]
    restock: bool
    trade: Trade | None
    case: int | None = None
    id: int = 0
    number: str = ""
    done: bool = False
    announced: bool = False


class Refusal(Exception):
    """The product ought to refuse with this code."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class Book:
    """Stock, limits, orders and money."""

    def __init__(self, *, freight: int, free_above: int) -> None:
        self.freight, self.free_above = freight, free_above
        self.selling = True
        self.pools: dict[int, Pool] = {}
        self.offers: dict[int, Offer] = {}
        self.sales: dict[int, Sale] = {}
        self.used: dict[tuple[int, int], int] = {}
        self.orders: dict[int, Order] = {}
        self.keys: dict[tuple[int, str], tuple[str, int]] = {}
        self.trades: dict[str, Trade] = {}
        self.refunds: list[Refund] = []

    def add_pool(self, pool: int, units: int) -> None:
        self.pools[pool] = Pool(units, units)

    # Placing

    def sale_refusal(self, sale: Sale, moment: datetime) -> str:
        if sale.closed:
            return "sale_closed"
        if moment >= sale.ends_at:
            return "sale_ended"
        return "" if self.selling else "sale_suspended"

    def price(self, lines: Sequence[tuple[Offer, int]], by: str) -> tuple[int, int]:
        goods = sum(offer.price * units for offer, units in lines)
        return goods, 0 if by == "pickup" or goods >= self.free_above else self.freight

    def judge(
        self, person: int, lines: Sequence[tuple[Offer, int]], by: str, told: int, moment: datetime
    ) -> str:
        """The code of the refusal, or nothing: the checkout is good. Keys are judged before, by the caller."""
        sale = self.sales[lines[0][0].sale]
        closed = self.sale_refusal(sale, moment)
        if closed:
            return closed
        if len({offer.id for offer, _ in lines}) < len(lines):
            return "duplicate_offer"
        if any(offer.sale != sale.id for offer, _ in lines):
            return "offer_removed"
        mine = [o for o in self.orders.values() if o.person == person]
        if sum(o.placed_at > moment - timedelta(minutes=1) for o in mine) >= MOST_PER_MINUTE:
            return "too_many_requests"
        if sum(o.sale == sale.id and o.payment in LIVE for o in mine) >= MOST_UNPAID:
            return "too_many_unpaid"
        for offer, units in lines:
            if offer.limit and self.used.get((offer.id, person), 0) + units > offer.limit:
                return "limit_reached"
        wanted: dict[int, int] = {}
        for offer, units in lines:
            wanted[offer.pool] = wanted.get(offer.pool, 0) + units
        if any(self.pools[pool].available < units for pool, units in wanted.items()):
            return "sold_out"
        return "" if told == sum(self.price(lines, by)) else "price_changed"

    def placed(
        self,
        order_id: int,
        line_ids: Sequence[int],
        person: int,
        lines: Sequence[tuple[Offer, int]],
        by: str,
        method: str,
        moment: datetime,
    ) -> Order:
        """Book a good checkout."""
        goods, freight = self.price(lines, by)
        shares = largest_remainder(freight, [offer.price * units for offer, units in lines])
        total = goods + freight
        order = Order(
            order_id, person, lines[0][0].sale, method if total else "zero", by, total, moment,
            moment + HOLD[method] if total else None,
            [
                Line(line_id, offer, units, offer.price * units, share)
                for line_id, (offer, units), share in zip(line_ids, lines, shares, strict=True)
            ],
        )  # fmt: skip
        order.payment = "unpaid" if total else "paid"
        if by == "pickup" and (total == 0 or method == "offline"):
            order.delivery = "awaiting_pickup"
        for line in order.lines:
            pool = self.pools[line.offer.pool]
            pool.available -= line.quantity
            pool.held += line.quantity if total else 0
            pool.sold += 0 if total else line.quantity
        self._use(order, 1)
        sale = self.sales[order.sale]
        if person not in sale.people:
            sale.people.append(person)
        self.orders[order_id] = order
        return order

    def _use(self, order: Order, sign: int) -> None:
        for line in order.lines:
            key = (line.offer.id, order.person)
            self.used[key] = self.used.get(key, 0) + sign * line.quantity
        self.sales[order.sale].orders += sign

    # Closing and paying

    def close(self, order: Order, reason: str) -> None:
        order.payment, order.close_reason, order.expires_at = "closed", reason, None
        for line in order.lines:
            pool = self.pools[line.offer.pool]
            pool.held -= line.quantity
            pool.available += line.quantity
        self._use(order, -1)

    def pay(self, order: Order, amount: int) -> None:
        order.paid += amount
        order.payment, order.expires_at = "paid", None
        for line in order.lines:
            pool = self.pools[line.offer.pool]
            pool.held -= line.quantity
            pool.sold += line.quantity
        self._open_pickup(order)

    def _open_pickup(self, order: Order) -> None:
        if order.by == "pickup" and order.delivery == "none":
            order.delivery = "awaiting_pickup"

    def revive(self, order: Order, amount: int) -> bool:
        """Money for a closed order whose goods are free again; False and no change if they are not."""
        wanted: dict[int, int] = {}
        for line in order.lines:
            wanted[line.offer.pool] = wanted.get(line.offer.pool, 0) + line.quantity
        if any(self.pools[pool].available < units for pool, units in wanted.items()):
            return False
        for pool, units in wanted.items():
            self.pools[pool].available -= units
            self.pools[pool].sold += units
        order.paid += amount
        order.payment, order.close_reason = "paid", ""
        self._use(order, 1)
        self._open_pickup(order)
        return True

    def learn(self, trade: Trade, moment: datetime) -> None:
        """The product has learnt of a payment: what must follow from it at once."""
        order = trade.order
        trade.booked = True
        if order.payment in LIVE:
            self.pay(order, trade.total)
        elif order.payment == "closed" and self._welcome(order, moment) and self.revive(order, trade.total):
            pass
        else:
            order.paid += trade.total
            trade.extra = True
            cause = "late" if order.payment == "closed" else "extra"
            self.refunds.append(Refund(order, cause, trade.total, [], False, trade))

    def _welcome(self, order: Order, moment: datetime) -> bool:
        within = all(
            not line.offer.limit
            or self.used.get((line.offer.id, order.person), 0) + line.quantity <= line.offer.limit
            for line in order.lines
        )
        return (
            order.close_reason == "expired"
            and not self.sale_refusal(self.sales[order.sale], moment)
            and within
        )

    # Giving back

    def main_trade(self, order: Order) -> Trade | None:
        return next((t for t in self.trades.values() if t.order is order and t.booked and not t.extra), None)

    def start_refund(
        self,
        order: Order,
        parts: list[Part],
        cause: str,
        restock: bool,
        moment: datetime,
        case: int | None = None,
    ) -> Refund:
        """The intent to give back; its parts count as gone from now on. Raises Refusal."""
        if order.payment not in PAID:
            raise Refusal("order_not_paid")
        if not parts:
            raise Refusal("nothing_to_refund")
        for part in parts:
            units, goods, freight = order.line(part.line).left
            if part.units > units or part.goods > goods or part.freight > freight:
                raise Refusal("refund_exceeds_paid")
        amount = sum(part.goods + part.freight for part in parts)
        trade = self.main_trade(order) if amount else None
        if trade is not None and trade.paid_at is not None and moment - trade.paid_at > timedelta(days=365):
            raise Refusal("refund_too_old")
        for part in parts:
            line = order.line(part.line)
            line.back += part.units
            line.back_goods += part.goods
            line.back_freight += part.freight
        refund = Refund(order, cause, amount, parts, restock, trade, case)
        self.refunds.append(refund)
        if amount == 0:
            self.refund_done(refund)
        return refund

    def refund_done(self, refund: Refund) -> None:
        """The money is back with the buyer."""
        order = refund.order
        assert not refund.done, f"refund {refund.number} happened twice"
        refund.done = True
        order.refunded += refund.amount
        assert order.refunded <= order.paid
        if order.payment in PAID and (refund.amount or (order.paid == 0 and order.nothing_left)):
            everything = order.refunded == order.paid
            if everything or refund.trade is None or not refund.trade.extra:
                order.payment = "refunded" if everything else "partly_refunded"
        if refund.restock:
            for part in refund.parts:
                offer = order.line(part.line).offer
                self.pools[offer.pool].available += part.units
                self.pools[offer.pool].sold -= part.units
                self.used[offer.id, order.person] -= part.units
