"""Time, the worker, the leader's rights and stock, and how every story ends."""

from __future__ import annotations

import sys
from datetime import timedelta

from hypothesis import strategies as st
from hypothesis.stateful import initialize, invariant, precondition, rule

from machine.base import APART, CHECK_EVERY, TIMELESS, WHICH
from machine.model import Order, Refusal
from machine.rules_buying import Wish
from machine.rules_plots import PLOTS, Plots
from yantuan.catalog import stock
from yantuan.groupbuys.actions import close_group_buy
from yantuan.kernel.actors import Actor
from yantuan.leaders.actions import restore_leader, suspend_leader
from yantuan.leaders.models import Leader
from yantuan.payments.actions import confirm_offline_refund, retry_refund
from yantuan.payments.jobs import reconcile_bills
from yantuan.payments.models import PaymentAttempt
from yantuan.reports.rules import RULES
from yantuan.stores.actions import restore_store, suspend_store

SPANS = (2, 40, 70, 70, 400, 1000, 1000, 7200, 90_000, 3 * 86_400, 11 * 86_400)
SKEWS = (-3600, -60, 60, 3600)


class Story(Plots):
    """Steps anybody may take at any moment."""

    @initialize(hot=st.integers(4, 9), wishes=st.integers(0, 3), plot=st.sampled_from(PLOTS))
    def the_shop_opens(self, hot: int, wishes: int, plot: str) -> None:
        """A few orders in all stages, so that short stories reach far as well."""
        self.open(hot)
        self.place([Wish(0, 0, ((0, 1), (2, 2)), "courier", "wechatpay", "new", 0)])
        self.place([Wish(1, 0, ((1, 1), (2, 1)), "pickup", "wechatpay", "new", 0)])
        self.place([Wish(2, 0, ((2, 3),), "courier", "offline", "new", 0)])
        first, second, _ = self.model.orders.values()
        for order in (first, second)[:wishes]:
            self.press_pay_quietly(order)
        if wishes > 1:
            self.ship(1, ((1, 1),))
        if wishes > 2:
            self.place([Wish(1, 3, ((0, 2),), "courier", "wechatpay", "new", 0)])
            self.leader_gives_back(1, (), None, False, True)
        self.money_goes_astray(2, plot)

    def press_pay_quietly(self, order: Order) -> None:
        number = self.announced(order, "native")
        self.pay_there(number)
        self.told(self.model.trades[number])

    # Time

    @rule(seconds=st.sampled_from(SPANS), working=st.sampled_from([True, True, True, False]))
    def time_passes(self, seconds: int, working: bool) -> None:
        self.tick(seconds)
        if working:
            self.work()
        self.look()

    @rule()
    def events_are_worked_off(self) -> None:
        self.tick()
        self.events()
        self.look()

    @rule()
    def the_provider_decides_refunds(self) -> None:
        self.tick(30)
        self.provider.finish()

    @rule(seconds=st.sampled_from(SKEWS), working=st.booleans())
    def our_clock_goes_wrong(self, seconds: int, working: bool) -> None:
        """Only ours: the provider's stays right, so beyond five minutes neither believes the other."""
        self.skew = timedelta(seconds=seconds)
        if working:
            self.work()
        self.look()

    @rule()
    def our_clock_is_set_right(self) -> None:
        self.skew = timedelta(0)

    # Rights and stock

    # With a clock that runs behind, rule I2 takes orders placed before for orders after the suspension.
    @precondition(lambda self: not self.skew)
    @rule(which=st.sampled_from(["leader", "store", "certification", "restore", "restore"]))
    def selling_is_stopped_or_allowed(self, which: str) -> None:
        self.tick()
        leader, store = self.shop.leader.id, self.shop.store.id
        if which == "restore":
            restore_leader(leader, "核实无误", 1)
            restore_store(store, "核实无误", 1)
            Leader.objects.filter(id=leader).update(certification="approved")
        elif which == "leader":
            suspend_leader(leader, "有人投诉", 1)
        elif which == "store":
            suspend_store(store, "有人投诉", 1)
        else:
            Leader.objects.filter(id=leader).update(certification="rejected")
        self.model.selling = which == "restore"
        self.look()

    @rule(number=WHICH)
    def a_sale_is_closed(self, number: int) -> None:
        if number % 3:
            return
        sale = list(self.model.sales.values())[-1]
        self.tick()
        close_group_buy(self.shop.boss, sale.id)
        sale.closed = True
        self.look()

    @rule(number=WHICH, delta=st.integers(-6, 6))
    def leader_adjusts_stock(self, number: int, delta: int) -> None:
        pool_id = self.pick(list(self.model.pools), number)

        def expect() -> None:
            pool = self.model.pools[pool_id]
            if pool.available + delta < 0:
                raise Refusal("stock_too_low")
            pool.available += delta
            pool.total += delta

        self.attempt(expect, lambda: stock.adjust(pool_id, delta, Actor("leader", self.shop.boss.id)))

    # What always holds, and how it ends

    @invariant()
    def the_checks_are_clean(self) -> None:
        self.steps += 1
        if self.steps % CHECK_EVERY == 0:
            self.checks(TIMELESS)

    def teardown(self) -> None:
        try:
            # Called on the way out of a broken step as well; then that step is the news.
            if hasattr(self, "model") and sys.exc_info()[0] is None:
                self.all_ends_well()
        finally:
            self.close_story()

    def all_ends_well(self) -> None:
        """The provider calms down and the worker catches up: nothing stays open, and the three books agree."""
        self.skew = timedelta(0)
        self.troubles_end()
        for _ in range(5):
            self.tell_everything()
            for refund in [r for r in self.model.refunds if not r.done]:
                self.tick()
                if refund.trade is None:
                    confirm_offline_refund(self.shop.boss, refund.id)
                    self.model.refund_done(refund)
                elif self.steps % 2:
                    retry_refund(self.shop.boss, refund.id)
                self.look()
            self.tick(1000)
            self.steps += 1
            self.work()
            if not self.unfinished():
                break
        reconcile_bills()
        self.look()
        assert not self.unfinished()
        self.checks([name for name in RULES if name not in APART])
        self.books_agree()
        self.tally()

    def tell_everything(self) -> None:
        """Every notice about money that is there and not booked, one by one."""
        self.provider.finish()
        for notice in self.provider.notices():
            trade = self.model.trades[notice["out_trade_no"]]
            if not notice["out_refund_no"] and not trade.booked:
                self.tick()
                assert self.provider.deliver(notice) == 204
                self.look()

    def unfinished(self) -> bool:
        open_attempts = PaymentAttempt.objects.filter(state__in=["created", "prepaid"]).exists()
        return open_attempts or any(not refund.done for refund in self.model.refunds)

    def books_agree(self) -> None:
        """Per number and in sum: model, our rows, the simulator's book."""
        received, back = self.provider.moved()
        online = [
            o for o in self.model.orders.values() if any(t.order is o for t in self.model.trades.values())
        ]
        assert received == sum(order.paid for order in online)
        assert back == sum(order.refunded for order in online)
        assert all(o.paid == o.refunded for o in online if o.payment == "closed")
        assert all(t.booked for t in self.model.trades.values() if t.paid)
        given = {
            number: fen for number, (state, fen) in self.provider.refunds().items() if state == "SUCCESS"
        }
        assert given == {r.number: r.amount for r in self.model.refunds if r.trade is not None}
