"""`yantuan`: the one command line. Django is imported only by the commands that need it, so that `up` stays small."""

from __future__ import annotations

import argparse
import importlib
import os
import sys
from collections.abc import Callable, Sequence

Runner = Callable[[argparse.Namespace], int]


def _run(module: str, function: str) -> Runner:
    """A command kept in its own module, imported when it is called."""

    def call(options: argparse.Namespace) -> int:
        return int(getattr(importlib.import_module(module), function)(options))

    return call


def parser() -> argparse.ArgumentParser:
    """All commands with their options."""
    root = argparse.ArgumentParser(
        prog="yantuan", description="雁团：团长自己的团购工具 (self-hosted group buying)"
    )
    root.add_argument("--data", help="data folder (default: $YANTUAN_DATA or ./data)")
    commands = root.add_subparsers(dest="command", required=True, metavar="COMMAND")
    _serving(commands)
    _instance(commands)
    _keeping(commands)
    return root


def _serving(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    up = commands.add_parser(
        "up", help="set up if needed, then run web, worker and (in demo) the WeChat simulator"
    )
    up.add_argument("--host", default="127.0.0.1")
    up.add_argument("--port", type=int, default=8000)
    up.add_argument("--workers", type=int, default=1, help="web processes; more than one needs PostgreSQL")
    up.add_argument("--demo", action="store_true", help="demo shop with the WeChat simulator beside it")
    up.add_argument("--simulator-port", type=int, default=8001)
    up.set_defaults(run=_run("yantuan.commands.up", "up"))

    worker = commands.add_parser("worker", help="run background work")
    worker.add_argument("--threads", type=int, default=2)
    worker.set_defaults(run=_run("yantuan.commands.background", "worker"))

    simulator = commands.add_parser("simulator", help="run the WeChat simulator (development and demo only)")
    simulator.add_argument("--host", default="127.0.0.1")
    simulator.add_argument("--port", type=int, default=8001)
    simulator.add_argument("--product-url", default="http://127.0.0.1:8000")
    simulator.add_argument(
        "--print-environment", metavar="URL", help="print the product's settings for one at URL"
    )
    simulator.set_defaults(run=_run("yantuan.commands.simulate", "simulator"))


def _instance(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    migrate = commands.add_parser("migrate", help="bring the database to this version")
    migrate.set_defaults(run=_run("yantuan.commands.basic", "migrate"))

    demo = commands.add_parser("demo", help="load the demo shop; what is there already stays")
    demo.set_defaults(run=_run("yantuan.commands.basic", "demo"))

    operator = commands.add_parser("createoperator", help="create an operator of the console")
    operator.add_argument("username")
    operator.set_defaults(run=_run("yantuan.commands.basic", "createoperator"))

    openapi = commands.add_parser("openapi", help="print the API's OpenAPI document")
    openapi.set_defaults(run=_run("yantuan.commands.basic", "openapi"))


def _keeping(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    check = commands.add_parser("check", help="verify every invariant of money, stock and states (read-only)")
    check.add_argument("--json", action="store_true")
    check.add_argument("--rule", action="append", default=[], help="only this rule; may be repeated")
    check.set_defaults(run=_run("yantuan.commands.basic", "check"))

    backup = commands.add_parser("backup", help="write database and media into one archive")
    backup.add_argument("file")
    backup.set_defaults(run=_run("yantuan.commands.backup", "backup"))

    restore = commands.add_parser(
        "restore", help="verify an archive and restore it into an empty data folder"
    )
    restore.add_argument("file")
    restore.set_defaults(run=_run("yantuan.commands.backup", "restore"))


def main(arguments: Sequence[str] | None = None) -> int:
    """Entry point; returns the exit status."""
    options = parser().parse_args(arguments)
    if options.data:
        os.environ["YANTUAN_DATA"] = options.data
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "yantuan.settings")
    try:
        return int(options.run(options))
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    sys.exit(main())
