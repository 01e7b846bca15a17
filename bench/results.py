"""The figures that count, the targets, and how far each is met."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.peers.report import best

Found = dict[str, Any]
PLACE_POSTGRES = ("place_postgres_1", "place_postgres_2")


def headline(found: Found, peers: Path) -> Found:
    """The figures under their fixed names; what was not measured is left out."""
    results: Found = {}
    _limit(found, results)
    _place(found, results)
    _ratios(results, peers)
    _read(found, results)
    _storm(found, results)
    start = found.get("start")
    if start:
        results["rss_mb"] = start["idle"]["rss"]
        results["rss_busy_mb"] = start["busy"]["rss"]
        results["cold_start_s"] = start["cold_start_s"]
    return results


def _best(found: Found, names: tuple[str, ...], kind: str) -> float:
    """The best rate of one kind over the client counts of these sections."""
    rates = [
        figures["per_second"]
        for name in names
        for run, figures in found.get(name, {}).items()
        if run.startswith(f"{kind}_")
    ]
    return float(max(rates, default=0))


def _limit(found: Found, results: Found) -> None:
    if "limit_postgres" in found:
        results["limit"] = {kind: _best(found, ("limit_postgres",), kind) for kind in ("hot", "spread")}
    if "limit_sqlite" in found:
        limit = results.setdefault("limit", {})
        limit["sqlite_1_per_tx"] = found["limit_sqlite"]["spread_1_per_tx"]["per_second"]
        limit["sqlite_128_per_tx"] = found["limit_sqlite"]["spread_128_per_tx"]["per_second"]
    if "http" in found:
        results.setdefault("limit", {})["http"] = found["http"]["per_second"]


def _place(found: Found, results: Found) -> None:
    measured = [name for name in (*PLACE_POSTGRES, "place_sqlite_1") if name in found]
    if not measured:
        return
    place: Found = {}
    if any(name in found for name in PLACE_POSTGRES):
        place |= {kind: _best(found, PLACE_POSTGRES, kind) for kind in ("hot", "spread")}
    at_64 = [found[name]["hot_64"]["p99_ms"] for name in PLACE_POSTGRES if "hot_64" in found.get(name, {})]
    if at_64:
        place["p99_ms_at_64"] = min(at_64)
    if "place_sqlite_1" in found:
        place["sqlite_hot"] = _best(found, ("place_sqlite_1",), "hot")
        place["sqlite_spread"] = _best(found, ("place_sqlite_1",), "spread")
        if "hot_64" in found["place_sqlite_1"]:
            place["sqlite_p99_ms_at_64"] = found["place_sqlite_1"]["hot_64"]["p99_ms"]
    results["place"] = place
    results["oversold"] = max(found[name]["sell_out"]["oversold"] for name in measured)
    results["sold_exactly"] = all(found[name]["sell_out"]["exact"] for name in measured)


def _ratios(results: Found, peers: Path) -> None:
    limit, place = results.get("limit", {}), results.get("place", {})
    ratio: Found = {}
    for kind in ("hot", "spread"):
        if limit.get(kind) and place.get(kind):
            ratio[f"{kind}_to_limit"] = round(place[kind] / limit[kind], 2)
    measured = peers_found(peers)
    fastest = best(measured) if measured else None
    if fastest and place.get("hot"):
        ratio["to_best_peer"] = round(place["hot"] / fastest, 1)
    if ratio:
        results["ratio"] = ratio


def peers_found(peers: Path) -> Found | None:
    """What the peers' own run wrote, None when they were not measured."""
    return json.loads(peers.read_text()) if peers.exists() else None


def _read(found: Found, results: Found) -> None:
    vendors = [name for name in ("read_postgres", "read_sqlite") if name in found]
    if not vendors:
        return
    first = found[vendors[0]]
    largest = max((name for name in first if name.isdigit()), key=int)
    results["read"] = {
        "page_rps": first[largest]["page"]["per_second"],
        "list_orders": int(largest),
        "list_p99_ms": first[largest]["list"]["p99_ms"],
        "list_growth": first["growth"].get("list"),
    }
    if largest == "1000000":
        results["read"]["list_1m_p99_ms"] = first[largest]["list"]["p99_ms"]


def _storm(found: Found, results: Found) -> None:
    """The worse of both databases."""
    beside = [one for name, one in found.items() if name.startswith("neighbours_")]
    junk = [one for name, one in found.items() if name.startswith("junk_")]
    storm: Found = {}
    if beside:
        storm["calm_p99_ms"] = max(one["calm"]["p99_ms"] for one in beside)
        storm["calm_refused"] = sum(sum(_refused(one["calm"]).values()) for one in beside)
    if junk:
        storm["junk_p99_ms"] = max(one["junk"]["p99_ms"] for one in junk)
        storm["orders_p99_ms"] = max(one["orders"]["p99_ms"] for one in junk)
        storm["orders_ratio"] = min(one["orders_ratio"] for one in junk)
        storm["rss_grown"] = max(one["rss_grown"] for one in junk)
    if storm:
        results["storm"] = storm


def _refused(figures: Found) -> dict[str, int]:
    return {status: n for status, n in figures["statuses"].items() if status != "201"}


@dataclass(frozen=True)
class Target:
    """One promise; `path` is dotted in the results. `most` true: the figure must not be above."""

    name: str
    path: str
    wanted: float
    most: bool = False


TARGETS = (
    Target("hot: times the best hot limit", "ratio.hot_to_limit", 5),
    Target("spread: times the best spread limit", "ratio.spread_to_limit", 1),
    Target("orders/s: times the best peer", "ratio.to_best_peer", 100),
    Target("SQLite: durable orders/s, hot", "place.sqlite_hot", 2000),
    Target("p99 ms at 64 buyers, PostgreSQL", "place.p99_ms_at_64", 100, most=True),
    Target("p99 ms at 64 buyers, SQLite", "place.sqlite_p99_ms_at_64", 100, most=True),
    Target("public page, answers/s", "read.page_rps", 2600),
    Target("leader's list, p50 at the largest past / smallest", "read.list_growth", 1.3, most=True),
    Target("leader's list of 1M orders, p99 ms", "read.list_1m_p99_ms", 50, most=True),
    Target("a calm sale beside another leader's storm, p99 ms", "storm.calm_p99_ms", 1000, most=True),
    Target("orders of the calm sale refused", "storm.calm_refused", 0, most=True),
    Target("junk notices at 1,000/s, p99 ms of their refusal", "storm.junk_p99_ms", 1000, most=True),
    Target("orders beside that junk, p99 ms", "storm.orders_p99_ms", 1000, most=True),
    Target("memory grown by that junk, MiB", "storm.rss_grown", 50, most=True),
    Target("memory, MiB RSS embedded", "rss_mb", 200, most=True),
    Target("cold start, s", "cold_start_s", 2, most=True),
    Target("units sold beyond the stock", "oversold", 0, most=True),
)


def at(results: Found, path: str) -> float | None:
    """The figure under a dotted path, None when it was not measured."""
    value: Any = results
    for part in path.split("."):
        value = value.get(part) if isinstance(value, dict) else None
    return None if value is None else float(value)


def verdict(target: Target, value: float | None) -> str:
    """`met`, `missed by 12 %`, or `not measured`."""
    if value is None:
        return "not measured"
    if (value <= target.wanted) if target.most else (value >= target.wanted):
        return "met"
    if not target.wanted:
        return f"missed: {value:g}"
    return f"**missed** by {abs(value - target.wanted) / target.wanted:.0%}"
