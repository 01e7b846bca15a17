"""One peer, installed and served, measured from one to many buyers and on a hot good."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from statistics import median
from typing import Any

from bench.peers import load, machine
from bench.peers.peer import HOT_STOCK, PROCESSES, Buyer, Peer
from ports import free_port

CLIENTS = (1, 8, 32, 64)
HOT_CLIENTS = 64
HOT_LIMIT = 180.0
WARM_LIMIT = 120.0


def _middle(summaries: list[dict[str, Any]]) -> dict[str, Any]:
    """The round whose rate is the median, with the rates of all rounds beside it."""
    ordered = sorted(summaries, key=lambda found: found["orders_per_s"])
    return ordered[len(ordered) // 2] | {"rounds": [found["orders_per_s"] for found in summaries]}


def _hot(peer: Peer, url: str, port: int, seed: dict[str, str], number: int) -> dict[str, Any]:
    """One hot run. The rate counts from the first call to the last order; sold is what the peer's own database says."""

    def buyer() -> Buyer:
        return peer.buyer(port, seed)

    good = f"hot-{number}"
    tally = load.hot(buyer, HOT_CLIENTS, good, HOT_LIMIT)
    sold = machine.one(url, peer.sold_sql, (seed[good],))
    found = {"sold": sold, "oversold": max(0, sold - HOT_STOCK), "refused": tally.refused}
    # Buyers stop when told "sold out"; whoever never was told ran into the limit.
    found["stopped"] = HOT_CLIENTS - tally.refused
    return tally.summary() | found


def _told(peer: Peer, what: object, found: dict[str, Any]) -> dict[str, Any]:
    print(f"  {peer.name} {what}: {found}", file=sys.stderr, flush=True)
    return found


def _warm(buyer: Callable[[], Buyer], seconds: float) -> None:
    """Order until every server process has surely loaded its code. Raises RuntimeError when no order comes through."""
    placed, until = 0, time.monotonic() + WARM_LIMIT
    while placed < 5 * PROCESSES:
        tally = load.spread(buyer, 2 * PROCESSES, seconds)
        placed += len(tally.waits)
        if not placed and time.monotonic() > until:
            raise RuntimeError(f"no order comes through: {dict(tally.failed)}")


def measure(peer: Peer, server: str, *, rounds: int, seconds: float) -> dict[str, Any]:
    """Every figure of one peer. Raises RuntimeError when it does not start."""
    url, seed = peer.open(server)
    port = free_port()

    def buyer() -> Buyer:
        return peer.buyer(port, seed)

    with peer.serve(url, port):
        _warm(buyer, seconds)
        spreads: dict[int, list[dict[str, Any]]] = {clients: [] for clients in CLIENTS}
        hots = []
        for number in range(rounds):
            for clients in CLIENTS:
                spreads[clients].append(_told(peer, clients, load.spread(buyer, clients, seconds).summary()))
            hots.append(_told(peer, "hot", _hot(peer, url, port, seed, number)))
    return _figures(peer, spreads, hots)


def _figures(
    peer: Peer, spreads: dict[int, list[dict[str, Any]]], hots: list[dict[str, Any]]
) -> dict[str, Any]:
    by_clients = {str(clients): _middle(found) for clients, found in spreads.items()}
    best = max(by_clients.values(), key=lambda found: float(found["orders_per_s"]))
    hot = _middle(hots)
    return {
        "title": peer.title,
        "version": peer.version(),
        "orders_per_s": max(best["orders_per_s"], hot["orders_per_s"]),
        "spread": {"orders_per_s": best["orders_per_s"], "by_clients": by_clients},
        "hot": hot
        | {
            "clients": HOT_CLIENTS,
            "stock": HOT_STOCK,
            "sold": [found["sold"] for found in hots],
            "oversold": [found["oversold"] for found in hots],
            "stopped": [found["stopped"] for found in hots],
            "oversold_median": median(found["oversold"] for found in hots),
        },
        "calls_per_order": peer.calls_per_order,
        "flow": peer.flow,
        "notes": peer.notes,
    }
