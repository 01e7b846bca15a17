"""The 接龙 cases, and how a reading is scored against what a careful leader would write down."""

from __future__ import annotations

import json
import re
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from yantuan.readers.jielong.reader import read
from yantuan.readers.jielong.result import offers_from

HERE = Path(__file__).parent
SETS = {"given": HERE / "jielong_cases", "own": HERE / "jielong_own", "held": HERE / "jielong_held"}
FRESH = {name: HERE / name / "jielong" for name in ("unseen", "second", "third", "fourth", "fifth", "sixth")}
"""Sets written after the reader, kept as they were at first sight."""
Triple = tuple[str, str, int, bool]


@dataclass
class Score:
    """Counts over a set of cases."""

    cases: int = 0
    passed: list[str] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)
    right: int = 0
    wrong: int = 0
    missed: int = 0
    booked_in_doubt: int = 0
    notes: int = 0
    ignored: int = 0

    @property
    def precision(self) -> float:
        return self.right / max(1, self.right + self.wrong)

    @property
    def recall(self) -> float:
        return self.right / max(1, self.right + self.missed)


def load(folder: str) -> list[dict[str, Any]]:
    """All cases of one set, in the order of their names."""
    return [json.loads(p.read_text(encoding="utf-8")) for p in sorted((SETS | FRESH)[folder].glob("*.json"))]


def reading(case: dict[str, Any]) -> dict[str, Any]:
    """What the reader makes of a case."""
    return read(case["text"], offers_from(case["offers"])).as_json()


def triples(entries: list[dict[str, Any]]) -> Counter[Triple]:
    return Counter(
        (e["name"] or e["room"], i["offer"], i["qty"], bool(e["proxy_for"]))
        for e in entries
        if not e["cancelled"]
        for i in e["items"]
    )


def key(entry: dict[str, Any]) -> tuple[Any, ...]:
    """Everything of an entry that decides whether a case passes."""
    items = tuple(sorted((i["offer"], i["qty"]) for i in entry["items"]))
    return entry["seq"], entry["name"], entry["room"], items, entry["cancelled"], entry["proxy_for"]


def doubts(expected: dict[str, Any]) -> Counter[str]:
    return Counter(a["line"] for a in expected["ambiguous"])


def plain_notes(entries: list[dict[str, Any]]) -> list[str | None]:
    return [re.sub(r"[\W_]", "", e["note"]) if e["note"] else None for e in entries]


def score(folder: str) -> Score:
    """Precision, recall and the passes of one set."""
    total = Score()
    for case in load(folder):
        want, got = case["expected"], reading(case)
        a, b = triples(want["entries"]), triples(got["entries"])
        total.cases += 1
        total.right += sum((a & b).values())
        total.wrong += sum((b - a).values())
        total.missed += sum((a - b).values())
        total.booked_in_doubt += sum((doubts(want) - doubts(got)).values())
        same = list(map(key, want["entries"])) == list(map(key, got["entries"]))
        (total.passed if same and doubts(want) == doubts(got) else total.failed).append(case["id"])
        total.notes += plain_notes(want["entries"]) == plain_notes(got["entries"])
        total.ignored += want["ignored_lines"] == got["ignored_lines"]
    return total
