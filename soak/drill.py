"""The archive made in the middle of the run, put back into an empty place while the first instance still lives."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import psycopg

from soak.facts import Facts
from soak.history import History
from soak.system import System


@dataclass(frozen=True)
class Archive:
    """Where it lies, and when it was begun and whole, in seconds of the history."""

    file: Path
    began: float
    ended: float


def restored(system: System, history: History, archive: Archive) -> tuple[list[str], str]:
    """Restore, check, and hold it against what clients had been told by then: findings, and a line for the report."""
    place = system.folder / "restored"
    url = _empty_database(system)
    own = {"YANTUAN_DATA": str(place), "YANTUAN_DATABASE_URL": url}
    back = system.command("restore", str(archive.file), **own)
    if back.returncode:
        return [f"restore ended with {back.returncode}: {back.stdout[-500:]}{back.stderr[-1500:]}"], ""
    checked = system.command("check", "--json", **own)
    if not checked.stdout.lstrip().startswith("{"):
        return [f"check of the restored copy ended with {checked.returncode}: {checked.stderr[-1500:]}"], ""
    # Rules of less weight are about work left waiting, which a copy of an earlier moment naturally has.
    grave = [v for v in json.loads(checked.stdout)["violations"] if v["severity"] == "S1"]
    facts = Facts(url=url) if url else Facts(file=place / "yantuan.sqlite3")
    held = {
        str(row["id"]): row["idempotency_key"]
        for row in facts.rows("SELECT id, idempotency_key FROM orders_order")
    }
    found = [f"the restored copy breaks {v}"[:600] for v in grave] + differences(held, history, archive)
    return found, f"{len(held)} orders came back from an archive of second {archive.began:.0f}"


def differences(held: dict[str, str], history: History, archive: Archive) -> list[str]:
    """`held` is key by order id in the copy: all that was acknowledged before it began, nothing asked for after its end."""
    placed = [call for call in history.calls if call.verb == "place"]
    missing = [
        c for c in placed if c.result == "ok" and c.ended < archive.began and c.facts["id"] not in held
    ]
    first: dict[str, float] = {}
    for call in placed:
        first[call.key] = min(call.began, first.get(call.key, call.began))
    early = [key for key in held.values() if first.get(key, 0) > archive.ended]
    return [f"order {c.facts['id']}, told at {c.ended:.1f} s, is not in the copy" for c in missing[:10]] + [
        f"the copy holds {key}, which nobody had asked for yet" for key in early[:10]
    ]


def _empty_database(system: System) -> str:
    """A second database on the same server; nothing to make on SQLite."""
    if system.pg is None:
        return ""
    with psycopg.connect(system.pg.url, autocommit=True) as connection:
        connection.execute("DROP DATABASE IF EXISTS restored")
        connection.execute("CREATE DATABASE restored")
    return urlunsplit(urlsplit(system.pg.url)._replace(path="/restored"))
