"""The sections of the bench; each gives medians of its rounds, ready for the report."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from typing import Any

from bench import limit_http, limit_postgres, limit_sqlite, paying, reading, starting, storm
from bench.figures import of_rounds
from bench.place import CLIENTS, place_round, sell_out
from bench.recording import Recording, record
from bench.service import service
from bench.stage import Copy, Stage, postgres_stage, run_module, sqlite_stage

Found = dict[str, Any]


@dataclass
class Options:
    """How long and how often. `seconds` is one measured run."""

    seconds: float = 3
    rounds: int = 3
    clients: tuple[int, ...] = CLIENTS
    databases: tuple[str, ...] = ("postgres", "sqlite")
    pasts: tuple[int, ...] = (1_000, 100_000, 1_000_000)
    """Orders in the instance when lists are read."""


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


def profiles(stages: Stages, options: Options) -> dict[str, str]:
    """Where the time of booking goes, by database, as text."""
    found: dict[str, str] = {}
    for vendor in options.databases:
        say(f"profiling booking on {vendor}")
        with stages.get(vendor).copy() as copy:
            found[vendor] = run_module("bench.profiling", env=copy.environment())
    return found


def notice(stages: Stages, options: Options) -> Found:
    """Signed notices under load, and whole lifecycles with the simulator."""
    found: Found = {}
    for vendor in options.databases:
        say(f"notices and lifecycles on {vendor}")
        stage = stages.get(vendor)
        found[f"notice_{vendor}"] = of_rounds([paying.notices_round(stage) for _ in range(options.rounds)])
        found[f"lifecycle_{vendor}"] = of_rounds(
            [paying.lifecycle_round(stage, options.seconds) for _ in range(options.rounds)]
        )
    return found


def storms(stages: Stages, options: Options) -> Found:
    """One leader's rush beside another's sale, and junk at the provider's door beside orders."""
    found: Found = {}
    for vendor in options.databases:
        say(f"storms on {vendor}")
        stage = stages.get(vendor)
        rounds = range(options.rounds)
        found[f"neighbours_{vendor}"] = of_rounds(
            [storm.neighbours_round(stage, options.seconds) for _ in rounds]
        )
        found[f"junk_{vendor}"] = of_rounds([storm.junk_round(stage, options.seconds) for _ in rounds])
    return found


def start(stages: Stages, options: Options) -> Found:
    """Cold start and memory of the embedded default."""
    say("starting")
    stage = stages.get("sqlite")
    return {"start": of_rounds([starting.start_round(stage, options.seconds) for _ in range(options.rounds)])}


def read_and_export(options: Options, *, read: bool, export: bool) -> Found:
    """Lists on pasts of growing length; the export needs the one of a hundred thousand."""
    found: Found = {}
    for vendor in options.databases:
        reads: Found = {}
        for orders in options.pasts:
            if not read and orders != EXPORTED:
                continue
            say(f"a past of {orders:,} orders on {vendor}")
            with postgres_stage() if vendor == "postgres" else sqlite_stage() as stage:
                filled = reading.parsed(stage.fill("bench.orders_seed", str(orders)))
                copy = stage.source()
                if read:
                    reads[str(orders)] = _read(copy, filled, options)
                if export and orders == EXPORTED:
                    found[f"export_{vendor}"] = _export(copy, filled)
        if read:
            sizes = sorted(reads, key=int)
            found[f"read_{vendor}"] = reads | {"growth": reading.growth(reads[sizes[0]], reads[sizes[-1]])}
    return found


EXPORTED = 100_000
READ_SECONDS = 0.6
"""One measured read; there are fifteen kinds on three pasts and two databases."""


def _read(copy: Copy, filled: Found, options: Options) -> Found:
    with service(copy) as running:
        seconds = min(READ_SECONDS, options.seconds)
        return of_rounds([reading.read_round(running, filled, seconds) for _ in range(options.rounds)])


def _export(copy: Copy, filled: Found) -> Found:
    """One sale and the whole store: memory must not follow the number of orders."""
    env, store = copy.environment(), str(filled["store_id"])
    sale: Found = json.loads(run_module("bench.export_job", store, str(filled["group_buy_id"]), env=env))
    whole: Found = json.loads(run_module("bench.export_job", store, env=env))
    return {"sale": sale, "store": whole}
