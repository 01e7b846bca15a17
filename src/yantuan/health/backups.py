"""Which backups there are, which are sound, and which may go. Partial ones never carry a backup's name."""

from __future__ import annotations

import json
import re
from datetime import datetime
from pathlib import Path
from typing import TypedDict

from yantuan.kernel.clock import CHINA, now
from yantuan.kernel.config import data_folder

NAME = re.compile(r"yantuan-(\d{8}-\d{6})\.(?:tar\.gz|sealed)")
STATE = "backups.json"


class Told(TypedDict, total=False):
    """`at`: when it was made, ISO; `verified`: ISO or empty; `problem`: why it is not good, or empty; `findings`: how often each
    rule of the self-check found something in the restored copy."""

    file: str
    at: str
    bytes: int
    verified: str
    problem: str
    findings: dict[str, int]


def name_for(moment: datetime, *, sealed: bool) -> str:
    """The name of a backup made now, in Beijing time."""
    return f"yantuan-{moment.astimezone(CHINA):%Y%m%d-%H%M%S}.{'sealed' if sealed else 'tar.gz'}"


def last() -> dict[str, Told]:
    """`last` and `verified` (the newest that was restored and checked) of this data folder; empty before the first."""
    try:
        found: dict[str, Told] = json.loads((data_folder() / STATE).read_text())
    except (FileNotFoundError, ValueError):
        return {}
    return found


def remember(told: Told) -> None:
    """Keep what became of a backup for the status page and the alarms."""
    state = last() | {"last": told}
    if told.get("verified") and not told.get("problem"):
        state["verified"] = told
    target = data_folder() / STATE
    draft = target.with_suffix(".part")
    draft.write_text(json.dumps(state, ensure_ascii=False))
    draft.replace(target)


def prune(folder: Path, daily: int, weekly: int) -> list[Path]:
    """Remove all but the newest of each of the last `daily` days and `weekly` weeks that have one; answers what went."""
    found = sorted(
        ((m.group(1), path) for path in folder.iterdir() if (m := NAME.fullmatch(path.name))), reverse=True
    )
    days: dict[str, Path] = {}
    weeks: dict[tuple[int, int], Path] = {}
    for stamp, path in found:
        day = datetime.strptime(stamp[:8], "%Y%m%d").replace(tzinfo=CHINA)
        days.setdefault(stamp[:8], path)
        weeks.setdefault(day.isocalendar()[:2], path)
    kept = {*list(days.values())[: max(1, daily)], *list(weeks.values())[:weekly]}
    gone = [path for _, path in found if path not in kept]
    for path in gone:
        path.unlink()
    return gone


def age_seconds(told: Told | None) -> float | None:
    """How long ago a remembered backup was made."""
    if not told or "at" not in told:
        return None
    return (now() - datetime.fromisoformat(told["at"])).total_seconds()
