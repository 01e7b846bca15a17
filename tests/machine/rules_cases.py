"""After-sales: what buyers ask, leaders answer, operators decide."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from machine.base import WHICH
from machine.model import UNDECIDED, Case, Claim, Order, Refusal
from machine.model_money import PAID
from machine.rules_goods import GoodsRules
from yantuan.aftersales import actions
from yantuan.aftersales.models import AfterSale
from yantuan.aftersales.schemas import (
    AgreeIn,
    ClaimIn,
    ClaimLineIn,
    CounterOfferIn,
    EscalateIn,
    ReceiveReturnIn,
    RefuseIn,
    ReturnParcelIn,
)

HOME = AgreeIn(return_name="林小满", return_phone="13900000001", return_address="枫林路 88 弄 101")
SHARES = st.sampled_from([100, 100, 60, 30, 101])
"""Percent of the ceiling that is asked for."""


class CaseRules(GoodsRules):
    def has_cases(self) -> bool:
        return bool(self.model.cases)

    def case(self, number: int, *states: str) -> Case:
        every = list(self.model.cases.values())
        good = [case for case in every if case.state in states]
        return self.pick(good if good and number % 5 else every, number // 5)

    @precondition(lambda self: any(o.payment in PAID for o in self.model.orders.values()))
    @rule(
        number=WHICH,
        kind=st.sampled_from(["refund_only", "refund_only", "return_refund"]),
        wanted=st.lists(st.tuples(st.integers(0, 2), st.integers(1, 3)), min_size=1, max_size=2).map(tuple),
        share=SHARES,
    )
    def claim(self, number: int, kind: Any, wanted: tuple[tuple[int, int], ...], share: int) -> None:
        order = self.order(
            number, lambda o: o.payment in PAID and not o.nothing_left and o.aftersale != "open"
        )
        pieces = self.pieces(order, wanted)
        amount = self.asked(order, pieces, kind, share)
        lines = [ClaimLineIn(order_line_id=line, quantity=units) for line, units in pieces]
        body = ClaimIn(kind=kind, reason="other", description="有一个坏了", lines=lines, amount_fen=amount)
        claims: list[Claim] = []
        self.tick()
        wanted_code = ""
        try:
            self.model.may_claim(order, [line for line, _ in pieces], self.now)
            claims = self.model.spread(amount, self.model.ceilings(order, pieces, kind))
        except Refusal as refusal:
            wanted_code = refusal.code
        assert self.code(lambda: actions.claim(self.person(order), order.id, body)) == wanted_code
        if not wanted_code:
            row = AfterSale.objects.filter(order_id=order.id).latest("id")
            self.model.opened(row.id, order, kind, claims, self.now)
        self.look()

    def asked(self, order: Order, pieces: list[tuple[int, int]], kind: str, share: int) -> int:
        try:
            ceilings = self.model.ceilings(order, pieces, kind)
        except Refusal:
            return 100
        return max(1, sum(c.goods + c.freight for c in ceilings) * share // 100 + (share > 100))

    def take(self, case: Case, event: str, then: Callable[[], Any], work: Callable[[], Any]) -> None:
        """A step of somebody: done before, refused, or done now by `then`."""

        def expect() -> None:
            if self.model.step(case, event):
                then()

        self.attempt(expect, work)

    def moved(self, case: Case, event: str) -> Callable[[], None]:
        return lambda: self.model.move(case, self.model.step(case, event), self.now)

    @precondition(has_cases)
    @rule(number=WHICH)
    def leader_agrees(self, number: int) -> None:
        case = self.case(number, *UNDECIDED)
        returns = case.kind == "return_refund"

        def then() -> None:
            if returns:
                case.agreed = case.asked
                self.model.move(case, "awaiting_return", self.now)
            else:
                self.model.give_back(case, case.asked, self.now)

        work = lambda: actions.agree(self.shop.boss, case.id, HOME)  # noqa: E731
        self.take(case, "agree_return" if returns else "agree", then, work)

    @precondition(has_cases)
    @rule(number=WHICH, percent=st.sampled_from([1, 40, 99, 100]))
    def leader_offers_less(self, number: int, percent: int) -> None:
        case = self.case(number, "requested", "offered")
        amount, words = max(1, case.asked * percent // 100), f"给 {percent}%"

        def then() -> None:
            if amount >= case.asked:
                raise Refusal("offer_amount_invalid")
            if case.state == "offered" and (case.agreed, case.words) == (amount, words):
                return
            case.agreed, case.words = amount, words
            self.model.move(case, "offered", self.now)

        body = CounterOfferIn(amount_fen=amount, answer=words)
        self.take(case, "offer", then, lambda: actions.offer(self.shop.boss, case.id, body))

    @precondition(has_cases)
    @rule(number=WHICH)
    def leader_refuses(self, number: int) -> None:
        case = self.case(number, "requested", "offered", "returning")

        def then() -> None:
            case.agreed, case.words = None, "看不出问题"
            self.model.move(case, "refused", self.now)

        body = RefuseIn(answer="看不出问题")
        self.take(case, "refuse", then, lambda: actions.refuse(self.shop.boss, case.id, body))

    @precondition(has_cases)
    @rule(number=WHICH, units=st.integers(0, 2), restock=st.booleans())
    def leader_receives_the_return(self, number: int, units: int, restock: bool) -> None:
        """Everything came back (`units` 0), or so many of the first line only."""
        case = self.case(number, "returning", "returning", "awaiting_return")
        first = case.claims[0]
        part = {first.line: min(units, first.units)} if units else {}
        received = part or {claim.line: claim.units for claim in case.claims}

        def then() -> None:
            amount = min(case.agreed or case.asked, self.model.worth(case, received))
            if amount < 1:
                raise Refusal("nothing_received")
            self.model.give_back(case, amount, self.now, received, restock)

        lines = [ClaimLineIn(order_line_id=line, quantity=n) for line, n in part.items()]
        body = ReceiveReturnIn(restock=restock, lines=lines)
        self.take(case, "receive_return", then, lambda: actions.receive_return(self.shop.boss, case.id, body))

    @precondition(has_cases)
    @rule(number=WHICH)
    def buyer_takes_the_offer(self, number: int) -> None:
        case = self.case(number, "offered")
        self.take(
            case,
            "accept_offer",
            lambda: self.model.give_back(case, case.agreed or 0, self.now),
            lambda: actions.accept_offer(self.person(case.order), case.id),
        )

    @precondition(has_cases)
    @rule(number=WHICH)
    def buyer_sends_goods_back(self, number: int) -> None:
        case = self.case(number, "awaiting_return")
        body = ReturnParcelIn(carrier_name="圆通", tracking_no=f"BACK{self.number():010d}")
        work = lambda: actions.send_return(self.person(case.order), case.id, body)  # noqa: E731
        self.take(case, "return_parcel", self.moved(case, "return_parcel"), work)

    @precondition(has_cases)
    @rule(number=WHICH)
    def buyer_escalates(self, number: int) -> None:
        case = self.case(number, "refused", "offered")
        body = EscalateIn(escalation="请看照片")
        work = lambda: actions.escalate(self.person(case.order), case.id, body)  # noqa: E731
        self.take(case, "escalate", self.moved(case, "escalate"), work)

    @precondition(has_cases)
    @rule(number=WHICH)
    def buyer_withdraws(self, number: int) -> None:
        case = self.case(number, "requested", "refused")
        work = lambda: actions.withdraw(self.person(case.order), case.id)  # noqa: E731
        self.take(case, "withdraw", self.moved(case, "withdraw"), work)

    @precondition(has_cases)
    @rule(number=WHICH, percent=st.sampled_from([0, 50, 100, 101]))
    def operator_decides(self, number: int, percent: int) -> None:
        case = self.case(number, "escalated")
        amount = case.asked * percent // 100 + (percent > 100)

        def then() -> None:
            if amount > case.asked:
                raise Refusal("amount_above_claim")
            if amount:
                self.model.give_back(case, amount, self.now)
            else:
                case.agreed = None
                self.model.move(case, "closed", self.now)
            case.decided = True

        event = "decide_refund" if amount else "decide_refuse"
        self.take(case, event, then, lambda: actions.operator_decide(case.id, amount, "平台决定", 1))
