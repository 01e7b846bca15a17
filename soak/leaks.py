"""What a part keeps hold of, and what it writes into its log."""

from __future__ import annotations

import re
from collections.abc import Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import psutil

from soak.parts import Part

STAMP = re.compile(r"(\d{4}-\d\d-\d\d)[ T](\d\d:\d\d:\d\d)")
PRIVATE = {
    "a phone": re.compile(r"(?<!\d)1[3-9]\d{9}(?!\d)"),
    "a recipient": re.compile("雁小客"),
    "a street": re.compile("文三路"),
}


def holdings(parts: Sequence[Part]) -> dict[str, dict[str, int]]:
    """Open files and memory (KiB) of each part with its children."""
    found = {}
    for part in parts:
        fds = rss = 0
        for process in part.family():
            with suppress(psutil.Error):
                fds += process.num_fds()
                rss += process.memory_info().rss // 1024
        found[part.name] = {"fds": fds, "rss_kib": rss, "starts": part.starts}
    return found


def growth(before: dict[str, dict[str, int]], after: dict[str, dict[str, int]]) -> list[str]:
    """Parts that hold over a fifth (and 40 MiB) more memory, or over sixty files more than before."""
    problems = []
    for name, now in after.items():
        then = before.get(name, now)
        if now["fds"] > then["fds"] + 60:
            problems.append(f"{name} holds {now['fds']} files, before {then['fds']}")
        if now["rss_kib"] > max(then["rss_kib"] * 6 // 5, then["rss_kib"] + 40 * 1024):
            problems.append(f"{name} holds {now['rss_kib']} KiB, before {then['rss_kib']}")
    return problems


def secrets_of(environment: dict[str, str], world: dict[str, Any]) -> list[str]:
    """Texts that no log may ever hold."""
    names = (
        "SECRET_KEY",
        "WECHATPAY_APIV3_KEY",
        "WECHAT_MINI_SECRET",
        "WECHAT_OA_SECRET",
        "SMS_ACCESS_KEY_SECRET",
    )
    found = [environment.get(f"YANTUAN_{name}", "") for name in names]
    found += [buyer["token"] for buyer in world["buyers"][:200]] + [shop["token"] for shop in world["shops"]]
    found.append(world["operator"]["cookie"].partition("=")[2])
    return [text for text in found if len(text) > 8]


def spoken(folder: Path, secrets: Sequence[str]) -> list[str]:
    """Lines of any log with a person's data or a secret in it."""
    problems = []
    for path in sorted(folder.glob("*")):
        if path.name == "simulator":
            continue
        for number, line in enumerate(path.read_text(errors="replace").splitlines(), 1):
            what = [name for name, pattern in PRIVATE.items() if pattern.search(line)]
            what += ["a secret"] if any(secret in line for secret in secrets) else []
            if what:
                problems.append(f"{path.name}:{number} holds {', '.join(what)}")
    return problems[:20]


def tracebacks(folder: Path, windows: Sequence[tuple[datetime, datetime]]) -> list[str]:
    """Tracebacks in the product's logs that began outside every fault window."""
    problems = []
    for path in sorted(folder.glob("*")):
        if path.name == "simulator":
            continue
        moment: datetime | None = None
        for line in path.read_text(errors="replace").splitlines():
            stamp = STAMP.search(line)
            if stamp:
                moment = datetime.fromisoformat(f"{stamp[1]} {stamp[2]}").replace(tzinfo=UTC)
            if "Traceback (most recent call last)" in line and moment and not _inside(moment, windows):
                problems.append(f"{path.name}: a traceback at {moment:%H:%M:%S}")
    return problems[:20]


def _inside(moment: datetime, windows: Sequence[tuple[datetime, datetime]]) -> bool:
    """Logs may be written in Beijing time or in UTC."""
    return any(
        first - timedelta(seconds=2) <= read <= last + timedelta(seconds=2)
        for read in (moment, moment - timedelta(hours=8))
        for first, last in windows
    )
