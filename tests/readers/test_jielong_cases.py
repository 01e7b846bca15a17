"""The reader against every case: those it was given, those written for it, and those held out while it was built."""

from __future__ import annotations

from typing import Any

import pytest

from readers import cases

ALL = [(folder, case) for folder in cases.SETS for case in cases.load(folder)]


@pytest.mark.parametrize(("folder", "case"), ALL, ids=[case["id"] for _, case in ALL])
def test_a_case_is_read_as_a_careful_leader_would(folder: str, case: dict[str, Any]) -> None:
    want, got = case["expected"], cases.reading(case)
    assert [cases.key(e) for e in got["entries"]] == [cases.key(e) for e in want["entries"]]
    assert cases.doubts(got) == cases.doubts(want)
    assert cases.plain_notes(got["entries"]) == cases.plain_notes(want["entries"])
    assert got["ignored_lines"] == want["ignored_lines"]
    assert all(a["why"] for a in got["ambiguous"])


def test_there_are_enough_cases_of_each_kind() -> None:
    assert len(cases.load("given")) == 30
    assert len(cases.load("own")) >= 40
    assert len(cases.load("held")) >= 15


@pytest.mark.parametrize("folder", list(cases.SETS))
def test_the_figures_promised(folder: str) -> None:
    found = cases.score(folder)
    assert found.precision >= 0.98
    assert found.recall >= 0.95
    assert found.booked_in_doubt == 0
