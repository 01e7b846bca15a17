"""`python -m bench.peers install|run|report`: other shops installed, measured and shown. See `--help` of each."""

from __future__ import annotations

import argparse
import datetime
import json
import os
import platform
import signal
import sys
import time
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent.parent
sys.path[:0] = [str(ROOT / "tests"), str(ROOT)]

# Found only on the path set above.
from bench.peers import machine  # noqa: E402
from bench.peers.oscar.driver import Oscar  # noqa: E402
from bench.peers.peer import Peer  # noqa: E402
from bench.peers.pretix.driver import Pretix  # noqa: E402
from bench.peers.report import section  # noqa: E402
from bench.peers.runs import measure  # noqa: E402
from bench.peers.vendure.driver import Vendure  # noqa: E402
from pgserver import DURABLE, postgres  # noqa: E402

RESULTS = ROOT / "bench" / "peers.json"
KINDS: tuple[type[Peer], ...] = (Vendure, Pretix, Oscar)


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def install(peers: list[Peer]) -> None:
    """Packages first, then schema and goods, kept as a dump for quick runs."""
    for peer in peers:
        began = time.monotonic()
        peer.install()
        for kept in peer.kept:
            kept.unlink(missing_ok=True)
        with postgres() as server:
            peer.prepare(server)
        _say(f"{peer.title} {peer.version()} installed in {peer.folder} ({time.monotonic() - began:.0f} s)")


def run(peers: list[Peer], *, rounds: int, seconds: float) -> dict[str, Any]:
    """Measure what is installed; say "not installed" of the rest."""
    found: dict[str, Any] = {"machine": _machine(), "rounds": rounds, "seconds": seconds, "peers": {}}
    for peer in peers:
        began = time.monotonic()
        # A server of its own for each: nothing of one peer's log or vacuum falls into another's time.
        with postgres(DURABLE) as server:
            found["machine"]["postgresql"] = machine.server_version(server)
            found["peers"][peer.name] = _one(peer, server, rounds=rounds, seconds=seconds)
        _say(f"{peer.title}: {time.monotonic() - began:.0f} s")
    return found


def _one(peer: Peer, server: str, *, rounds: int, seconds: float) -> dict[str, Any]:
    if peer.version() is None or not all(kept.exists() for kept in peer.kept):
        return {"title": peer.title, "skipped": "not installed: run `make bench-peers`"}
    try:
        return measure(peer, server, rounds=rounds, seconds=seconds)
    except RuntimeError as why:
        _say(f"{peer.title}: {why}")
        return {
            "title": peer.title,
            "version": peer.version(),
            "skipped": f"did not run: {str(why).splitlines()[0]}",
        }


def _machine() -> dict[str, Any]:
    return {
        "cpus": os.cpu_count(),
        "python": platform.python_version(),
        "date": datetime.datetime.now(datetime.UTC).strftime("%Y-%m-%d"),
        "load_before": round(os.getloadavg()[0], 2),
    }


def main() -> None:
    parser = argparse.ArgumentParser(prog="bench.peers", description=__doc__)
    parser.add_argument("what", choices=["install", "run", "report"])
    parser.add_argument(
        "--only", choices=[kind.name for kind in KINDS], action="append", help="one peer; may be repeated"
    )
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=3, help="length of each spread run")
    parser.add_argument("--json", type=Path, default=RESULTS, help="where the figures are kept")
    options = parser.parse_args()
    # Being stopped ends what was started, as an interrupt does.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    peers = [kind(machine.home()) for kind in KINDS if not options.only or kind.name in options.only]
    if options.what == "install":
        install(peers)
    if options.what == "run":
        found = run(peers, rounds=options.rounds, seconds=options.seconds)
        if options.only and options.json.exists():
            # The others keep their figures.
            found["peers"] = json.loads(options.json.read_text())["peers"] | found["peers"]
        options.json.write_text(json.dumps(found, indent=2, ensure_ascii=False) + "\n")
    if options.what in ("run", "report"):
        print(section(json.loads(options.json.read_text())))


if __name__ == "__main__":
    main()
