"""`python -m bench all`, or single sections: everything is started, measured, checked and removed again.

The figures of single sections are printed. `all` also writes bench/REPORT.md, bench/results.json and the plots; single sections with
`--write` take the place of the same sections there, and the report says when they were measured.
"""

from __future__ import annotations

import argparse
import json
import signal
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT / "tests"), str(ROOT / "src")]

# Found only on the path set above.
from bench import machine, plots, report, sections  # noqa: E402
from bench.place import CLIENTS  # noqa: E402

SECTIONS = ("limit", "place", "profile", "notice", "storm", "start", "read", "export")


def _numbers(text: str) -> tuple[int, ...]:
    return tuple(int(one) for one in text.split(","))


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="bench", description=__doc__)
    parser.add_argument("what", nargs="+", choices=[*SECTIONS, "all"])
    parser.add_argument("--seconds", type=float, default=3, help="length of one measured run")
    parser.add_argument("--rounds", type=int, default=3, help="the report gives medians of these")
    parser.add_argument("--clients", type=_numbers, default=CLIENTS, help="buyers at a time, by comma")
    parser.add_argument("--databases", default="postgres,sqlite")
    parser.add_argument("--pasts", type=_numbers, default=(1_000, 100_000, 1_000_000))
    parser.add_argument("--write", action="store_true", help="put single sections into the report")
    parser.add_argument("--folder", type=Path, default=ROOT / "bench", help="where the report is written")
    return parser.parse_args()


def measure(wanted: set[str], options: sections.Options) -> dict[str, Any]:
    """The figures of the wanted sections."""
    found: dict[str, Any] = {"machine": machine.described(options.seconds, options.rounds)}
    with sections.stages() as stages:
        if wanted & {"limit", "place"}:
            found |= sections.limit_and_place(
                stages, options, limit="limit" in wanted, place="place" in wanted
            )
        if "profile" in wanted:
            found["profiles"] = sections.profiles(stages, options)
        if "notice" in wanted:
            found |= sections.notice(stages, options)
        if "storm" in wanted:
            found |= sections.storms(stages, options)
        if "start" in wanted:
            found |= sections.start(stages, options)
    if wanted & {"read", "export"}:
        found |= sections.read_and_export(options, read="read" in wanted, export="export" in wanted)
    return found


def main() -> None:
    # Stopped from outside, everything started is stopped and removed all the same.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    arguments = _arguments()
    options = sections.Options(
        arguments.seconds,
        arguments.rounds,
        arguments.clients,
        tuple(arguments.databases.split(",")),
        arguments.pasts,
    )
    everything = "all" in arguments.what
    found = measure(set(SECTIONS) if everything else set(arguments.what), options)
    profiles = found.pop("profiles", {})
    for vendor, text in profiles.items():
        (arguments.folder / f"profile-booking-{vendor}.txt").write_text(text)
    if everything or arguments.write:
        whole = found if everything else report.with_earlier(found, arguments.folder)
        report.write_report(whole, arguments.folder, plots.draw)
    sys.stdout.write(json.dumps(found, indent=1, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    main()
