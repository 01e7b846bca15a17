"""What must be true in the end, of the history, the database and the provider's book together. Each finding is one sentence."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from typing import Any

from soak.facts import Facts, Row
from soak.history import Call, History

FINE = {503}
"""The only 5xx anybody may ever get; it carries Retry-After."""


def _tries_the_account(number: str, theirs: Mapping[str, Any]) -> bool:
    """The order of one fen by which the product asks whether its account still works: closed at once, never paid."""
    asked = tuple(theirs.get(name) for name in ("state", "total", "paid", "refunded"))
    return number.startswith("C") and asked == ("CLOSED", 1, 0, 0)


class Checkers:
    """Everything read once; the findings of all rules are collected."""

    def __init__(self, history: History, facts: Facts, world: dict[str, Any], book: dict[str, Any]) -> None:
        self.history, self.facts, self.world = history, facts, world
        self.book: dict[str, Row] = book["orders"]
        self.orders = {str(row["id"]): row for row in facts.rows("SELECT * FROM orders_order")}
        self.by_key: dict[str, list[Row]] = defaultdict(list)
        for row in self.orders.values():
            self.by_key[row["idempotency_key"]].append(row)
        self.calls: dict[str, list[Call]] = defaultdict(list)
        for call in history.calls:
            self.calls[call.verb].append(call)

    def all(self) -> dict[str, list[str]]:
        """Findings by rule; an empty list is a rule kept."""
        rules = (
            self.acked_orders_exist, self.refused_orders_do_not, self.nobody_ordered_by_himself, self.deeds_are_done,
            self.stock_adds_up, self.stock_changes_add_up, self.books_agree, self.late_money_went_back,
            self.attacks_failed, self.operator_is_served, self.answers_are_typed, self.permits_add_up,
            self.nothing_is_left_undone,
        )  # fmt: skip
        return {rule.__name__: list(rule()) for rule in rules}

    def _keys(self) -> dict[str, list[Call]]:
        found: dict[str, list[Call]] = defaultdict(list)
        for call in self.calls["place"]:
            found[call.key].append(call)
        return found

    def acked_orders_exist(self) -> Iterator[str]:
        """Whoever was told "placed" has exactly that order, with what they asked for."""
        for key, calls in self._keys().items():
            acked = {c.facts["id"] for c in calls if c.result == "ok"}
            rows = self.by_key.get(key, [])
            if acked and [str(r["id"]) for r in rows] != list(acked):
                yield f"{key}: acknowledged {sorted(acked)}, stored {[r['id'] for r in rows]}"
            for row in rows:
                wanted = calls[0].facts
                if (row["total_fen"], str(row["person_id"])) != (wanted["total"], wanted["person"]):
                    yield f"{key}: stored {row['total_fen']} fen for {row['person_id']}, wanted {wanted}"

    def refused_orders_do_not(self) -> Iterator[str]:
        """A key that only ever got clear refusals left nothing; an unknown end left one order or none."""
        for key, calls in self._keys().items():
            rows = self.by_key.get(key, [])
            if all(c.result == "fail" for c in calls) and rows:
                yield f"{key}: refused, yet stored as {rows[0]['id']}"
            if len(rows) > 1:
                yield f"{key}: stored {len(rows)} times"

    def nobody_ordered_by_himself(self) -> Iterator[str]:
        keys = set(self._keys())
        for key, rows in self.by_key.items():
            if key not in keys and not key.startswith("soak-rush-"):
                yield f"{key}: order {rows[0]['id']} that nobody asked for"

    def deeds_are_done(self) -> Iterator[str]:
        """Shipping, cancelling, refunding, claiming and agreeing, once acknowledged, are there, and once."""
        parcels = self._count(
            "SELECT order_id AS k, count(*) AS n FROM fulfilment_shipment GROUP BY order_id"
        )
        leader = self._count(
            "SELECT order_id AS k, count(*) AS n FROM payments_refund WHERE cause = 'leader' GROUP BY order_id"
        )
        cancelled = self._count(
            "SELECT order_id AS k, count(*) AS n FROM payments_refund WHERE cause = 'cancel' GROUP BY order_id"
        )
        cases = self._count("SELECT order_id AS k, count(*) AS n FROM aftersales_aftersale GROUP BY order_id")
        for verb, counts in (("ship", parcels), ("refund", leader), ("claim", cases)):
            for call in self.calls[verb]:
                if call.result == "ok" and counts.get(call.facts["order"], 0) != 1:
                    yield f"{verb} of {call.facts['order']} acknowledged, there {counts.get(call.facts['order'], 0)} times"
        for call in self.calls["cancel"]:
            order = self.orders.get(call.facts["order"])
            done = order is not None and order["payment"] == "closed"
            if call.result == "ok" and not done and cancelled.get(call.facts["order"], 0) != 1:
                yield f"cancel of {call.facts['order']} acknowledged, the order is {order and order['payment']}"
        agreed = {c.facts["case"] for c in self.calls["agree"] if c.result == "ok"}
        states = {
            str(r["id"]): r["state"] for r in self.facts.rows("SELECT id, state FROM aftersales_aftersale")
        }
        for case in agreed:
            if states.get(case) != "refunded":
                yield f"case {case} agreed, now {states.get(case)}"

    def _count(self, sql: str) -> dict[str, int]:
        return {str(row["k"]): int(row["n"]) for row in self.facts.rows(sql)}

    def stock_adds_up(self) -> Iterator[str]:
        """Per pool: what live orders took is what the pool says, and never more than there was."""
        rows = self.facts.rows(
            "SELECT l.pool_id AS pool, sum(CASE WHEN o.payment IN ('unpaid', 'awaiting_confirmation') THEN l.quantity ELSE 0 END) AS held,"
            " sum(CASE WHEN o.payment IN ('paid', 'partly_refunded', 'refunded') THEN l.quantity ELSE 0 END) AS sold"
            " FROM orders_orderline l JOIN orders_order o ON o.id = l.order_id GROUP BY l.pool_id"
        )
        back = self._count(
            "SELECT pool_id AS k, sum(quantity) AS n FROM catalog_stockmovement WHERE kind = 'restock' GROUP BY pool_id"
        )
        pools = {str(p["id"]): p for p in self.facts.rows("SELECT * FROM catalog_stockpool")}
        for row in rows:
            pool = pools[str(row["pool"])]
            sold = int(row["sold"]) - back.get(str(row["pool"]), 0)
            if (int(row["held"]), sold) != (pool["held"], pool["sold"]):
                yield f"pool {row['pool']}: orders hold {row['held']} and bought {sold}, the pool says {pool['held']} and {pool['sold']}"
            if pool["available"] < 0 or pool["available"] + pool["held"] + pool["sold"] != pool["total"]:
                yield f"pool {row['pool']} does not add up: {pool}"

    def stock_changes_add_up(self) -> Iterator[str]:
        """Each pool's total is its first stock, all acknowledged changes, and some of the unknown ones."""
        first = self._count(
            "SELECT pool_id AS k, min(quantity) AS n FROM catalog_stockmovement m WHERE kind = 'adjust' AND id ="
            " (SELECT min(id) FROM catalog_stockmovement f WHERE f.pool_id = m.pool_id) GROUP BY pool_id"
        )
        totals = self._count("SELECT id AS k, total AS n FROM catalog_stockpool")
        for pool, start in first.items():
            mine = [c for c in self.calls["stock"] if c.facts["pool"] == pool]
            sure = sum(c.facts["delta"] for c in mine if c.result == "ok")
            possible = {start + sure}
            for call in mine:
                if call.result == "unknown":
                    possible |= {value + call.facts["delta"] for value in possible}
            if totals[pool] not in possible:
                yield f"pool {pool}: total {totals[pool]}, possible {sorted(possible)[:20]}"

    def books_agree(self) -> Iterator[str]:
        """Number by number and in all: the simulator's book and ours."""
        ours = {
            r["out_trade_no"]: r
            for r in self.facts.rows(
                "SELECT a.out_trade_no, a.paid_fen, a.transaction_id, a.state, (SELECT coalesce(sum(f.amount_fen), 0) FROM payments_refund f"
                " WHERE f.attempt_id = a.id AND f.state = 'succeeded') AS refunded FROM payments_paymentattempt a"
            )
        }
        for number in sorted(set(ours) | set(self.book)):
            mine, theirs = ours.get(number), self.book.get(number)
            if mine is None and _tries_the_account(number, theirs):
                continue
            if mine is None:
                yield f"{number}: known there only: {theirs}"
            elif theirs is None:
                if mine["paid_fen"]:
                    yield f"{number}: paid here, unknown there"
            elif (mine["paid_fen"], int(mine["refunded"])) != (theirs["paid"], theirs["refunded"]):
                yield f"{number}: here {mine}, there {theirs}"
            elif theirs["paid"] and mine["transaction_id"] != theirs["transaction_id"]:
                yield f"{number}: transaction {mine['transaction_id']} here, {theirs['transaction_id']} there"
            elif theirs["refunding"]:
                yield f"{number}: {theirs['refunding']} fen still on the way"
        taken = sum(int(o["paid_fen"]) - int(o["refunded_fen"]) for o in self.orders.values())
        kept = sum(b["paid"] - b["refunded"] for b in self.book.values())
        if taken != kept:
            yield f"in all {taken} fen are kept by our orders, {kept} by the provider's book"

    def late_money_went_back(self) -> Iterator[str]:
        for row in self.facts.rows(
            "SELECT a.id FROM payments_paymentattempt a WHERE a.extra AND NOT EXISTS (SELECT 1 FROM payments_refund f"
            " WHERE f.attempt_id = a.id AND f.state = 'succeeded' AND f.amount_fen = a.paid_fen)"
        ):
            yield f"attempt {row['id']} came late or twice and was not given back"

    def attacks_failed(self) -> Iterator[str]:
        """No trick was answered well, and none left an order."""
        for call in self.calls["attack"]:
            if call.result == "ok":
                yield f"an attack by {call.who} was answered {call.status}: {call.facts}"
        for key in self.by_key:
            if "-attack-" in key:
                yield f"an attack left the order {self.by_key[key][0]['id']}"

    def operator_is_served(self) -> Iterator[str]:
        """Pages and figures come or ask to try again; a code that was made is there once, a refused one is not."""
        for call in self.calls["console"]:
            if call.status not in (0, 200, *FINE):
                yield f"{call.facts['page']} was answered {call.status} at {call.ended:.1f} s"
        if not self.calls["invite"]:
            return
        made = self._count("SELECT note AS k, count(*) AS n FROM leaders_invitecode GROUP BY note")
        fits = {"ok": (1,), "fail": (0,), "unknown": (0, 1)}
        for call in self.calls["invite"]:
            if made.get(call.key, 0) not in fits[call.result]:
                yield f"{call.key}: the answer was {call.status}, there {made.get(call.key, 0)} times"

    def answers_are_typed(self) -> Iterator[str]:
        """No 5xx but 503, and that with a Retry-After."""
        seen: set[tuple[str, int, str]] = set()
        for call in self.history.calls:
            bad = call.status >= 500 and call.status not in FINE
            rude = call.status == 503 and not call.facts.get("retry_after")
            mark = (call.verb, call.status, call.code)
            if (bad or rude) and mark not in seen:
                seen.add(mark)
                how = sum(1 for c in self.history.calls if (c.verb, c.status, c.code) == mark)
                yield f"{call.verb} was answered {call.status} {call.code} {how} times, first at {call.ended:.1f} s"

    def permits_add_up(self) -> Iterator[str]:
        """Each subscription message sent has cost its leader one permit, whatever died under way, and nothing else has."""
        left = self._count("SELECT person_id AS k, permits AS n FROM notices_consent")
        sent = self._count(
            "SELECT recipient AS k, count(*) AS n FROM notices_delivery WHERE channel = 'subscribe' AND state = 'sent'"
            " GROUP BY recipient"
        )
        for shop in self.world["shops"]:
            given, cost = shop["permits"], sent.get(shop["store_id"], 0)
            if left.get(shop["leader"], 0) + cost != given:
                yield f"leader {shop['leader']} gave {given} permits, {cost} messages were sent, {left.get(shop['leader'], 0)} are left"

    def nothing_is_left_undone(self) -> Iterator[str]:
        """After the quiet: no dead event, no open attempt, no refund on the way, no message that failed without a reason."""
        looks = (
            ("events dead", "SELECT count(*) FROM kernel_outboxevent WHERE state = 'dead'"),
            ("events waiting", "SELECT count(*) FROM kernel_outboxevent WHERE state = 'pending'"),
            ("attempts open", "SELECT count(*) FROM payments_paymentattempt WHERE state IN ('created', 'prepaid')"),
            ("refunds not done", "SELECT count(*) FROM payments_refund WHERE state <> 'succeeded'"),
            ("unpaid orders past their time", "SELECT count(*) FROM orders_order WHERE payment = 'unpaid'"),
            ("messages unsent", "SELECT count(*) FROM notices_delivery WHERE state NOT IN ('sent', 'gathered')"),
            ("notices waiting", "SELECT count(*) FROM payments_providernotice WHERE outcome = 'waiting'"),
            ("cases left between", "SELECT count(*) FROM aftersales_aftersale WHERE state = 'refunding'"),
        )  # fmt: skip
        for what, sql in looks:
            found = int(self.facts.one(sql))
            if found:
                yield f"{found} {what}"
        unsent = "SELECT channel, state, tries, error FROM notices_delivery WHERE state NOT IN ('sent', 'gathered') LIMIT 5"
        for row in self.facts.rows(unsent):
            yield f"unsent: {row['channel']} {row['state']} after {row['tries']} tries: {row['error']}"
