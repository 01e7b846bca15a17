"""Our rows against the model, and both against the simulator's book.

Some things happen by themselves: the product learns of money, a refund ends, an order runs out. *When* is the worker's
business; that they may happen now, and everything that must follow from them, is the model's. What it can't explain is a
finding.
"""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime
from typing import Any

from machine.model import ENDED, Case, Model
from machine.model_money import LIVE, Order, Refund
from machine.provider import Provider
from yantuan.aftersales.models import AfterSale, AfterSaleLine
from yantuan.catalog.models import StockPool
from yantuan.groupbuys.models import GroupCounter
from yantuan.orders.models import LimitUse, OrderLine
from yantuan.orders.models import Order as OrderRow
from yantuan.payments.models import PaymentAttempt, RefundLine
from yantuan.payments.models import Refund as RefundRow

Rows = dict[int, dict[str, Any]]


def by_id(rows: Any) -> Rows:
    return {row["id"]: row for row in rows}


class Sync:
    """One look at everything."""

    def __init__(self, model: Model, provider: Provider, moment: datetime) -> None:
        self.model, self.provider, self.moment = model, provider, moment
        self.orders = by_id(OrderRow.objects.values())
        self.attempts = by_id(PaymentAttempt.objects.order_by("id").values())
        self.refunds = by_id(RefundRow.objects.order_by("id").values())
        self.cases = by_id(AfterSale.objects.values())
        self.trades = provider.trades()
        self.given = provider.refunds()

    def run(self) -> None:
        self._learn()
        self._name_refunds()
        self._end_refunds()
        self._run_out()
        self._cases_move()
        self._name_refunds()
        self._end_refunds()
        self._deliveries_move()
        self._compare_orders()
        self._compare_stock()
        self._compare_cases()
        self._compare_books()

    # What may happen by itself

    def _learn(self) -> None:
        found = [row for row in self.attempts.values() if row["state"] == "succeeded"]
        for row in sorted(found, key=lambda r: (r["success_at"], r["id"])):
            trade = self.model.trades[row["out_trade_no"]]
            if not trade.booked:
                assert trade.paid, f"{trade.number} counts as paid, but nobody paid"
                self.model.learn(trade, self.moment)
            assert (row["paid_fen"], row["extra"]) == (trade.total, trade.extra), trade

    def _name_refunds(self) -> None:
        """Find the rows of the refunds the model expects, and nothing else."""
        known = {refund.id for refund in self.model.refunds}
        for row in self.refunds.values():
            if row["id"] in known:
                continue
            fits = [r for r in self.model.refunds if not r.id and self._same(r, row)]
            if fits:
                fits[0].id, fits[0].number = row["id"], row["out_refund_no"]

    def _same(self, refund: Refund, row: dict[str, Any]) -> bool:
        told = (row["order_id"], row["cause"], row["amount_fen"], row["restock"], row["aftersale_id"])
        if told != (refund.order.id, refund.cause, refund.amount, refund.restock, refund.case):
            return False
        attempt = self.attempts.get(row["attempt_id"])
        if (attempt["out_trade_no"] if attempt else None) != (refund.trade.number if refund.trade else None):
            return False
        lines = RefundLine.objects.filter(refund_id=row["id"])
        parts = set(lines.values_list("order_line_id", "quantity", "goods_fen", "freight_fen"))
        return parts == {(p.line, p.units, p.goods, p.freight) for p in refund.parts}

    def _end_refunds(self) -> None:
        for refund in self.model.refunds:
            row = self.refunds.get(refund.id)
            if row is None or row["state"] != "succeeded" or refund.done:
                continue
            assert refund.trade is not None, f"offline refund {refund.number} ended by itself"
            assert self.given.get(refund.number, ("",))[0] == "SUCCESS", f"{refund.number} was never given"
            self.model.refund_done(refund)

    def _run_out(self) -> None:
        for order in self.model.orders.values():
            row = self.orders[order.id]
            if row["payment"] != "closed" or order.payment not in LIVE:
                continue
            due = order.payment == "unpaid" and order.expires_at is not None
            assert due and order.expires_at <= self.moment, f"order {order.id} closed before its time"  # type: ignore[operator]
            assert row["close_reason"] == "expired"
            for trade in (t for t in self.model.trades.values() if t.order is order):
                state, _ = self.trades.get(trade.number, ("CLOSED", 0))
                harmless = state == "CLOSED" or trade.against
                assert harmless, f"order {order.id} closed while {trade.number} is {state}"
            self.model.close(order, "expired")

    def _cases_move(self) -> None:
        for case in self.model.cases.values():
            state = self.cases[case.id]["state"]
            if state == case.state:
                continue
            if case.state == "agreed" and case.refund is not None and case.refund.done:
                self.model.move(case, "refunded", self.moment)
            elif state == "closed" and self.model.emptied(case):
                self.model.move(case, "closed", self.moment)
            elif case.due_at is not None and case.due_at <= self.moment:
                self.model.silence(case, self.moment)

    def _deliveries_move(self) -> None:
        for order in self.model.orders.values():
            state = self.orders[order.id]["delivery"]
            if state == order.delivery:
                continue
            if state == "received" and self.model.receives_itself(order, self.moment):
                self.model.receive(order, self.moment)
            elif state in ("shipped", "picked"):
                self.model.settle_delivery(order, self.moment)

    # What must be equal

    def _compare_orders(self) -> None:
        lines: dict[int, dict[int, tuple[int, ...]]] = defaultdict(dict)
        for row in OrderLine.objects.values():
            lines[row["order_id"]][row["id"]] = (
                row["quantity"], row["amount_fen"], row["freight_share_fen"], row["shipped_quantity"],
                row["picked_quantity"], row["refunded_quantity"], row["refunded_goods_fen"], row["refunded_freight_fen"],
            )  # fmt: skip
        assert self.orders.keys() == self.model.orders.keys()
        for order in self.model.orders.values():
            assert self._told(self.orders[order.id]) == self._expected(order), f"order {order.id}"
            assert lines[order.id] == {
                x.id: (
                    x.quantity, x.goods, x.freight, x.shipped, x.picked, x.back, x.back_goods, x.back_freight
                )
                for x in order.lines
            }, f"lines of order {order.id}"  # fmt: skip

    @staticmethod
    def _told(row: dict[str, Any]) -> dict[str, Any]:
        names = ("payment", "delivery", "aftersale", "payment_method", "total_fen", "paid_fen", "refunded_fen", "expires_at", "close_reason", "received_at", "auto_receive_at")  # fmt: skip
        return {name: row[name] for name in names}

    @staticmethod
    def _expected(o: Order) -> dict[str, Any]:
        return {
            "payment": o.payment, "delivery": o.delivery, "aftersale": o.aftersale, "payment_method": o.method,
            "total_fen": o.total, "paid_fen": o.paid, "refunded_fen": o.refunded, "expires_at": o.expires_at,
            "close_reason": o.close_reason, "received_at": o.received_at, "auto_receive_at": o.auto_receive_at,
        }  # fmt: skip

    def _compare_stock(self) -> None:
        model = self.model
        pools = {
            row["id"]: (row["total"], row["available"], row["held"], row["sold"])
            for row in StockPool.objects.filter(id__in=model.pools).values()
        }
        assert pools == {k: (p.total, p.available, p.held, p.sold) for k, p in model.pools.items()}, "stock"
        used = {
            (row["offer_id"], row["person_id"]): row["quantity"]
            for row in LimitUse.objects.values()
            if row["quantity"]
        }
        assert used == {key: units for key, units in model.used.items() if units}, "limits"
        counters = {
            row["group_buy_id"]: (row["orders"], row["last_number"]) for row in GroupCounter.objects.values()
        }
        assert counters == {s.id: (s.orders, len(s.people)) for s in model.sales.values()}, "counters"

    def _compare_cases(self) -> None:
        open_lines: dict[int, set[int]] = defaultdict(set)
        for row in AfterSaleLine.objects.filter(open=True).values():
            open_lines[row["aftersale_id"]].add(row["order_line_id"])
        assert self.cases.keys() == self.model.cases.keys()
        for case in self.model.cases.values():
            row = self.cases[case.id]
            told = (row["state"], row["requested_fen"], row["agreed_fen"], row["due_at"], row["refund_id"])
            assert told == self._case(case), f"case {case.id}"
            assert open_lines[case.id] == (set() if case.state in ENDED else case.lines)

    @staticmethod
    def _case(case: Case) -> tuple[Any, ...]:
        refund = case.refund.id if case.refund else None
        return case.state, case.asked, case.agreed, case.due_at, refund

    def _compare_books(self) -> None:
        model = self.model
        assert {row["out_trade_no"] for row in self.attempts.values()} == model.trades.keys()
        assert self.refunds.keys() == {refund.id for refund in model.refunds}, "refunds nobody expected"
        for row in self.refunds.values():
            refund = next(r for r in model.refunds if r.id == row["id"])
            assert (row["state"] == "succeeded") == refund.done, f"refund {refund.number}"
        paid = {number: fen for number, (_, fen) in self.trades.items()}
        assert paid == {n: t.total if t.paid else 0 for n, t in model.trades.items() if n in paid}
        assert all(t.number in paid for t in model.trades.values() if t.paid)
        named = {r.number: r for r in model.refunds if r.trade is not None}
        for number, (_, fen) in self.given.items():
            assert number in named and named[number].amount == fen, f"the provider has a refund {number}"
        received, back = self.provider.moved()
        assert received == sum(t.total for t in model.trades.values() if t.paid)
        assert back == sum(fen for state, fen in self.given.values() if state == "SUCCESS")
        assert back <= received
