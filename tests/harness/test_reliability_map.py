"""docs/reliability-map.md against the tests and the soak's kinds that exist: no case without evidence or an honest word."""

from __future__ import annotations

import re
from pathlib import Path

from soak.kinds import KINDS

TESTS = Path(__file__).resolve().parents[1]
PAGE = (TESTS.parent / "docs" / "reliability-map.md").read_text()
CATALOGUE = {"CRS": 9, "DBF": 10, "AUT": 15, "INV": 9, "PRI": 11, "UPG": 6, "NOT": 3, "OBS": 7}
_NAMED = re.compile(r"`([\w/]+\.py)::(\w+)`")
_SOAK = re.compile(r"`soak:(\w+)`")
_WORDS = ("Gap:", "Not applicable:", "Not built:")


def _rows() -> dict[str, list[str]]:
    """The cells of each row after its id."""
    rows: dict[str, list[str]] = {}
    for line in PAGE.splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if re.fullmatch(r"[A-Z]{3}-\d\d", cells[0]):
            assert cells[0] not in rows, f"{cells[0]} stands there twice"
            rows[cells[0]] = cells[1:]
    return rows


def test_every_case_has_evidence_or_says_what_it_lacks() -> None:
    rows = _rows()
    assert list(rows) == [f"{kind}-{n:02d}" for kind, most in CATALOGUE.items() for n in range(1, most + 1)]
    for case, (_, evidence, remark) in rows.items():
        assert _NAMED.search(evidence) or _SOAK.search(evidence) or remark.startswith(_WORDS), case


def test_every_named_test_exists() -> None:
    for file, name in _NAMED.findall(PAGE):
        path = TESTS / file
        assert path.exists(), file
        found = re.search(rf"^(?:async )?def {name}\(", path.read_text(), re.MULTILINE)
        assert found, f"{file}::{name}"


def test_every_named_fault_of_the_soak_exists() -> None:
    assert set(_SOAK.findall(PAGE)) <= {kind.name for kind in KINDS}


def test_a_gap_is_no_secret() -> None:
    """What the table can't show it must say in a word that can be searched for."""
    gaps = [case for case, (_, evidence, remark) in _rows().items() if not evidence]
    assert gaps == ["DBF-06", "UPG-03"]
