"""Checkouts in batches, paying, cancelling, and paying outside the instance."""

from __future__ import annotations

from dataclasses import dataclass, replace
from hashlib import sha256
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from machine.base import WHICH, Base
from machine.model import Order, Refusal
from machine.model_money import HOLD, LIVE, PAID, Offer, Trade
from yantuan.kernel.actors import Actor
from yantuan.orders.drafts import Draft, DraftLine, Placed, Refused
from yantuan.orders.models import OrderLine
from yantuan.orders.placing import place_orders
from yantuan.payments.actions import PayWish, cancel, confirm_proof, pay, refresh, reject_proof, send_proof
from yantuan.payments.models import OfflineProof, PaymentAttempt

KINDS = {"native": "qr", "h5": "redirect", "mini": "jsapi"}
UNCLEAR = ("provider_unavailable", "provider_refused", "payment_in_progress")
"""What a buyer may hear while the provider misbehaves."""


@dataclass(frozen=True)
class Wish:
    """One checkout as chance makes it. `key`: a new one, the last one again, or the last one with another body."""

    buyer: int
    sale: int
    lines: tuple[tuple[int, int], ...]
    by: str
    method: str
    key: str
    off: int


WISHES = st.builds(
    Wish,
    buyer=st.integers(0, 2),
    sale=st.integers(0, 3),
    lines=st.lists(st.tuples(st.integers(0, 4), st.integers(1, 3)), min_size=1, max_size=3).map(tuple),
    by=st.sampled_from(["courier", "courier", "pickup"]),
    method=st.sampled_from(["wechatpay", "wechatpay", "offline"]),
    key=st.sampled_from(["new", "new", "new", "new", "again", "other"]),
    off=st.sampled_from([0, 0, 0, 0, 0, 0, 0, -1, 1]),
)


class Buying(Base):
    def __init__(self) -> None:
        super().__init__()
        self.sent: dict[int, tuple[Wish, str]] = {}

    # Placing

    def lines_of(self, wish: Wish) -> list[tuple[Offer, int]]:
        offers = list(self.model.offers.values())
        main = [o for o in offers if o.sale == offers[0].sale]
        other = [o for o in offers if o.sale != offers[0].sale]
        goods = other if wish.sale == 3 else main
        return [(goods[n % len(goods)], units) for n, units in wish.lines]

    def draft(self, wish: Wish, key: str) -> Draft:
        person, address = self.shop.buyers[wish.buyer]
        lines = self.lines_of(wish)
        courier = wish.by == "courier"
        return Draft(
            person_id=person.id, group_buy_id=lines[0][0].sale,
            lines=tuple(DraftLine(offer.id, units) for offer, units in lines),
            delivery_method=wish.by, payment_method=wish.method,  # type: ignore[arg-type]
            expected_total_fen=sum(self.model.price(lines, wish.by)) + wish.off,
            idempotency_key=key, body_hash=sha256(repr(replace(wish, key="")).encode()).hexdigest(), actor=Actor("buyer", person.id),
            address_id=address.id if courier else None, pickup_point_id=None if courier else self.shop.point.id,
            contact=None if courier else self.shop.contact,
        )  # fmt: skip

    @rule(wishes=st.lists(WISHES, min_size=1, max_size=4))
    def place(self, wishes: list[Wish]) -> None:
        """Several checkouts in one batch, each judged as if it had come alone, in their order."""
        self.tick()
        keyed = [self.keyed(wish) for wish in wishes]
        drafts = [self.draft(wish, key) for wish, key in keyed]
        outcomes = place_orders(drafts)
        for (wish, _), draft, outcome in zip(keyed, drafts, outcomes, strict=True):
            self.judge_outcome(wish, draft, outcome)
        self.look()

    def keyed(self, wish: Wish) -> tuple[Wish, str]:
        """The checkout and its key: the buyer's last ones again, the last key with another body, or new ones."""
        last = self.sent.get(wish.buyer)
        if wish.key == "again" and last:
            return last
        key = last[1] if wish.key == "other" and last else f"key-{self.number()}"
        self.sent[wish.buyer] = (wish, key)
        return wish, key

    def judge_outcome(self, wish: Wish, draft: Draft, outcome: Any) -> None:
        known = self.model.keys.get((draft.person_id, draft.idempotency_key))
        if known is not None:
            if known[0] == draft.body_hash:
                assert isinstance(outcome, Placed), outcome
                assert (outcome.order.id, outcome.order.replayed) == (str(known[1]), True)
            else:
                assert self.refusal(outcome) == "idempotency_key_reused"
            return
        lines = self.lines_of(wish)
        wanted = self.model.judge(draft.person_id, lines, wish.by, draft.expected_total_fen, self.now)
        assert self.refusal(outcome) == wanted
        if wanted:
            return
        order_id = int(outcome.order.id)
        ids = list(
            OrderLine.objects.filter(order_id=order_id).order_by("position").values_list("id", flat=True)
        )
        order = self.model.placed(order_id, ids, draft.person_id, lines, wish.by, wish.method, self.now)
        self.model.keys[draft.person_id, draft.idempotency_key] = (draft.body_hash, order_id)
        assert (outcome.order.total_fen, outcome.order.replayed) == (order.total, False)

    @staticmethod
    def refusal(outcome: Any) -> str:
        return str(outcome.error.code) if isinstance(outcome, Refused) else ""

    # Paying at the provider

    def person(self, order: Order) -> Any:
        return next(person for person, _ in self.shop.buyers if person.id == order.person)

    def trades_of(self, order: Order) -> list[Trade]:
        return [trade for trade in self.model.trades.values() if trade.order is order]

    @staticmethod
    def live(order: Order) -> str:
        """The number the product still expects money under."""
        row = PaymentAttempt.objects.filter(order_id=order.id, state__in=["created", "prepaid"]).first()
        return row.out_trade_no if row else ""

    def adopt(self, order: Order) -> None:
        """New numbers of this order, which must ask for exactly its price; one of them may be live."""
        rows = list(PaymentAttempt.objects.filter(order_id=order.id).order_by("id"))
        for row in rows:
            if row.out_trade_no not in self.model.trades:
                assert row.amount_fen == order.total, "the provider is asked for another sum"
                self.model.trades[row.out_trade_no] = Trade(row.out_trade_no, order, row.amount_fen)
        assert sum(row.state in ("created", "prepaid") for row in rows) <= 1

    def pay_there(self, number: str) -> bool:
        """The buyer pays in the cashier."""
        paid = self.provider.pay(number)
        if paid:
            trade = self.model.trades[number]
            trade.paid, trade.paid_at = True, self.moment
        return paid

    @precondition(lambda self: self.model.orders)
    @rule(
        number=WHICH,
        channel=st.sampled_from(["native", "h5", "mini"]),
        early=st.sampled_from(["", "", "", "paid", "told"]),
    )
    def press_pay(self, number: int, channel: str, early: str) -> None:
        """The buyer presses 支付; sometimes the money, or even its notice, overtakes the provider's answer."""
        order = self.order(number, lambda o: o.payment == "unpaid" and o.method == "wechatpay")
        self.tick()
        if early:
            self.provider.wire.before_answer.append(lambda request: self.overtake(order, early == "told"))
        wanted = self.pay_refusal(order)
        unknown = any(t.paid and not t.booked for t in self.trades_of(order))
        answers: list[str] = []
        got = self.code(
            lambda: answers.append(pay(self.person(order), order.id, PayWish(channel, "/", "10.0.0.1")).kind)  # type: ignore[arg-type]
        )
        self.provider.wire.before_answer.clear()
        self.adopt(order)
        if wanted in ("done", "offline"):
            assert answers == [wanted], (got, answers)
        elif wanted:
            assert got == wanted
        elif got:
            assert got in UNCLEAR and not self.calm, got
        else:
            assert answers[0] == KINDS[channel] or (answers[0] == "done" and (unknown or early))
        self.look()

    def pay_refusal(self, order: Order) -> str:
        if order.payment in (*PAID, "refunded"):
            return "done"
        if order.method == "offline" and order.payment in LIVE:
            return "offline"
        if order.payment == "closed":
            return "order_closed"
        return "order_expired" if order.expires_at is None or order.expires_at <= self.now else ""

    def overtake(self, order: Order, told: bool) -> None:
        self.adopt(order)
        number = self.live(order)
        if number and self.pay_there(number) and told:
            self.provider.deliver(self.provider.notices()[-1])

    @precondition(lambda self: any(not t.paid for t in self.model.trades.values()))
    @rule(number=WHICH)
    def pay_in_the_cashier(self, number: int) -> None:
        waiting = [t for t in self.model.trades.values() if not t.paid]
        trade = self.pick(waiting, number)
        self.tick()
        state = self.provider.trades().get(trade.number, ("", 0))[0]
        assert self.pay_there(trade.number) == (state == "NOTPAY")
        self.look()

    @precondition(lambda self: self.model.trades)
    @rule(number=WHICH)
    def come_back(self, number: int) -> None:
        """The buyer comes back from the cashier: the provider is asked at once."""
        order = self.order(number, lambda o: any(t.paid and not t.booked for t in self.trades_of(o)))
        self.tick()
        live = self.live(order)
        refresh(self.person(order), order.id)
        self.look()
        if live and self.calm and self.model.trades[live].paid:
            assert self.model.trades[live].booked, "asked, told, and not booked"

    # Cancelling

    @precondition(lambda self: self.model.orders)
    @rule(number=WHICH)
    def cancel(self, number: int) -> None:
        order = self.order(number, lambda o: o.payment in (*LIVE, "paid") and o.untouched)
        if order.payment == "unpaid" and self.live(order):
            self.cancel_at_the_cashier(order)
            return
        self.attempt(lambda: self.cancelled(order), lambda: cancel(self.person(order), order.id, "不要了"))

    def cancelled(self, order: Order) -> None:
        if order.payment == "unpaid":
            self.model.close(order, "buyer")
        elif order.payment in (*PAID, "awaiting_confirmation"):
            self.model.cancel_paid(order, self.now)
        elif order.payment == "refunded" and not any(
            r.order is order and r.cause == "cancel" for r in self.model.refunds
        ):
            raise Refusal("order_refunded")

    def cancel_at_the_cashier(self, order: Order) -> None:
        """An attempt is open: the provider is asked and closes it first, and money that is there already wins."""
        self.tick()
        trade = self.model.trades[self.live(order)]
        paid = trade.paid
        got = self.code(lambda: cancel(self.person(order), order.id, "不要了"))
        self.adopt_payment_at_close(trade)
        if not got:
            assert self.provider.trades().get(trade.number, ("CLOSED", 0))[0] == "CLOSED"
            self.model.close(order, "buyer")
        elif got == "already_paid":
            assert trade.paid
        else:
            assert got in UNCLEAR and not self.calm
        self.look()
        assert not self.calm or (got == "already_paid") == paid
        assert got != "already_paid" or trade.booked

    def adopt_payment_at_close(self, trade: Trade) -> None:
        """The simulator lets the buyer pay just before a close when told to."""
        if not trade.paid and self.provider.trades().get(trade.number, ("", 0))[1]:
            trade.paid, trade.paid_at = True, self.moment

    # Outside the instance

    @precondition(lambda self: any(o.method == "offline" for o in self.model.orders.values()))
    @rule(number=WHICH)
    def send_proof(self, number: int) -> None:
        order = self.order(number, lambda o: o.method == "offline" and o.payment in ("unpaid", "closed"))
        done = self.attempt(
            lambda: self.proven(order), lambda: send_proof(self.person(order), order.id, None, "")
        )
        if done:
            order.proof = OfflineProof.objects.get(order_id=order.id, state="sent").id

    def proven(self, order: Order) -> None:
        expired = order.payment == "closed" and order.close_reason == "expired"
        if order.method != "offline" or not (order.payment in LIVE or expired):
            raise Refusal("proof_not_fitting")
        if order.proof is not None:
            raise Refusal("proof_already_sent")
        if not expired:
            order.payment, order.expires_at = "awaiting_confirmation", None

    @precondition(lambda self: any(o.proof for o in self.model.orders.values()))
    @rule(number=WHICH, there=st.booleans())
    def decide_proof(self, number: int, there: bool) -> None:
        order = self.pick([o for o in self.model.orders.values() if o.proof], number)
        proof = order.proof or 0
        if there:
            self.attempt(lambda: self.confirmed(order), lambda: confirm_proof(self.shop.boss, proof))
        else:
            self.attempt(lambda: self.rejected(order), lambda: reject_proof(self.shop.boss, proof, "没到"))

    def confirmed(self, order: Order) -> None:
        if order.payment != "closed":
            self.model.pay(order, order.total)
        elif not self.model.revive(order, order.total):
            raise Refusal("stock_gone")
        order.proof = None

    def rejected(self, order: Order) -> None:
        order.proof = None
        if order.payment == "awaiting_confirmation":
            order.payment, order.expires_at = "unpaid", self.now + HOLD["offline"]
