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
    _reading(commands)
    return root


def _reading(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    jielong = commands.add_parser(
        "read-jielong", help="print what the 接龙 reader makes of a case file, as JSON"
    )
    jielong.add_argument("file", metavar="CASE.json", help="offers and text")
    jielong.set_defaults(run=_run("yantuan.commands.reading", "read_jielong"))
    address = commands.add_parser(
        "read-address", help="read a pasted address from standard input; print its fields as JSON"
    )
    address.set_defaults(run=_run("yantuan.commands.reading_address", "read_address"))
    supplier = commands.add_parser(
        "read-supplier", help="read a supplier's text from standard input; print the pieces of a sale as JSON"
    )
    supplier.set_defaults(run=_run("yantuan.commands.reading_supplier", "read_supplier"))


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

    _miniprogram(commands)
    _wechat(commands)

    openapi = commands.add_parser("openapi", help="print the API's OpenAPI document")
    openapi.set_defaults(run=_run("yantuan.commands.basic", "openapi"))


def _wechat(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    wechat = commands.add_parser("wechat", help="this instance's side of WeChat")
    verbs = wechat.add_subparsers(dest="verb", required=True, metavar="VERB")
    doctor = verbs.add_parser("doctor", help="ask WeChat what is missing or wrong, and say what to do")
    doctor.add_argument("--json", action="store_true")
    doctor.add_argument("--fix", action="store_true", help="set what can be set from here")
    doctor.set_defaults(run=_run("yantuan.commands.wechat", "doctor"))


def _miniprogram(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    miniprogram = commands.add_parser("miniprogram", help="the WeChat mini-program of this shop")
    verbs = miniprogram.add_subparsers(dest="verb", required=True, metavar="VERB")
    export = verbs.add_parser("export", help="stamp the built package with this shop's address and AppID")
    export.add_argument("--origin", help="https:// address of this server (default: $YANTUAN_PUBLIC_URL)")
    export.add_argument("--appid", help="AppID of the mini-program (default: $YANTUAN_WECHAT_MINI_APPID)")
    export.add_argument("--to", default="miniprogram", metavar="FOLDER", help="default: ./miniprogram")
    export.add_argument(
        "--source", metavar="FOLDER", help="the built package, if it is not this version's own"
    )
    export.set_defaults(run=_run("yantuan.commands.miniprogram", "export"))


def _keeping(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    check = commands.add_parser("check", help="verify every invariant of money, stock and states (read-only)")
    check.add_argument("--json", action="store_true")
    check.add_argument("--rule", action="append", default=[], help="only this rule; may be repeated")
    check.add_argument(
        "--since", metavar="WHEN", help="only orders touched since then: 30m, 2h, 3d or an ISO time"
    )
    check.add_argument("--store", type=int, metavar="ID", help="only this store")
    check.set_defaults(run=_run("yantuan.commands.basic", "check"))

    _backups(commands)
    _person(commands)

    timeline = commands.add_parser("timeline", help="everything that happened to one order, in order of time")
    timeline.add_argument("number", help="order id, or a payment or refund number of it")
    timeline.add_argument("--json", action="store_true")
    timeline.set_defaults(run=_run("yantuan.commands.looking", "timeline"))


def _person(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    person = commands.add_parser("person", help="a person's copy of their data, and their leaving")
    verbs = person.add_subparsers(dest="verb", required=True, metavar="VERB")
    export = verbs.add_parser(
        "export", help="write everything held of one person, as JSON with their pictures"
    )
    export.add_argument("person", help="id or mobile number")
    export.add_argument("--to", default=".", metavar="FOLDER", help="default: here")
    export.set_defaults(run=_run("yantuan.commands.person", "export"))
    forget = verbs.add_parser("forget", help="erase a person; the legal skeleton of their orders stays")
    forget.add_argument("person", help="id or mobile number")
    forget.add_argument("--reason", default="本人要求注销", help="for the audit log")
    forget.add_argument("--yes", action="store_true", help="do it; without, only say what stands in the way")
    forget.set_defaults(run=_run("yantuan.commands.person", "forget"))


def _backups(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    backup = commands.add_parser("backup", help="write database and media into one archive, while it serves")
    backup.add_argument("file", nargs="?", help="where to; default: a dated name in --to")
    backup.add_argument("--to", help="folder for a dated name (default: $YANTUAN_BACKUP_DIR)")
    backup.add_argument(
        "--verify", action="store_true", help="restore it into a scratch place and check there"
    )
    backup.add_argument("--prune", action="store_true", help="let old ones of that folder go, by policy")
    backup.add_argument("--new-key", metavar="FILE", help="only make a key to encrypt backups with")
    backup.set_defaults(run=_run("yantuan.commands.backup", "backup"))

    verify = commands.add_parser("verify", help="restore an archive into a scratch place and check there")
    verify.add_argument("file")
    verify.set_defaults(run=_run("yantuan.commands.backup", "verify"))

    restore = commands.add_parser(
        "restore", help="verify an archive (or the copy) and restore it into an empty data folder"
    )
    source = restore.add_mutually_exclusive_group(required=True)
    source.add_argument("file", nargs="?")
    source.add_argument(
        "--from-copy", nargs="?", const="", metavar="PLACE", help="the continuous copy ($YANTUAN_COPY_TO)"
    )
    restore.add_argument("--at", metavar="TIME", help="of the copy: an earlier moment, 2026-05-12T04:00:00Z")
    restore.set_defaults(run=_run("yantuan.commands.backup", "restore"))

    release = commands.add_parser("release", help="let a restored instance send, refund and pay again")
    release.set_defaults(run=_run("yantuan.commands.backup", "release"))

    copying = commands.add_parser("copy", help="run the continuous copy of SQLite (`up` does it by itself)")
    copying.set_defaults(run=_run("yantuan.commands.copy", "copying"))


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
