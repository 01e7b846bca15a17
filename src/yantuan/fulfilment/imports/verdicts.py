"""What is found out about one row while a sheet is judged."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

from yantuan.fulfilment.imports.codes import CODES, RANK
from yantuan.fulfilment.imports.facts import Known
from yantuan.fulfilment.imports.reading import Record

Action = Literal["none", "ship", "correct", "same", "joined"]
Severity = Literal["error", "confirm", "ok", "note"]


@dataclass
class Verdict:
    """A row's order, parcel and problems. `head` is the place of the row whose parcel this one goes with."""

    record: Record
    order: Known | None = None
    carrier: str = ""
    carrier_name: str = ""
    told_carrier: bool = False
    """The carrier stands in the row or was chosen for the sheet; not guessed."""
    action: Action = "none"
    problems: dict[str, dict[str, Any]] = field(default_factory=dict)
    pieces: tuple[tuple[int, int], ...] = ()
    """(line, units); none: everything that is left when it is booked."""
    parcel_id: int | None = None
    """The parcel to correct, or the one that has this number."""
    head: int | None = None
    along: tuple[Known, ...] = ()
    """Other orders that leave whole in this row's parcel."""

    def add(self, code: str, **data: Any) -> None:
        """Note a problem; `data` must hold no personal data but masked."""
        self.problems.setdefault(code, data)

    @property
    def wrong(self) -> bool:
        return any(CODES[code].weight == "error" for code in self.problems)

    @property
    def severity(self) -> Severity:
        if self.wrong:
            return "error"
        if any(CODES[code].weight == "confirm" for code in self.problems):
            return "confirm"
        return "ok" if self.action in ("ship", "correct") else "note"

    def codes(self) -> list[str]:
        """Its problems, the weightiest first."""
        return sorted(self.problems, key=lambda code: RANK[code])
