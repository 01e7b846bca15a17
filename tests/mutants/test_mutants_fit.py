"""The mutants are written for today's source: each text to change stands in its file exactly once."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

import yantuan
from mutants.catalogue import MUTANTS, Mutant

PACKAGE = Path(yantuan.__file__).parent
ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda m: m.id)
def test_every_mutant_still_fits(mutant: Mutant) -> None:
    for edit in mutant.edits:
        text = (PACKAGE / edit.file).read_text()
        assert text.count(edit.old) == 1, edit.file
        ast.parse(text.replace(edit.old, edit.new))
    for test in (*mutant.first, *mutant.wider):
        file, _, name = test.partition("::")
        assert (ROOT / file).exists(), file
        assert not name or f"def {name}(" in (ROOT / file).read_text(), test


def test_there_are_twenty() -> None:
    assert len({m.id for m in MUTANTS}) == 20
