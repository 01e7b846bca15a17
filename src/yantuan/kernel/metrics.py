"""Counters and durations of this process, as plain dictionaries: adding one costs less than a microsecond and takes no lock.

Every process writes its figures into a file of its own every few seconds; whoever is scraped adds the files up (`totals`).
So the figures of N web processes and the worker are one, a scrape may reach any of them, and a process that died keeps
what it had counted. `yantuan up` clears the folder at its start, as a counter's restart is nothing new to Prometheus.
"""

from __future__ import annotations

import json
import os
import threading
from bisect import bisect_left
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from yantuan.kernel.config import data_folder

Labels = tuple[str, ...]

BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
"""Upper bounds in seconds; one more bucket holds what took longer."""
SIZES = (1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0, 256.0)
FLUSH_SECONDS = 2.0

_counts: dict[tuple[str, Labels], int] = {}
_spreads: dict[tuple[str, Labels], list[float]] = {}
"""Sum first, then one number per bucket."""
_flusher: threading.Thread | None = None
_stop = threading.Event()


def count(name: str, *labels: str, by: int = 1) -> None:
    """Add to a counter. A rare lost update between threads is accepted: nothing of money is read from here."""
    key = (name, labels)
    _counts[key] = _counts.get(key, 0) + by


def observe(name: str, value: float, *labels: str, bounds: tuple[float, ...] = BUCKETS) -> None:
    """Add one value to a spread."""
    key = (name, labels)
    spread = _spreads.get(key)
    if spread is None:
        spread = _spreads[key] = [0.0] * (len(bounds) + 2)
    spread[0] += value
    spread[1 + bisect_left(bounds, value)] += 1


def folder() -> Path:
    """Where the processes leave their figures."""
    return data_folder() / "metrics"


def flush() -> None:
    """Write this process's figures beside the others', whole or not at all. A full disk costs figures, never service."""
    figures = [[name, list(labels), value] for (name, labels), value in list(_counts.items())]
    spreads = [[name, list(labels), list(value)] for (name, labels), value in list(_spreads.items())]
    target = folder() / f"{os.getpid()}.json"
    draft = target.with_suffix(".part")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        draft.write_text(json.dumps({"counts": figures, "spreads": spreads}))
        draft.replace(target)
    except OSError:
        return


def start_flushing() -> None:
    """Flush every few seconds from a thread of its own; once per process (call it after the fork)."""
    global _flusher
    if _flusher is None or not _flusher.is_alive():
        _flusher = threading.Thread(target=_flush_for_ever, name="metrics", daemon=True)
        _flusher.start()


def _flush_for_ever() -> None:
    while not _stop.wait(FLUSH_SECONDS):
        flush()


def totals() -> tuple[dict[tuple[str, Labels], int], dict[tuple[str, Labels], list[float]]]:
    """(counters, spreads) of all processes of this data folder, added up."""
    flush()
    counts: dict[tuple[str, Labels], int] = {}
    spreads: dict[tuple[str, Labels], list[float]] = {}
    for written in _files():
        for name, labels, value in written["counts"]:
            key = (str(name), tuple(map(str, labels)))
            counts[key] = counts.get(key, 0) + int(value)
        for name, labels, values in written["spreads"]:
            key = (str(name), tuple(map(str, labels)))
            known = spreads.get(key, [0.0] * len(values))
            spreads[key] = [a + float(b) for a, b in zip(known, values, strict=True)]
    return counts, spreads


def _files() -> Iterator[dict[str, Any]]:
    for path in sorted(folder().glob("*.json")):
        try:
            yield json.loads(path.read_text())
        except (OSError, ValueError):
            continue
