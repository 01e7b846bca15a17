"""Short plots: money that goes astray in a known way, told whole, because chance alone rarely gets so far."""

from __future__ import annotations

from datetime import timedelta

from hypothesis import strategies as st
from hypothesis.stateful import rule

from machine.model import Order
from machine.model_money import Trade
from machine.rules_buying import Wish
from machine.rules_cases import CaseRules
from yantuan.leaders.actions import suspend_leader
from yantuan.payments.actions import cancel

PLOTS = ("false", "silent", "late", "late and stopped", "twice", "cancelled")


class Plots(CaseRules):
    @rule(buyer=st.integers(0, 2), plot=st.sampled_from(PLOTS))
    def money_goes_astray(self, buyer: int, plot: str) -> None:
        order = self.fresh_order(buyer)
        if order is None or not (number := self.announced(order, "native")):
            return
        trade = self.model.trades[number]
        {
            "false": self.false_word,
            "silent": self.nobody_tells,
            "late": self.money_after_the_end,
            "late and stopped": self.money_after_selling_stopped,
            "twice": self.money_twice,
            "cancelled": self.money_after_cancelling,
        }[plot](order, trade)

    def fresh_order(self, buyer: int) -> Order | None:
        known = set(self.model.orders)
        self.place([Wish(buyer, 0, ((1, 1), (2, 1)), "courier", "wechatpay", "new", 0)])
        new = [order for key, order in self.model.orders.items() if key not in known]
        return new[0] if new else None

    def announced(self, order: Order, channel: str) -> str:
        """The number under which the order can be paid now; empty while the provider is in a mood."""
        place = list(self.model.orders.values()).index(order)
        # One in five picks out of all orders, by place.
        self.press_pay(place * 5, channel, "")
        number = self.live(order)
        return number if self.provider.trades().get(number, ("", 0))[0] == "NOTPAY" else ""

    def told(self, trade: Trade) -> None:
        """The genuine notice of this payment comes, and must be believed."""
        mine = [n for n in self.provider.notices() if n["out_trade_no"] == trade.number]
        status = self.provider.deliver(next(n for n in mine if not n["out_refund_no"]))
        self.look()
        assert trade.booked == (status == 204), "told of money, and nothing came of it"

    def paid_anyway(self, trade: Trade) -> None:
        """The provider takes the money, if need be against its promise."""
        if trade.paid:
            return
        if self.provider.trades()[trade.number][0] == "CLOSED":
            self.provider.reopen(trade.number)
            trade.against = True
        assert self.pay_there(trade.number)

    def false_word(self, order: Order, trade: Trade) -> None:
        assert self.pay_there(trade.number)
        notice = self.provider.notices()[-1]
        for flaw in ("notice_wrong_amount", "notice_foreign_mchid", "notice_bad_signature"):
            self.tick()
            known = self.knowledge()
            self.provider.deliver(notice, flaw, off_by=-1)
            self.look()
            assert self.knowledge() == known, f"{flaw} was believed"

    def nobody_tells(self, order: Order, trade: Trade) -> None:
        assert self.pay_there(trade.number)
        self.tick(1000)
        self.work()
        self.look()
        assert trade.booked or not self.calm, "the deadline passed and nobody asked"

    def money_after_the_end(self, order: Order, trade: Trade) -> None:
        self.tick(1000)
        self.work()
        self.paid_anyway(trade)
        self.told(trade)

    def money_after_selling_stopped(self, order: Order, trade: Trade) -> None:
        self.tick(1000)
        self.work()
        self.skew = timedelta(0)
        suspend_leader(self.shop.leader.id, "有人投诉", 1)
        self.model.selling = False
        self.paid_anyway(trade)
        self.told(trade)

    def money_twice(self, order: Order, trade: Trade) -> None:
        second = self.announced(order, "h5")
        self.paid_anyway(trade)
        self.told(trade)
        if second and second != trade.number:
            self.paid_anyway(self.model.trades[second])
            self.told(self.model.trades[second])

    def money_after_cancelling(self, order: Order, trade: Trade) -> None:
        if not self.calm:
            return
        self.tick()
        assert self.code(lambda: cancel(self.person(order), order.id, "不要了")) == ""
        self.model.close(order, "buyer")
        self.look()
        self.paid_anyway(trade)
        self.told(trade)
