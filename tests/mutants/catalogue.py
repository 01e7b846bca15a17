"""Twenty ways to break one guard of the product, each with the tests that should notice.

Every mutant is a small change of the source that keeps it running. `old` must stand in its file exactly once: when the
source moves on, `test_every_mutant_still_fits` says so, and the mutant is written anew.
"""

from __future__ import annotations

from dataclasses import dataclass

SQLITE, POSTGRES = "sqlite", "postgres"


@dataclass(frozen=True)
class Edit:
    """`old` becomes `new` in one file below src/yantuan."""

    file: str
    old: str
    new: str


@dataclass(frozen=True)
class Mutant:
    """One broken guard. `first`: the tests most likely to notice; `wider`: where else to look if none of them does."""

    id: str
    broken: str
    edits: tuple[Edit, ...]
    first: tuple[str, ...]
    wider: tuple[str, ...]
    db: str = SQLITE


_ORDERS, _PAYMENTS = "tests/orders", "tests/payments"
_RACES = ("tests/races", "tests/payments/test_payment_races.py", "tests/orders/test_races.py")

MUTANTS = (
    Mutant(
        "row-lock",
        "Verbs that move an order don't lock its row.",
        (
            Edit(
                "orders/actions.py",
                "Order.objects.select_for_update().filter(id=order_id).first()",
                "Order.objects.filter(id=order_id).first()",
            ),
        ),
        ("tests/aftersales/test_case_races.py::test_a_claim_waits_for_the_parcel_that_is_leaving", _RACES[1]),
        _RACES,
        POSTGRES,
    ),
    Mutant(
        "unique-key",
        "The database lets one idempotency key name two orders.",
        (
            Edit(
                "orders/models.py",
                '            models.UniqueConstraint(fields=["person", "idempotency_key", "store"], name="order_once_per_key"),\n',
                "",
            ),
            Edit(
                "orders/migrations/0004_key_by_person.py",
                "        migrations.AddConstraint(\n            model_name='order',\n            constraint=models.UniqueConstraint("
                "fields=('person', 'idempotency_key', 'store'), name='order_once_per_key'),\n        ),\n",
                "",
            ),
        ),
        ("tests/races/test_stock_races.py::test_one_key_in_two_sales_is_one_order",),
        (*_RACES, _ORDERS),
        POSTGRES,
    ),
    Mutant(
        "skip-signature",
        "A signature that does not match is believed.",
        (
            Edit(
                "gateways/wechatpay/signing.py",
                'raise GatewayUnverified("wechatpay", "the signature does not match") from error',
                "return",
            ),
        ),
        ("tests/gateways/test_wechatpay_notice.py",),
        ("tests/gateways", _PAYMENTS),
    ),
    Mutant(
        "ignore-amount",
        "A payment of another amount than asked for is booked.",
        (
            Edit(
                "payments/rules.py",
                '        ("amount_differs", paid.total_fen == attempt.amount_fen),\n',
                "",
            ),
        ),
        (f"{_PAYMENTS}/test_payment_notices.py",),
        (_PAYMENTS,),
    ),
    Mutant(
        "cap-before-lock",
        "What is left to refund is read before the order is locked.",
        (
            Edit("payments/actions.py", "        lock_order(order.id)\n", ""),
            Edit(
                "payments/refunds.py",
                "    rules.check_parts(left_of_lines(lines), parts)\n    amount =",
                "    amount =",
            ),
            Edit(
                "payments/refunds.py",
                "    locked = orders.lock_order(order.id)\n    if locked.payment not in PAID_PAYMENTS:",
                "    rules.check_parts(left_of_lines(list(OrderLine.objects.filter(order_id=order.id))), parts)\n"
                "    locked = orders.lock_order(order.id)\n    if locked.payment not in PAID_PAYMENTS:",
            ),
        ),
        (
            f"{_PAYMENTS}/test_payment_races.py::test_three_parts_of_forty_percent_are_at_most_two",
            "tests/races/test_refund_races.py",
        ),
        _RACES,
        POSTGRES,
    ),
    Mutant(
        "release-twice",
        "Held units are given back as often as it is asked.",
        (
            Edit(
                "catalog/stock.py",
                "if Kind.HOLD in kinds and Kind.RELEASE not in kinds and Kind.SELL not in kinds:",
                "if Kind.HOLD in kinds and Kind.SELL not in kinds:",
            ),
        ),
        ("tests/catalog/test_stock.py",),
        (_ORDERS, _PAYMENTS),
    ),
    Mutant(
        "float-money",
        "Shares of money are computed with floats.",
        (
            Edit(
                "kernel/money.py",
                "shares = [total * w // whole for w in weights]",
                "shares = [int(total * (w / whole)) for w in weights]",
            ),
        ),
        ("tests/kernel/test_money.py",),
        (_ORDERS, _PAYMENTS),
    ),
    Mutant(
        "reply-before-commit",
        "A buyer is told 'placed' although nobody knows whether the commit happened.",
        (
            Edit(
                "orders/placing.py",
                "            raise _CommitLost from error\n",
                "            return decisions\n",
            ),
        ),
        (f"{_ORDERS}/test_intake.py",),
        (_ORDERS, "tests/races"),
    ),
    Mutant(
        "effect-outside",
        "The event of a payment is written after the commit, in a transaction of its own.",
        (
            Edit(
                "orders/actions.py",
                '    outbox.emit("order.paid", {"order_id": order.id}, store_id=order.store_id, key=f"paid:{order.id}")\n',
                "    transaction.on_commit(\n"
                '        lambda: transaction.atomic()(outbox.emit)("order.paid", {"order_id": order.id}, store_id=order.store_id)\n'
                "    )\n",
            ),
            Edit(
                "orders/actions.py",
                "from django.db import connection\n",
                "from django.db import connection, transaction\n",
            ),
        ),
        (f"{_PAYMENTS}/test_paying.py::test_the_order_paid_event_is_written_in_the_commit",),
        (_PAYMENTS, _ORDERS),
    ),
    Mutant(
        "owner-filter",
        "A buyer reaches everybody's orders.",
        (
            Edit(
                "orders/access.py",
                ".filter(id=order_id, person_id=person.id).first()",
                ".filter(id=order_id).first()",
            ),
        ),
        (f"{_ORDERS}/test_routes.py",),
        ("tests/matrix",),
    ),
    Mutant(
        "timer-without-query",
        "The timer closes an order without asking the provider.",
        (
            Edit(
                "payments/closing.py",
                '            if settle(attempt) == "closed":\n                close_if_over(order.id, "expired", SYSTEM)\n',
                '            attempts.mark_closed(attempt.id)\n            close_if_over(order.id, "expired", SYSTEM)\n',
            ),
        ),
        (f"{_PAYMENTS}/test_closing.py",),
        (_PAYMENTS,),
    ),
    Mutant(
        "limit-counted-late",
        "What an order takes of a person's limit counts only after its batch (there are no coupons yet).",
        (
            Edit(
                "orders/decide.py",
                "            snapshot.limit_used[held] = snapshot.limit_used.get(held, 0) + line.quantity\n",
                "            snapshot.limit_used[held] = snapshot.limit_used.get(held, 0)\n",
            ),
        ),
        (f"{_ORDERS}/test_decide.py", f"{_ORDERS}/test_placing.py"),
        (_ORDERS, "tests/races"),
    ),
    Mutant(
        "edge-unchecked",
        "Any event is legal in any state.",
        (
            Edit(
                "kernel/states.py",
                "return self.edges[state][event]",
                "return next(row[event] for row in self.edges.values() if event in row)",
            ),
        ),
        (f"{_ORDERS}/test_states.py", "tests/fulfilment/test_order_walk.py"),
        ("tests/aftersales/test_case_walk.py", _ORDERS),
    ),
    Mutant(
        "new-refund-number",
        "A refund that is sent again carries another number.",
        (
            Edit(
                "payments/refund_work.py",
                "client.refund(refund.request_body.encode())",
                "client.refund(refund.request_body.replace(refund.out_refund_no, refund.out_refund_no[:-1] + "
                "(str(refund.tries % 10) if refund.tries > 1 else refund.out_refund_no[-1])).encode())",
            ),
        ),
        (f"{_PAYMENTS}/test_refunds.py",),
        (_PAYMENTS,),
    ),
    Mutant(
        "message-before-commit",
        "What should happen after the commit happens inside it.",
        (
            Edit(
                "kernel/outbox.py",
                "    OutboxEvent.objects.bulk_create(rows, ignore_conflicts=key is not None)\n",
                "    OutboxEvent.objects.bulk_create(rows, ignore_conflicts=key is not None)\n"
                "    for row in rows:\n        run(row.id)\n",
            ),
        ),
        ("tests/kernel/test_outbox.py", f"{_PAYMENTS}/test_refunds.py"),
        ("tests/notices", _PAYMENTS),
    ),
    Mutant(
        "outbox-not-deduped",
        "The same effect is written as often as it is asked for.",
        (
            Edit(
                "kernel/outbox.py",
                '            key=f"{key}:{handler_name(h)}"[-120:] if key else None,\n',
                "            key=None,\n",
            ),
        ),
        ("tests/kernel",),
        ("tests/notices", _ORDERS, _PAYMENTS),
    ),
    Mutant(
        "limit-per-order",
        "A limit per person is held against each order alone.",
        (
            Edit(
                "orders/decide.py",
                "left = offer.limit_per_person - self._s.limit_used.get((offer.id, draft.person_id), 0)",
                "left = offer.limit_per_person",
            ),
        ),
        (f"{_ORDERS}/test_decide.py", f"{_ORDERS}/test_placing.py"),
        (_ORDERS, "tests/races"),
    ),
    Mutant(
        "machine-clock",
        "A statement's day is the machine's, not Beijing's.",
        (Edit("reports/statements.py", "return moment.astimezone(CHINA).date()", "return moment.date()"),),
        ("tests/reports/test_statements.py",),
        ("tests/reports",),
    ),
    Mutant(
        "version-unchecked",
        "A transition overwrites whatever happened since it looked.",
        (
            Edit(
                "orders/actions.py",
                "Order.objects.filter(id=order_id, version=order.version, **{axis: before}).update(**fields)",
                "Order.objects.filter(id=order_id).update(**fields)",
            ),
        ),
        ("tests/races/test_state_races.py::test_without_the_lock_the_version_still_refuses",),
        _RACES,
        POSTGRES,
    ),
    Mutant(
        "log-phone",
        "The log names the phone a code goes to.",
        (
            Edit(
                "identity/codes.py",
                "    moment = now()\n    with transaction.atomic():\n        row = SmsCode.objects.create(",
                '    logging.getLogger("yantuan").info("a code goes to %s", phone)\n'
                "    moment = now()\n    with transaction.atomic():\n        row = SmsCode.objects.create(",
            ),
            Edit("identity/codes.py", "import hmac\n", "import hmac\nimport logging\n"),
        ),
        ("tests/identity/test_identity_phone.py",),
        ("tests/identity",),
    ),
)
