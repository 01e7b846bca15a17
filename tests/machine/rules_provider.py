"""What comes from the provider, and what it does wrong."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from machine.base import WHICH
from machine.provider import MOODS, UNTOUCHED
from machine.rules_buying import Buying
from yantuan.payments.actions import confirm_offline_refund, retry_refund

OTHER_FACTS = ("notice_wrong_amount", "notice_foreign_mchid", "notice_unknown_order")
"""Genuine signatures over facts that aren't ours: answered, kept, and without effect."""
ONLY_PAYMENTS = ("notice_wrong_currency", "notice_foreign_appid", "notice_trade_state")
TROUBLES = (
    "refund_abnormal",
    "refund_closed",
    "refund_not_enough",
    "refund_slow",
    "paid_before_close",
    "answer_system_error",
    "answer_cut",
)


class ProviderRules(Buying):
    def anything_to_tell(self) -> bool:
        return any(trade.paid for trade in self.model.trades.values())

    def notice(self, number: int) -> Any:
        """Mostly one that would be news, else any, in any order."""
        every = self.provider.notices()
        trades, refunds = self.model.trades, {r.number: r for r in self.model.refunds}
        fresh = [
            n
            for n in every
            if (
                not refunds[n["out_refund_no"]].done
                if n["out_refund_no"]
                else not trades[n["out_trade_no"]].booked
            )
        ]
        return self.pick(fresh if fresh and number % 4 else every, number // 4)

    @precondition(anything_to_tell)
    @rule(number=WHICH, times=st.sampled_from([1, 1, 2, 3]))
    def a_notice_comes(self, number: int, times: int) -> None:
        """A genuine notice, at any time, in any order, as often as it likes."""
        self.tick()
        self.provider.finish()
        notice = self.notice(number)
        for _ in range(times):
            status = self.provider.deliver(notice)
            assert status == (401 if abs(self.skew.total_seconds()) > 300 else 204)
            self.look()
        if status == 204 and notice["event_type"] == "TRANSACTION.SUCCESS":
            assert self.model.trades[notice["out_trade_no"]].booked, "told of money, and nothing came of it"
        if status == 204 and notice["event_type"] == "REFUND.SUCCESS":
            assert next(r for r in self.model.refunds if r.number == notice["out_refund_no"]).done

    @precondition(anything_to_tell)
    @rule(
        number=WHICH,
        flaw=st.sampled_from(
            [*UNTOUCHED, *OTHER_FACTS, *OTHER_FACTS, *ONLY_PAYMENTS, "notice_bad_ciphertext"]
        ),
        off_by=st.sampled_from([-1, 1]),
    )
    def a_false_notice_comes(self, number: int, flaw: str, off_by: int) -> None:
        self.tick()
        self.provider.finish()
        notice = self.notice(number)
        if notice["out_refund_no"] and flaw in ONLY_PAYMENTS:
            flaw = "notice_wrong_amount"
        if flaw == "notice_old_timestamp" and self.skew < timedelta(0):
            # Six minutes old, but no more than five by a clock that is behind: no flaw to us.
            flaw = "notice_bad_signature"
        known = self.knowledge()
        status = self.provider.deliver(notice, flaw, off_by=off_by)
        if flaw in UNTOUCHED or abs(self.skew.total_seconds()) > 300:
            assert status == 401, status
        else:
            assert status == (500 if flaw == "notice_bad_ciphertext" else 204), status
        self.look()
        assert self.knowledge() == known, f"{flaw} was believed"

    def knowledge(self) -> tuple[set[str], set[int]]:
        booked = {trade.number for trade in self.model.trades.values() if trade.booked}
        return booked, {refund.id for refund in self.model.refunds if refund.done}

    @precondition(lambda self: any(not t.paid for t in self.model.trades.values()))
    @rule(number=WHICH, told=st.booleans())
    def money_comes_for_a_closed_number(self, number: int, told: bool) -> None:
        """Against the provider's promise, as when an announcement was on the way while the order was closed."""
        states = self.provider.trades()
        closed = [
            t
            for t in self.model.trades.values()
            if not t.paid and states.get(t.number, ("", 0))[0] == "CLOSED"
        ]
        if not closed:
            return
        self.tick()
        trade = self.pick(closed, number)
        self.provider.reopen(trade.number)
        trade.against = True
        assert self.pay_there(trade.number)
        if told and self.provider.deliver(self.provider.notices()[-1]) == 204:
            self.look()
            assert trade.booked
        self.look()

    @rule(mood=st.sampled_from(["fine", "fine", "fine", *MOODS]))
    def the_provider_changes_mood(self, mood: str) -> None:
        self.provider.change_mood(mood)

    @precondition(lambda self: self.model.trades)
    @rule(number=WHICH, kind=st.sampled_from(TROUBLES))
    def trouble_is_ordered(self, number: int, kind: str) -> None:
        """One fault waits for its occasion at one of the payments."""
        self.provider.trouble(kind, self.pick(list(self.model.trades), number))
        self.troubled = True

    @rule()
    def troubles_end(self) -> None:
        self.provider.change_mood("fine")
        self.provider.forget_troubles()
        self.troubled = False

    # Refunds under way

    @precondition(lambda self: any(not r.done for r in self.model.refunds))
    @rule(number=WHICH, by_hand=st.booleans())
    def leader_looks_after_a_refund(self, number: int, by_hand: bool) -> None:
        waiting = [refund for refund in self.model.refunds if not refund.done]
        refund = self.pick(waiting, number)
        self.tick()
        work = confirm_offline_refund if by_hand else retry_refund
        wanted = ""
        if by_hand:
            wanted = "refund_not_offline" if refund.trade else ""
        elif refund.trade is None:
            wanted = "refund_offline"
        got = self.code(lambda: work(self.shop.boss, refund.id))
        assert got == wanted
        if by_hand and not wanted:
            self.model.refund_done(refund)
        self.look()
