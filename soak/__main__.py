"""`python -m soak [--db sqlite] [--matrix]`: see docs/soak.md. `YANTUAN_SOAK_SECONDS`, `_SEED`, `_ONLY=kind,kind+kind,…`, `_THINK` steer it."""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from pathlib import Path

from soak.kinds import matrix, named
from soak.report import ROOT, replay, text
from soak.run import Soak, say, write_json

SECONDS = 570.0
THINK_SECONDS = 0.05
"""About how long people pause; a machine that does other work besides needs more."""


def main() -> int:
    """0 clean, 1 something was found, 2 could not run."""
    parser = argparse.ArgumentParser(prog="python -m soak", description=__doc__)
    parser.add_argument("--db", choices=["postgres", "sqlite"], default="postgres")
    parser.add_argument("--matrix", action="store_true", help="write docs/resiliency.md and end")
    parser.add_argument(
        "--report", default="", help="folder for the report (default: soak/, or a scratch folder with _ONLY)"
    )
    options = parser.parse_args()
    if options.matrix:
        (ROOT / "docs" / "resiliency.md").write_text(matrix())
        return 0
    only = [name for name in os.environ.get("YANTUAN_SOAK_ONLY", "").split(",") if name]
    try:
        named(only)
    except KeyError as unknown:
        sys.stderr.write(f"no such kind: {unknown}\n")
        return 2
    seed = int(os.environ.get("YANTUAN_SOAK_SEED", "0")) or int(time.time()) % 1_000_000
    seconds = float(os.environ.get("YANTUAN_SOAK_SECONDS", "0")) or SECONDS
    keep = Path(tempfile.mkdtemp(prefix="yantuan-soak-kept-"))
    say(f"seed {seed}; history in {keep}")
    think = float(os.environ.get("YANTUAN_SOAK_THINK", "0")) or THINK_SECONDS
    soak = Soak(
        postgres=options.db == "postgres", seed=seed, seconds=seconds, only=only, keep=keep, think=think
    )
    outcome = soak.run()
    folder = Path(options.report) if options.report else keep if only else ROOT / "soak"
    name = "REPORT" if options.db == "postgres" else "REPORT-sqlite"
    (folder / f"{name}.md").write_text(text(outcome))
    write_json(outcome, folder / f"{name}.json")
    bad = sum(len(found) for found in outcome.violations.values())
    for rule, found in sorted(outcome.violations.items()):
        for one in found[:10]:
            say(f"{rule}: {one[:1500]}")
    say(
        f"{len(outcome.reached)} kinds, {outcome.figures['orders']} orders, {bad} violations; {folder / name}.md; again: {replay(outcome)}"
    )
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
