"""docs/states.md says what the tables say."""

from __future__ import annotations

from pathlib import Path

from yantuan.commands.states import CHAPTERS, render

PAGE = Path(__file__).resolve().parents[2] / "docs" / "states.md"


def test_the_committed_page_is_the_generated_one() -> None:
    assert PAGE.read_text() == render(), "run: python -m yantuan.commands.states > docs/states.md"


def test_every_event_is_explained_and_has_somebody_who_may() -> None:
    for chapter in CHAPTERS:
        assert set(chapter.events) == set(chapter.roles) == set(chapter.machine.events)
