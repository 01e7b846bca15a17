"""What is done before, at and after each crash point, and what must be true in the end."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from scene import Scene

Step = Callable[[Scene], object]


@dataclass(frozen=True)
class Case:
    """`before` runs in peace, `drive` with the point armed, `again` after the restart; `right` becomes and stays true."""

    point: str
    part: Literal["web", "worker"]
    before: Step
    drive: Step
    right: Callable[[Scene], bool]
    again: Step = lambda scene: None


def nothing(scene: Scene) -> None:
    """No step."""


# What must be true in the end


def one_order(scene: Scene) -> bool:
    """The buyer's retry with the same key was answered with the one order there is, and its stock is held once."""
    placed = scene.placed()
    return [str(row["id"]) for row in placed] == [scene.order_id] and _moved(scene) == [("hold", 2)]


def paid_once(scene: Scene) -> bool:
    """Both books say paid once; stock is sold once; buyer and leader have one message each."""
    row, book = scene.now(), scene.book()
    return (
        (row["payment"], row["paid_fen"]) == ("paid", row["total_fen"])
        and (book["paid"], book["refunded"], book["refunding"]) == (row["total_fen"], 0, 0)
        and _moved(scene) == [("hold", 2), ("sell", 2)]
        and scene.inbox_rows() == 2
    )


def told_once(scene: Scene) -> bool:
    """Paid, and the outside world heard of it exactly once by every channel."""
    return paid_once(scene) and [scene.messages(c) for c in ("wecom", "email", "subscribe")] == [1, 1, 1]


def told(channel: str) -> Callable[[Scene], bool]:
    """Paid and told; by this one channel perhaps twice, for it knows no way to ask whether a message arrived."""

    def right(scene: Scene) -> bool:
        counts = {c: scene.messages(c) for c in ("wecom", "email", "subscribe")}
        twice = counts.pop(channel)
        return paid_once(scene) and twice in (1, 2) and set(counts.values()) == {1}

    return right


def closed(scene: Scene) -> bool:
    """Closed here and there, nothing paid, stock given back once."""
    row, book = scene.now(), scene.book()
    return (
        row["payment"] == "closed"
        and (book["paid"], book["states"]) == (0, ["CLOSED"])
        and scene.attempt()["state"] == "closed"
        and _moved(scene) == [("hold", 2), ("release", 2)]
    )


def refunded_once(scene: Scene) -> bool:
    """One refund, done in both books; stock back once."""
    row, book, refunds = scene.now(), scene.book(), scene.refunds()
    return (
        (row["payment"], row["refunded_fen"]) == ("refunded", row["total_fen"])
        and [r["state"] for r in refunds] == ["succeeded"]
        and (book["refunded"], book["refunding"]) == (row["total_fen"], 0)
        and _moved(scene) == [("hold", 2), ("sell", 2), ("restock", 2)]
    )


def no_dangling_picture(scene: Scene) -> bool:
    """No row points at a missing file."""
    files = {p.name for p in (scene.system.data / "media").rglob("*.webp")}
    return all(f"{row['key']}.webp" in files for row in scene.facts.rows("SELECT key FROM media_media"))


def code_arrived(scene: Scene) -> bool:
    """The code came: at least once, for a mobile network cannot be asked."""
    found = scene.system.simulate(f"inbox?phone={_phone(scene)}", method="GET")["messages"]
    return len(found) in (1, 2)


def _moved(scene: Scene) -> list[tuple[str, int]]:
    rows = scene.facts.rows(
        "SELECT m.kind, m.quantity FROM catalog_stockmovement m JOIN orders_orderline l ON l.id = m.order_line_id"
        " WHERE l.order_id = ? ORDER BY m.id",
        [int(scene.order_id)],
    )
    return [(row["kind"], row["quantity"]) for row in rows]


def _phone(scene: Scene) -> str:
    return "1380" + scene.buyer["id"][-7:]


# Steps


def ask_code(scene: Scene) -> None:
    scene.send("POST", "/auth/sms", {"phone": _phone(scene)})


def order(scene: Scene) -> None:
    scene.order()


def announced(scene: Scene) -> None:
    scene.order().announce()


def announced_silently(scene: Scene) -> None:
    """The buyer has paid; the notice never comes, and only a question brings it to light."""
    scene.order().announce()
    scene.system.simulate("faults", {"kind": "notice_none", "out_trade_no": scene.attempt()["out_trade_no"]})
    scene.cashier()


def ask(scene: Scene) -> None:
    """The buyer comes back from paying."""
    scene.send("POST", f"/orders/{scene.order_id}/pay/refresh", {})


def pay_again(scene: Scene) -> None:
    scene.announce().cashier()


def cancel_paid(scene: Scene) -> None:
    scene.cancel()


def paid(scene: Scene) -> None:
    scene.paid()


def pay(scene: Scene) -> None:
    """From the order to the booked payment, with every message behind it."""
    scene.paid()


def paid_with_a_silent_refund(scene: Scene) -> None:
    """The refund will take three seconds there, and its notice never comes: only a question brings its end to light."""
    number = scene.paid().attempt()["out_trade_no"]
    scene.system.simulate("faults", {"kind": "refund_slow", "seconds": 3, "out_trade_no": number})
    scene.system.simulate("faults", {"kind": "notice_none", "operation": "refund", "out_trade_no": number})


def shipped_once(scene: Scene) -> bool:
    """The sheet is booked: one parcel under one number, the buyer told once."""
    sent = scene.facts.rows(
        "SELECT tracking_no, import_row_id FROM fulfilment_shipment WHERE order_id = ?", [int(scene.order_id)]
    )
    told = scene.facts.one(
        "SELECT count(*) FROM notices_inboxmessage WHERE order_id = ? AND kind = 'order_shipped'",
        [int(scene.order_id)],
    )
    lines = scene.facts.rows(
        "SELECT quantity, shipped_quantity FROM orders_orderline WHERE order_id = ?", [int(scene.order_id)]
    )
    return (
        scene.now()["delivery"] == "shipped"
        and [row["tracking_no"] for row in sent] == [scene.tracking]
        and all(row["quantity"] == row["shipped_quantity"] for row in lines)
        and told == 1
        and scene.import_state() == "booked"
    )


CASES = (
    *(
        Case(point, "web", nothing, Scene.try_order, one_order, again=order)
        for point in ("orders.book.before_commit", "orders.book.after_commit")
    ),
    *(
        Case(f"payments.prepay.{where}", "web", order, Scene.try_pay, paid_once, again=pay_again)
        for where in ("before_call", "after_call", "stored")
    ),
    *(
        Case(point, "web", announced, Scene.cashier, paid_once)
        for point in (
            "payments.notice.verified",
            "payments.notice.stored",
            "payments.notice.applied",
            "payments.apply.before_commit",
        )
    ),
    *(
        Case(f"payments.query.{where}", "web", announced_silently, ask, paid_once, again=ask)
        for where in ("before_call", "after_call")
    ),
    *(
        Case(point, "web", announced, Scene.cancel, closed, again=Scene.cancel)
        for point in (
            "payments.close.before_call",
            "payments.close.after_call",
            "payments.close.attempt_closed",
            "payments.expire.before_commit",
        )
    ),
    Case("payments.refund.before_commit", "web", paid, cancel_paid, refunded_once, again=cancel_paid),
    *(
        Case(f"payments.refund.{where}", "worker", paid, cancel_paid, refunded_once)
        for where in ("before_call", "after_call", "booked")
    ),
    *(
        Case(
            f"payments.refund_query.{where}", "worker", paid_with_a_silent_refund, cancel_paid, refunded_once
        )
        for where in ("before_call", "after_call")
    ),
    *(
        Case(f"outbox.{where}", "worker", nothing, pay, told_once)
        for where in ("claimed", "enqueued", "before_handler", "after_handler")
    ),
    Case("worker.timed.taken", "worker", nothing, pay, told_once),
    *(
        Case(f"notices.{name}.before_call", "worker", nothing, pay, told(channel))
        for name, channel in (("robot", "wecom"), ("mail", "email"), ("subscribe", "subscribe"))
    ),
    *(
        Case(f"notices.{name}.after_call", "worker", nothing, pay, told(channel))
        for name, channel in (("robot", "wecom"), ("mail", "email"), ("subscribe", "subscribe"))
    ),
    *(
        Case(f"fulfilment.import.{where}", "worker", paid, Scene.import_sheet, shipped_once)
        for where in ("before_commit", "after_commit")
    ),
    Case("media.files_written", "web", nothing, Scene.upload, no_dangling_picture, again=Scene.upload),
    *(
        Case(f"identity.sms.{where}", "web", nothing, ask_code, code_arrived)
        for where in ("before_call", "after_call")
    ),
)
COMMANDS = {
    "payments.bill.before_call", "payments.bill.after_call", "payments.bill.before_mark", "backup.dumped",
    "backup.before_rename",
}  # fmt: skip
"""Points of work that ends by itself; `test_crash` runs it in a process of its own."""
ELSEWHERE = ("splits.", "media.files_removed")
"""Points of profit sharing need a partner account: `payments/test_split_crash.py` tries them. Papers grow old for a month:
`commands/test_person_and_papers.py`."""
QUICK = (
    "orders.book.after_commit",
    "payments.prepay.after_call",
    "payments.notice.stored",
    "payments.refund.after_call",
    "outbox.after_handler",
)
