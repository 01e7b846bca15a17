"""Named crash points: places where a process may be made to die, so that tests can show that dying there is harmless.

Off in production: a point is one look at a module-level name. Armed by `YANTUAN_FAULT=name[:nth[:mode]]`, which is refused
unless `YANTUAN_TEST_FAULTS=1` stands beside it. `nth` counts from one; the modes are `kill` (as `kill -9`, the default),
`raise` (an unexpected error) and `hang` (the thread stops for ever).
"""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Mapping
from typing import Literal, get_args

Mode = Literal["kill", "raise", "hang"]
KILLED = 137
"""Exit status of a process that died at a point, as after `kill -9`."""

POINTS: dict[str, str] = {
    "orders.book.before_commit": "a batch of orders is written, its transaction still open",
    "orders.book.after_commit": "the batch is committed, nobody has been answered",
    "payments.prepay.before_call": "the attempt is committed, the provider has not heard of it",
    "payments.prepay.after_call": "the provider knows the payment, its answer is not stored",
    "payments.prepay.stored": "the answer is stored, the buyer has not got it",
    "payments.query.before_call": "a live attempt is about to be asked about",
    "payments.query.after_call": "the provider said what became of it, nothing is booked",
    "payments.close.before_call": "the provider is about to be told to close a payment",
    "payments.close.after_call": "the payment is closed there, the attempt still open here",
    "payments.close.attempt_closed": "the attempt is closed, its order still holds stock",
    "payments.expire.before_commit": "an order is being closed, its transaction still open",
    "payments.notice.verified": "a notice is verified, not stored",
    "payments.notice.stored": "a notice is stored, not handled",
    "payments.notice.applied": "a notice is applied, its row still says waiting",
    "payments.apply.before_commit": "money is booked, its transaction still open",
    "payments.refund.before_commit": "the intent to refund is written, its transaction still open",
    "payments.refund.before_call": "a refund is leased, the provider has not heard of it",
    "payments.refund.after_call": "the provider has the refund, nothing of its answer is booked",
    "payments.refund.booked": "the provider's answer is booked, its event still open",
    "payments.refund_query.before_call": "a refund under way is about to be asked about",
    "payments.refund_query.after_call": "the provider said how the refund stands, nothing is booked",
    "payments.bill.before_call": "a day's bill is about to be fetched",
    "payments.bill.after_call": "the bill is there, nothing is compared",
    "payments.bill.before_mark": "the bill is compared, the day not marked as checked",
    "splits.share.before_call": "a share is decided and committed, the provider has not heard of it",
    "splits.share.after_call": "the provider has the share, nothing of its answer is booked",
    "splits.free.before_call": "frozen money is to be set free, the provider has not heard of it",
    "splits.free.after_call": "the money is free there, still frozen here",
    "splits.return.before_call": "a return is written, the provider has not heard of it",
    "splits.return.after_call": "the share is back there, the return still open here",
    "splits.party.before_call": "a receiver is agreed to, the provider has not heard of it",
    "splits.party.after_call": "the provider knows the receiver, the row still waits",
    "fulfilment.import.before_commit": "a portion of a sheet is booked, its transaction still open",
    "fulfilment.import.after_commit": "the portion is committed, the rest of the sheet still waits",
    "outbox.claimed": "events are leased, no task knows of them",
    "outbox.enqueued": "the tasks are written, no thread has been woken",
    "outbox.before_handler": "a task has taken an event, nothing is done",
    "outbox.after_handler": "the effect is done, the event still open",
    "worker.timed.taken": "a period of timed work is taken, nothing is done",
    "notices.robot.before_call": "messages are claimed, the group robot is about to be told",
    "notices.robot.after_call": "the robot has the message, the rows still wait",
    "notices.mail.before_call": "messages are claimed, the mail server is about to be told",
    "notices.mail.after_call": "the mail is sent, the rows still wait",
    "notices.subscribe.before_call": "a permit is bound to the message, WeChat has not got it",
    "notices.subscribe.after_call": "WeChat has the message, the rows still wait",
    "identity.sms.before_call": "a code is about to be sent",
    "identity.sms.after_call": "the code is sent, its event still open",
    "media.files_written": "a picture's files are on disk, its row is not written",
    "media.files_removed": "a picture's files are gone, its row still says it is there",
    "backup.dumped": "the database is copied, the archive not begun",
    "backup.before_rename": "the archive is whole, not in its place",
}
"""Every point, with what is true at it. Each name is placed exactly once in the product."""


class FaultRaised(RuntimeError):
    """The error of a point armed with `raise`."""


class _Armed:
    """One point that goes off at its `nth` passing."""

    def __init__(self, name: str, nth: int, mode: Mode) -> None:
        self.name, self.mode = name, mode
        self._left = nth
        self._lock = threading.Lock()

    def passing(self, name: str) -> None:
        if name != self.name:
            return
        with self._lock:
            self._left -= 1
            now = self._left == 0
        if now:
            self._go_off()

    def _go_off(self) -> None:
        sys.stderr.write(f"fault {self.name}: {self.mode}\n")
        sys.stderr.flush()
        if self.mode == "kill":
            os._exit(KILLED)
        if self.mode == "hang":
            threading.Event().wait()
        raise FaultRaised(self.name)


def _arm(environment: Mapping[str, str]) -> _Armed | None:
    """What the environment orders. Raises ValueError for an order without leave, an unknown name, number or mode."""
    order = environment.get("YANTUAN_FAULT", "")
    if not order:
        return None
    if environment.get("YANTUAN_TEST_FAULTS") != "1":
        raise ValueError("YANTUAN_FAULT is for tests only: it needs YANTUAN_TEST_FAULTS=1")
    name, _, rest = order.partition(":")
    nth, _, mode = rest.partition(":")
    if name not in POINTS or not (nth or "1").isdigit() or int(nth or "1") < 1:
        raise ValueError(f"no such crash point: {order}")
    modes: tuple[Mode, ...] = get_args(Mode)
    wanted = next((known for known in modes if known == (mode or "kill")), None)
    if wanted is None:
        raise ValueError(f"no such mode: {mode}")
    return _Armed(name, int(nth or "1"), wanted)


_armed = _arm(os.environ)


def point(name: str) -> None:
    """A place where a test may let this process die. Does nothing unless this very point is armed."""
    if _armed is not None:
        _armed.passing(name)
