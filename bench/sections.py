"""The sections of the bench; each gives medians of its rounds, ready for the report."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from typing import Any

from bench import limit_http, limit_postgres, limit_sqlite
from bench.figures import of_rounds
from bench.place import CLIENTS, place_round, sell_out
from bench.recording import Recording, record
from bench.service import service
from bench.stage import Stage, postgres_stage, sqlite_stage

Found = dict[str, Any]


@dataclass
class Options:
    """How long and how often. `seconds` is one measured run."""

    seconds: float = 3
    rounds: int = 3
    clients: tuple[int, ...] = CLIENTS
    databases: tuple[str, ...] = ("postgres", "sqlite")


@dataclass
class Stages:
    """Filled databases, made when first needed and kept until the bench ends."""

    _stack: ExitStack
    _made: dict[str, Stage] = field(default_factory=dict)
    _recorded: dict[str, Recording] = field(default_factory=dict)

    def get(self, vendor: str) -> Stage:
        if vendor not in self._made:
            say(f"filling {vendor}")
            stage = self._stack.enter_context(postgres_stage() if vendor == "postgres" else sqlite_stage())
            stage.fill()
            self._made[vendor] = stage
        return self._made[vendor]

    def recorded(self, vendor: str) -> Recording:
        if vendor not in self._recorded:
            with self.get(vendor).copy() as copy:
                self._recorded[vendor] = record(copy)
        return self._recorded[vendor]


@contextmanager
def stages() -> Iterator[Stages]:
    """Everything is removed at the end."""
    with ExitStack() as stack:
        yield Stages(stack)


def say(text: str) -> None:
    """Progress, beside the result."""
    sys.stderr.write(f"{time.strftime('%H:%M:%S')} {text}\n")
    sys.stderr.flush()


def limit_and_place(stages: Stages, options: Options, *, limit: bool, place: bool) -> Found:
    """Both in turns, so that their ratio is of the same minutes."""
    rounds: dict[str, list[Found]] = {}

    def note(name: str, found: Found) -> None:
        rounds.setdefault(name, []).append(found)

    for number in range(options.rounds):
        say(f"round {number + 1} of {options.rounds}")
        if limit:
            note("http", limit_http.http_limit(options.seconds))
        for vendor in options.databases:
            if limit:
                note(f"limit_{vendor}", _limit_once(stages, vendor, options.seconds))
            if place:
                for workers in (1, 2) if vendor == "postgres" else (1,):
                    note(f"place_{vendor}_{workers}", _place_once(stages, vendor, workers, options))
    return {name: of_rounds(found) for name, found in rounds.items()}


def _limit_once(stages: Stages, vendor: str, seconds: float) -> Found:
    recording = stages.recorded(vendor)
    module = limit_postgres if vendor == "postgres" else limit_sqlite
    with stages.get(vendor).copy() as copy:
        return module.limit_round(copy, recording, seconds)


def _place_once(stages: Stages, vendor: str, workers: int, options: Options) -> Found:
    say(f"placing on {vendor} with {workers} web processes")
    with stages.get(vendor).copy() as copy, service(copy, workers=workers) as running:
        found = place_round(running, options.seconds, options.clients)
        found["rss"] = running.rss_mib()
        found["sell_out"] = sell_out(running)
    return found
