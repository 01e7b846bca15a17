"""Where options take part in placing: what they must read under the locks, refuse, write, and see afterwards.

A hook is asked only about drafts it `concerns`, so a sale without options costs no statement more. Hooks are registered
when their app starts; all of them run inside the booking transaction and must not wait for anything outside.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from yantuan.orders.dialect import Dialect, Statement
    from yantuan.orders.drafts import Booking, Draft, GroupTerms, Snapshot


class PlacingHook(Protocol):
    """One option's part in placing."""

    name: str
    """Where its facts lie in `Snapshot.extra`."""

    def concerns(self, draft: Draft, group: GroupTerms) -> bool:
        """Whether this draft needs the hook; from the draft and the terms alone, no I/O."""

    def read(self, dialect: Dialect, drafts: Sequence[Draft], snapshot: Snapshot, *, lock: bool) -> None:
        """Put what it needs into `snapshot.extra[name]`: rows are locked in id order where `lock` asks for it."""

    def check(self, draft: Draft, group: GroupTerms, snapshot: Snapshot) -> None:
        """Raise a refusal. Pure."""

    def take(self, booking: Booking, snapshot: Snapshot) -> None:
        """Let later drafts of the batch see what a granted order took. Pure."""

    def write(self, dialect: Dialect, bookings: Sequence[Booking]) -> Sequence[Statement]:
        """Statements to run with the batch; `bookings` are those it concerns."""


_hooks: list[PlacingHook] = []


def register(hook: PlacingHook) -> None:
    """Add a hook; a second one of the same name takes the place of the first."""
    _hooks[:] = [one for one in _hooks if one.name != hook.name] + [hook]


def concerned(draft: Draft, group: GroupTerms) -> list[PlacingHook]:
    """The hooks this draft needs; almost always none."""
    return [hook for hook in _hooks if hook.concerns(draft, group)] if _hooks else []


def registered() -> Sequence[PlacingHook]:
    """All of them, in the order they came."""
    return _hooks
