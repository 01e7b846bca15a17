"""Buyers at work: so many for so long over many goods, or all of them on one good until it is sold out."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import count

from bench.peers import machine
from bench.peers.peer import SPREAD, Buyer, Failed, Outcome

MakeBuyer = Callable[[], Buyer]


@dataclass
class Tally:
    """What one run gave. Waits in milliseconds, of placed orders only, first call to last answer."""

    seconds: float = 0
    cpu_seconds: float = 0
    last: float = 0
    waits: list[float] = field(default_factory=list)
    refused: int = 0
    failed: Counter[str] = field(default_factory=Counter)

    @property
    def rate(self) -> float:
        return len(self.waits) / self.seconds if self.seconds else 0

    def quantile(self, share: float) -> float:
        ordered = sorted(self.waits)
        return round(ordered[min(len(ordered) - 1, int(len(ordered) * share))], 1) if ordered else 0

    def summary(self) -> dict[str, object]:
        found: dict[str, object] = {
            "orders_per_s": round(self.rate, 2),
            "p50_ms": self.quantile(0.5),
            "p99_ms": self.quantile(0.99),
            "placed": len(self.waits),
        }
        if self.waits:
            found["cpu_ms_per_order"] = round(self.cpu_seconds * 1000 / len(self.waits), 1)
        return found | ({"failed": dict(self.failed)} if self.failed else {})


async def _try(buyer: Buyer, good: str, tally: Tally) -> Outcome | None:
    began = time.perf_counter()
    try:
        outcome = await buyer.order(good)
    except Failed as why:
        tally.failed[str(why)] += 1
        return None
    except (OSError, asyncio.IncompleteReadError) as why:
        buyer.connection.close()
        tally.failed[type(why).__name__] += 1
        await asyncio.sleep(0.05)
        return None
    if outcome is Outcome.PLACED:
        tally.last = time.perf_counter()
        tally.waits.append((tally.last - began) * 1000)
    else:
        tally.refused += 1
    return outcome


async def _together(buyers: list[Buyer], work: Callable[[Buyer], object], tally: Tally) -> Tally:
    began, cpu = time.perf_counter(), machine.cpu_seconds()
    try:
        await asyncio.gather(*(work(buyer) for buyer in buyers))  # type: ignore[call-overload]
    finally:
        for buyer in buyers:
            buyer.connection.close()
    # What comes after the last order is refusals: they don't count against the shop.
    tally.seconds = (tally.last or time.perf_counter()) - began
    tally.cpu_seconds = machine.cpu_seconds() - cpu
    return tally


def spread(make: MakeBuyer, clients: int, seconds: float) -> Tally:
    """`clients` buyers for about `seconds`, each next order on the next of many goods. Orders begun in time are finished."""
    serial, tally = count(), Tally()
    until = time.perf_counter() + seconds

    async def work(buyer: Buyer) -> None:
        while time.perf_counter() < until:
            await _try(buyer, f"spread-{next(serial) % SPREAD}", tally)

    return asyncio.run(_together([make() for _ in range(clients)], work, tally))


def hot(make: MakeBuyer, clients: int, good: str, limit: float) -> Tally:
    """`clients` buyers on one good, each until told "sold out" or, as a guard, for `limit` seconds. Failures are tried again."""
    tally = Tally()
    until = time.perf_counter() + limit

    async def work(buyer: Buyer) -> None:
        while time.perf_counter() < until:
            if await _try(buyer, good, tally) is Outcome.REFUSED:
                return

    return asyncio.run(_together([make() for _ in range(clients)], work, tally))
