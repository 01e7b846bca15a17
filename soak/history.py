"""Every call the clients made: when, what, under which key, and how it ended. One JSON line each, synced every second."""

from __future__ import annotations

import json
import os
import time
from collections import Counter
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Literal

Result = Literal["ok", "fail", "unknown"]


@dataclass(slots=True)
class Call:
    """`began` and `ended` are seconds since the start. `status` 0 means no answer; `result` unknown means it may have been done."""

    verb: str
    who: str
    key: str
    began: float
    ended: float = 0
    status: int = 0
    code: str = ""
    result: Result = "unknown"
    facts: dict[str, Any] = field(default_factory=dict)


class History:
    """The record of one soak."""

    def __init__(self, file: Path) -> None:
        self.calls: list[Call] = []
        self.began = time.monotonic()
        self._file = file.open("w")
        self._synced = 0.0

    @property
    def now(self) -> float:
        """Seconds since the start."""
        return time.monotonic() - self.began

    def open(self, verb: str, who: str, key: str, **facts: Any) -> Call:
        """A call begins."""
        return Call(verb, who, key, self.now, facts=facts)

    def close(self, call: Call, status: int, code: str = "", **facts: Any) -> None:
        """A call ended: 2xx is ok, 4xx is fail, anything else (or no answer) is unknown."""
        call.ended, call.status, call.code = self.now, status, code
        call.result = "ok" if 200 <= status < 300 else "fail" if 400 <= status < 500 else "unknown"
        call.facts.update(facts)
        self.calls.append(call)
        self._file.write(json.dumps(asdict(call), ensure_ascii=False) + "\n")
        if call.ended - self._synced > 1:
            self._synced = call.ended
            self._file.flush()
            os.fsync(self._file.fileno())

    def finish(self) -> None:
        """Nothing more is written."""
        self._file.close()

    def between(self, first: float, last: float) -> list[Call]:
        """Calls that ended in this time."""
        return [call for call in self.calls if first <= call.ended < last]

    def rate(self, first: float, last: float) -> float:
        """Calls a second that were answered well."""
        good = sum(1 for call in self.between(first, last) if call.result == "ok")
        return good / (last - first) if last > first else 0

    def counts(self) -> dict[str, dict[str, int]]:
        """Results by verb."""
        found: dict[str, Counter[str]] = {}
        for call in self.calls:
            found.setdefault(call.verb, Counter())[call.result] += 1
        return {verb: dict(sorted(counter.items())) for verb, counter in sorted(found.items())}

    def quantile(self, verb: str, share: float, first: float = 0, last: float = 1e9) -> int:
        """Milliseconds that this share of the answered calls stayed below."""
        waits = sorted(c.ended - c.began for c in self.between(first, last) if c.verb == verb and c.status)
        return round(1000 * waits[min(len(waits) - 1, int(len(waits) * share))]) if waits else 0
