"""The section of the bench report about peers."""

from __future__ import annotations

from typing import Any


def best(found: dict[str, Any]) -> float | None:
    """The best peer's orders per second over all its runs; None when no peer was measured.

    On a busy machine the measured rates would flatter us, so there it is the best ceiling.
    """
    measured = [peer for peer in found["peers"].values() if "orders_per_s" in peer]
    rate = ceiling if _busy(found["machine"]) else _measured
    return max((rate(found["machine"], peer) for peer in measured), default=None)


def ceiling(machine: dict[str, Any], peer: dict[str, Any]) -> float:
    """Orders per second if shop and database had every core to themselves, from the thriftiest run."""
    runs = [*peer["spread"]["by_clients"].values(), peer["hot"]]
    costs = [run["cpu_ms_per_order"] for run in runs if run.get("cpu_ms_per_order")]
    return round(machine["cpus"] * 1000 / min(costs), 1) if costs else 0.0


def _measured(machine: dict[str, Any], peer: dict[str, Any]) -> float:
    return float(peer["orders_per_s"])


def _busy(machine: dict[str, Any]) -> bool:
    return bool(machine["load_before"] > machine["cpus"] / 2)


def oversold(found: dict[str, Any]) -> dict[str, int]:
    """The worst oversell of each measured peer, in units of a stock of 200."""
    return {name: max(peer["hot"]["oversold"]) for name, peer in found["peers"].items() if "hot" in peer}


def section(found: dict[str, Any]) -> str:
    """Markdown for people."""
    machine, peers = found["machine"], found["peers"]
    measured = [peer for peer in peers.values() if "hot" in peer]
    lines = [
        "## Peers",
        "",
        f"`python -m bench.peers run` on {machine['date']}: {machine['cpus']} CPU cores shared by loader, shop and PostgreSQL",
        f"{machine['postgresql']} (fsync and synchronous_commit on), production settings, medians of {found['rounds']} rounds of",
        f"{found['seconds']:g} s. An order is the peer's own whole flow up to a placed order, over its own HTTP API, without an",
        "external payment. The best number of buyers counts.",
        "",
    ]
    if _busy(machine):
        lines += [
            f"**The machine was busy with other work (load {machine['load_before']}): the rates are too low.** Against",
            "peers their ceiling is therefore counted: what idle cores would do at the CPU time of one order.",
            "",
        ]
    if measured:
        lines += _table(machine, measured)
    lines += [
        f"- {peer['title']}: skipped, {peer['skipped']}" for peer in peers.values() if "skipped" in peer
    ]
    return "\n".join([*lines, ""])


def _table(machine: dict[str, Any], measured: list[dict[str, Any]]) -> list[str]:
    clients = list(measured[0]["spread"]["by_clients"])
    head = " | ".join(f"{n} buyers: orders/s (p50 / p99 ms)" for n in clients)
    stock = measured[0]["hot"]["stock"]
    lines = [
        f"| peer | {head} | hot, {measured[0]['hot']['clients']} buyers: orders/s (p50 / p99 ms) | sold of {stock} |",
        "|---|" + "---|" * (len(clients) + 2),
    ]
    for peer in measured:
        cells = [_cell(peer["spread"]["by_clients"][n]) for n in clients]
        sold = ", ".join(
            _sold(*found) for found in zip(peer["hot"]["sold"], peer["hot"]["stopped"], strict=True)
        )
        lines.append(
            f"| {peer['title']} {peer['version']} | {' | '.join(cells)} | {_cell(peer['hot'])} | {sold} |"
        )
    lines.append("")
    for peer in measured:
        calls = peer["calls_per_order"]
        lines.append(
            f"- {peer['title']}: {calls} HTTP call{'s'[: calls > 1]} per order: {peer['flow']}. {peer['notes']}."
        )
        cpu = peer["spread"]["by_clients"][clients[-1]].get("cpu_ms_per_order", 0)
        at_most = ceiling(machine, peer)
        lines.append(f"  - CPU of shop and database per order with {clients[-1]} buyers: {cpu:,.0f} ms")
        lines.append(
            f"  - ceiling on {machine['cpus']} idle cores by the thriftiest run: {at_most:,.1f} orders/s"
        )
        lines += [f"  - {line}" for line in _failures(peer)]
    return lines


def _sold(units: int, stopped: int) -> str:
    """Units sold, marked when buyers were stopped by the clock and not by "sold out"."""
    return f"{units}{' (ended by time)' if stopped else ''}"


def _cell(figures: dict[str, Any]) -> str:
    return f"{figures['orders_per_s']:.1f} ({figures['p50_ms']:,.0f} / {figures['p99_ms']:,.0f})"


def _failures(peer: dict[str, Any]) -> list[str]:
    runs = {f"spread, {n} buyers": found for n, found in peer["spread"]["by_clients"].items()} | {
        "hot": peer["hot"]
    }
    return [
        f"{name}: {', '.join(f'{n} × {why}' for why, n in found['failed'].items())}"
        for name, found in runs.items()
        if found.get("failed")
    ]
