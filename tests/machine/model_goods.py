"""What ought to be: parcels, hand-outs, receipt, and the leader's and buyer's own refunds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from machine.model_money import PAID, Book, Line, Order, Part, Refund, Refusal

AUTO_RECEIVE = timedelta(days=10)
UNDO_WITHIN = timedelta(minutes=30)


class Goods(Book):
    def held_back(self, order: Order) -> dict[int, int]:
        """Units by line that must not leave while their money is asked back."""
        return {}

    def case_open(self, order: Order) -> bool:
        return order.aftersale == "open"

    def _paid_refusal(self, order: Order) -> None:
        if order.payment not in PAID:
            code = {"refunded": "order_refunded", "closed": "order_closed"}.get(
                order.payment, "order_not_paid"
            )
            raise Refusal(code)

    def _choose(
        self, order: Order, left: Mapping[int, int], wanted: Sequence[tuple[int, int]]
    ) -> dict[int, int]:
        held = self.held_back(order)
        free = {line: max(0, units - held.get(line, 0)) for line, units in left.items()}
        if not wanted:
            chosen = {line: units for line, units in free.items() if units}
            if not chosen:
                raise Refusal("aftersale_open" if any(left.values()) else "nothing_left")
            return chosen
        for line, units in wanted:
            if units > left[line]:
                raise Refusal("too_many_pieces")
            if units > free[line]:
                raise Refusal("aftersale_open")
        return dict(wanted)

    # Parcels

    def ship(self, order: Order, wanted: Sequence[tuple[int, int]], moment: datetime) -> dict[int, int]:
        if order.by != "courier":
            raise Refusal("order_is_pickup")
        self._paid_refusal(order)
        if order.delivery in ("shipped", "received"):
            raise Refusal("already_shipped")
        left = {x.id: max(0, x.quantity - x.shipped - x.back) for x in order.lines}
        chosen = self._choose(order, left, wanted)
        for line, units in chosen.items():
            order.line(line).shipped += units
        order.delivery = "part_shipped"
        if sum(chosen.values()) == sum(left.values()):
            self._all_shipped(order, moment)
        return chosen

    def _all_shipped(self, order: Order, moment: datetime) -> None:
        order.delivery, order.auto_receive_at = "shipped", moment + AUTO_RECEIVE

    def withdraw(self, order: Order, parcel: int, moment: datetime) -> None:
        if parcel in order.withdrawn:
            return
        if order.delivery == "received":
            raise Refusal("already_received")
        order.withdrawn.add(parcel)
        for line, units in order.parcels[parcel].items():
            order.line(line).shipped -= units
        order.delivery = "part_shipped" if any(x.shipped for x in order.lines) else "none"
        order.auto_receive_at = None
        self.settle_delivery(order, moment)

    def settle_delivery(self, order: Order, moment: datetime) -> None:
        """What is still missing was refunded: what has left is everything."""
        missing = any(x.quantity - x.moved - x.back > 0 for x in order.lines)
        if order.delivery == "part_shipped" and not missing:
            self._all_shipped(order, moment)
        elif order.delivery == "part_picked" and not missing:
            order.delivery, order.received_at = "picked", moment

    def receive(self, order: Order, moment: datetime) -> None:
        if order.delivery == "received":
            return
        if order.payment not in PAID:
            raise Refusal("order_not_paid")
        if order.delivery != "shipped":
            raise Refusal("illegal_transition")
        order.delivery, order.received_at, order.auto_receive_at = "received", moment, None

    def receives_itself(self, order: Order, moment: datetime) -> bool:
        at = order.auto_receive_at
        waits = order.delivery == "shipped" and order.payment in PAID and not self.case_open(order)
        return waits and at is not None and at <= moment

    # Pick-up

    def hand_out(self, order: Order, wanted: Sequence[tuple[int, int]], moment: datetime) -> None:
        if order.by != "pickup":
            raise Refusal("order_is_courier")
        self._paid_refusal(order)
        if order.delivery == "picked":
            raise Refusal("already_picked")
        left = {x.id: max(0, x.quantity - x.picked - x.back) for x in order.lines}
        chosen = self._choose(order, left, wanted)
        for line, units in chosen.items():
            order.line(line).picked += units
        order.hand_outs.append((moment, chosen))
        order.delivery = "part_picked"
        if sum(chosen.values()) == sum(left.values()):
            order.delivery, order.received_at = "picked", moment

    def undo(self, order: Order, moment: datetime) -> None:
        if not order.hand_outs:
            raise Refusal("nothing_to_undo")
        last = max(at for at, _ in order.hand_outs)
        if last in order.undone:
            return
        if moment - last > UNDO_WITHIN:
            raise Refusal("undo_too_late")
        order.undone.add(last)
        for at, pieces in order.hand_outs:
            if at == last:
                for line, units in pieces.items():
                    order.line(line).picked -= units
        order.delivery = "part_picked" if any(x.picked for x in order.lines) else "awaiting_pickup"
        order.received_at = None

    # Refunds without a case

    def everything(self, order: Order) -> list[Part]:
        return [Part(x.id, *x.left) for x in order.lines if x.left != (0, 0, 0)]

    def cancel_paid(self, order: Order, moment: datetime) -> Refund | None:
        """The buyer takes a paid order back before anything left."""
        if order.nothing_left and any(r.order is order and r.cause == "cancel" for r in self.refunds):
            return None
        if order.payment == "awaiting_confirmation":
            raise Refusal("proof_pending")
        if self.case_open(order):
            raise Refusal("aftersale_open")
        if not order.untouched or order.delivery not in ("none", "awaiting_pickup"):
            picked = order.delivery in ("part_picked", "picked")
            raise Refusal("already_picked" if picked else "already_shipped")
        return self.start_refund(order, self.everything(order), "cancel", True, moment)

    def leader_refund(
        self,
        order: Order,
        wishes: Sequence[tuple[int, int, int | None]],
        freight: bool,
        restock: bool,
        moment: datetime,
    ) -> Refund:
        """`wishes`: line, units, fen (None: the units' price); none of them means all that is left."""
        if not wishes:
            return self.start_refund(order, self.everything(order), "leader", restock, moment)
        parts = {line: self._wished(order.line(line), units, fen, freight) for line, units, fen in wishes}
        gone = all(self._goods_end(x, parts.get(x.id)) for x in order.lines)
        if freight and gone:
            for x in order.lines:
                part = parts.get(x.id, Part(x.id, 0, 0, 0))
                parts[x.id] = Part(x.id, part.units, part.goods, x.left[2])
        kept = [p for p in parts.values() if p.units or p.goods or p.freight]
        return self.start_refund(order, kept, "leader", restock, moment)

    @staticmethod
    def _goods_end(line: Line, part: Part | None) -> bool:
        units, goods, _ = line.left
        return (units, goods) == ((part.units, part.goods) if part else (0, 0))

    @staticmethod
    def _wished(line: Line, units: int, fen: int | None, freight: bool) -> Part:
        left, goods, freight_left = line.left
        full = goods if units >= left else goods * units // left
        wanted = full if fen is None else fen
        if wanted > full or (fen is None and units > left):
            raise Refusal("refund_exceeds_paid")
        # Less than the price is a compensation: the buyer keeps the pieces.
        counted = min(units, left) if wanted == full else 0
        if wanted == goods and goods > 0:
            counted = left
        along = 0
        if freight and counted:
            along = freight_left if counted >= left else freight_left * counted // left
        return Part(line.id, counted, wanted, along)
