"""`/metrics` in Prometheus' text form: the figures of all processes added up, and the state of the database.

The library is imported with this module, by web processes only; the figures themselves are kept in plain dictionaries.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from django.db import DatabaseError, close_old_connections
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily
from prometheus_client.registry import Collector

from yantuan import __version__
from yantuan.health import status
from yantuan.kernel import metrics

Family = CounterMetricFamily | GaugeMetricFamily | HistogramMetricFamily

_COUNTERS: dict[str, tuple[str, tuple[str, ...]]] = {
    "requests": ("Answered requests by class of route and status (0: the client left)", ("route", "status")),
    "provider_calls": ("Calls to outside services by what came back", ("provider", "outcome")),
    "orders_decided": ("Answers to order drafts by outcome", ("outcome",)),
    "conflicts": ("Lost races that were tried again, by the database's code", ("code",)),
    "notices_refused": ("Payment notices refused for their signature", ()),
}
_SPREADS: dict[str, tuple[str, tuple[str, ...], tuple[float, ...]]] = {
    "request_seconds": ("Time to answer, by class of route", ("route",), metrics.BUCKETS),
    "batch_size": ("Order drafts booked in one transaction", (), metrics.SIZES),
}


def render(intake_waiting: int) -> bytes:
    """All figures as text. `intake_waiting`: drafts waiting in the process that answers."""
    close_old_connections()
    registry = CollectorRegistry()
    registry.register(_Figures(intake_waiting))
    return generate_latest(registry)


class _Figures(Collector):
    def __init__(self, intake_waiting: int) -> None:
        self._waiting = intake_waiting

    def collect(self) -> Iterator[Family]:
        yield _gauge("info", "Version of the program", {(__version__,): 1}, ("version",))
        yield _gauge("intake_waiting", "Order drafts waiting in the answering process", {(): self._waiting})
        yield from _added_up()
        try:
            yield from _of_the_database()
            up = 1
        except DatabaseError:
            up = 0
        yield _gauge("database_up", "Whether the database answered this look", {(): up})


def _gauge(
    name: str, words: str, values: Mapping[Any, float], labels: tuple[str, ...] = ()
) -> GaugeMetricFamily:
    family = GaugeMetricFamily(f"yantuan_{name}", words, labels=labels)
    for at, value in values.items():
        family.add_metric(at, value)
    return family


def _added_up() -> Iterator[Family]:
    counts, spreads = metrics.totals()
    for name, (words, labels) in _COUNTERS.items():
        counter = CounterMetricFamily(f"yantuan_{name}", words, labels=labels)
        for (own, at), value in sorted(counts.items()):
            if own == name:
                counter.add_metric(at, value)
        yield counter
    for name, (words, labels, bounds) in _SPREADS.items():
        histogram = HistogramMetricFamily(f"yantuan_{name}", words, labels=labels)
        for (own, at), values in sorted(spreads.items()):
            if own == name:
                histogram.add_metric(at, _buckets(values[1:], bounds), values[0])
        yield histogram


def _buckets(values: list[float], bounds: tuple[float, ...]) -> list[tuple[str, float]]:
    total, found = 0.0, []
    for bound, value in zip([*map(str, bounds), "+Inf"], values, strict=True):
        total += value
        found.append((bound, total))
    return found


def _of_the_database() -> Iterator[Family]:
    now = status.status()
    depth = {(w.queue.name,): float(w.depth) for w in now.waiting}
    ages = {(w.queue.name,): w.age or 0.0 for w in now.waiting}
    yield _gauge("queue_depth", "Work that is due", depth, ("queue",))
    yield _gauge("queue_oldest_seconds", "Age of the oldest work that is due; 0: none", ages, ("queue",))
    by_state = {(state,): float(n) for state, n in status.orders_by_payment().items()}
    yield _gauge("orders", "Orders by payment state, at most a minute old", by_state, ("payment",))
    singles = {
        "worker_heartbeat_age_seconds": ("Since a worker was last alive", now.worker_age),
        "check_age_seconds": ("Since the last self-check", now.check_age),
        "check_violations": ("What the last self-check found", float(now.check_violations)),
        "check_duration_seconds": ("How long the last self-check took", now.check_ms / 1000),
        "backup_age_seconds": ("Since the last verified backup was made", now.backup_age),
        "copy_lag_seconds": ("How far the continuous copy is behind", now.copy_lag),
        "disk_free_bytes": ("Free space on the data disk", float(now.disk_free)),
        "database_connections": ("Connections to the database, by anybody", now.connections),
        "restored": ("1: a restored copy, held back", float(now.held)),
    }
    for name, (words, value) in singles.items():
        if value is not None:
            yield _gauge(name, words, {(): float(value)})
