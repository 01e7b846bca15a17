"""docs/races.md against the tests that exist: no case of the catalogue without a test or a reason, no test without a case."""

from __future__ import annotations

import re
from pathlib import Path

TESTS = Path(__file__).resolve().parents[1]
PAGE = (TESTS.parent / "docs" / "races.md").read_text()
CATALOGUE = {"STK": 16, "PAY": 21, "REF": 14, "STM": 10, "MON": 10, "SHP": 6, "DEM": 8}
OURS = {"SET": 2, "TEA": 3, "DSK": 2, "HND": 2, "GDS": 1, "PRX": 3}
"""Cases of our own, by what they race."""
RACES = sorted(TESTS.glob("races/test_*.py"))
_NAMED = re.compile(r"`([\w/]+\.py)::(\w+)`")


def _rows() -> dict[str, list[str]]:
    """The cells of each row after its id."""
    rows: dict[str, list[str]] = {}
    for line in PAGE.splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if re.fullmatch(r"[A-Z]{3}-\d\d", cells[0]):
            assert cells[0] not in rows, f"{cells[0]} stands there twice"
            rows[cells[0]] = cells[1:]
    return rows


def _tests_of(path: Path) -> set[str]:
    return set(re.findall(r"^(?:async )?def (test_\w+)\(", path.read_text(), re.MULTILINE))


def test_every_case_has_a_test_or_a_reason() -> None:
    rows = _rows()
    assert set(rows) == {
        f"{kind}-{n:02d}" for kind, most in (CATALOGUE | OURS).items() for n in range(1, most + 1)
    }
    for case, (_, tests, remark) in rows.items():
        assert _NAMED.search(tests) or remark.startswith(("Not built:", "Not applicable:")), case


def test_every_named_test_exists() -> None:
    for file, name in _NAMED.findall(PAGE):
        assert (TESTS / file).exists() and name in _tests_of(TESTS / file), f"{file}::{name}"


def test_every_race_stands_in_the_table() -> None:
    named = set(_NAMED.findall(PAGE))
    written = {(f"races/{path.name}", name) for path in RACES for name in _tests_of(path)}
    assert written - named == set()
