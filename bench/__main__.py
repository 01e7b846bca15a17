"""`python -m bench limit|place|all …`: everything is started, measured, checked and removed again."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT / "tests"), str(ROOT / "src")]

from bench import sections  # noqa: E402
from bench.place import CLIENTS  # noqa: E402

SECTIONS = ("limit", "place")


def _options(arguments: argparse.Namespace) -> sections.Options:
    clients = tuple(int(one) for one in arguments.clients.split(","))
    databases = tuple(arguments.databases.split(","))
    return sections.Options(arguments.seconds, arguments.rounds, clients, databases)


def main() -> None:
    parser = argparse.ArgumentParser(prog="bench")
    parser.add_argument("what", nargs="+", choices=[*SECTIONS, "all"])
    parser.add_argument("--seconds", type=float, default=3, help="length of one measured run")
    parser.add_argument("--rounds", type=int, default=3, help="the report gives medians of these")
    parser.add_argument("--clients", default=",".join(map(str, CLIENTS)), help="buyers at a time, by comma")
    parser.add_argument("--databases", default="postgres,sqlite")
    arguments = parser.parse_args()
    wanted = set(SECTIONS) if "all" in arguments.what else set(arguments.what)
    with sections.stages() as stages:
        found = sections.limit_and_place(
            stages, _options(arguments), limit="limit" in wanted, place="place" in wanted
        )
    sys.stdout.write(json.dumps(found, indent=2, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    main()
