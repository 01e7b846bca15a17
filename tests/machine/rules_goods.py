"""Parcels, hand-outs, receipts and the leader's refunds."""

from __future__ import annotations

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from machine.base import WHICH
from machine.model import Order
from machine.model_money import PAID
from machine.rules_provider import ProviderRules
from yantuan.fulfilment.actions import hand_out, receive, ship, undo_last, withdraw
from yantuan.fulfilment.models import Shipment
from yantuan.fulfilment.schemas import PickupIn, PieceIn, ShipIn
from yantuan.payments.actions import Wish as Back
from yantuan.payments.actions import refund_as_leader

PIECES = st.one_of(
    st.just(()), st.lists(st.tuples(st.integers(0, 2), st.integers(1, 3)), max_size=2).map(tuple)
)
"""Nothing named means all that may go; else (line, units)."""


class GoodsRules(ProviderRules):
    def has_orders(self) -> bool:
        return bool(self.model.orders)

    def pieces(self, order: Order, wanted: tuple[tuple[int, int], ...]) -> list[tuple[int, int]]:
        chosen = {order.lines[n % len(order.lines)].id: units for n, units in wanted}
        return list(chosen.items())

    @precondition(has_orders)
    @rule(number=WHICH, wanted=PIECES)
    def ship(self, number: int, wanted: tuple[tuple[int, int], ...]) -> None:
        order = self.order(
            number,
            lambda o: o.by == "courier" and o.payment in PAID and o.delivery in ("none", "part_shipped"),
        )
        pieces = self.pieces(order, wanted)
        sent: list[dict[int, int]] = []
        lines = [PieceIn(order_line_id=line, quantity=units) for line, units in pieces]
        body = ShipIn(carrier="YTO", tracking_no=f"YT{self.number():013d}", lines=lines)
        before = set(Shipment.objects.filter(order_id=order.id).values_list("id", flat=True))
        self.attempt(
            lambda: sent.append(self.model.ship(order, pieces, self.now)),
            lambda: ship(self.shop.boss, order.id, body),
        )
        after = set(Shipment.objects.filter(order_id=order.id).values_list("id", flat=True))
        assert len(after - before) == len(sent)
        for parcel in after - before:
            order.parcels[parcel] = sent[0]

    @precondition(lambda self: any(o.parcels for o in self.model.orders.values()))
    @rule(number=WHICH)
    def withdraw_a_parcel(self, number: int) -> None:
        order = self.pick([o for o in self.model.orders.values() if o.parcels], number)
        parcel = self.pick(sorted(order.parcels), number // 7)
        self.attempt(
            lambda: self.model.withdraw(order, parcel, self.now), lambda: withdraw(self.shop.boss, parcel)
        )

    @precondition(has_orders)
    @rule(number=WHICH)
    def receive(self, number: int) -> None:
        order = self.order(number, lambda o: o.delivery == "shipped")
        self.attempt(
            lambda: self.model.receive(order, self.now), lambda: receive(self.person(order), order.id)
        )

    @precondition(has_orders)
    @rule(number=WHICH, wanted=PIECES)
    def hand_out(self, number: int, wanted: tuple[tuple[int, int], ...]) -> None:
        order = self.order(
            number,
            lambda o: (
                o.by == "pickup" and o.payment in PAID and o.delivery in ("awaiting_pickup", "part_picked")
            ),
        )
        pieces = self.pieces(order, wanted)
        lines = [PieceIn(order_line_id=line, quantity=units) for line, units in pieces]
        self.attempt(
            lambda: self.model.hand_out(order, pieces, self.now),
            lambda: hand_out(self.shop.boss, order.id, PickupIn(lines=lines)),
        )

    @precondition(lambda self: any(o.by == "pickup" for o in self.model.orders.values()))
    @rule(number=WHICH)
    def undo_the_last_hand_out(self, number: int) -> None:
        order = self.order(number, lambda o: bool(o.hand_outs))
        self.attempt(lambda: self.model.undo(order, self.now), lambda: undo_last(self.shop.boss, order.id))

    @precondition(has_orders)
    @rule(
        number=WHICH,
        wanted=PIECES,
        fen=st.one_of(st.none(), st.integers(0, 4000)),
        freight=st.booleans(),
        restock=st.booleans(),
    )
    def leader_gives_back(
        self, number: int, wanted: tuple[tuple[int, int], ...], fen: int | None, freight: bool, restock: bool
    ) -> None:
        order = self.order(number, lambda o: o.payment in PAID and not o.nothing_left)
        wishes = [(line, units, fen) for line, units in self.pieces(order, wanted)]
        self.attempt(
            lambda: self.model.leader_refund(order, wishes, freight, restock, self.now),
            lambda: refund_as_leader(
                self.shop.boss,
                order.id,
                [Back(*wish) for wish in wishes],
                include_freight=freight,
                reason="缺货",
                restock=restock,
            ),
        )
