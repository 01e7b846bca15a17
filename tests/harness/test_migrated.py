"""The database others begin with: made again for every change of the code, once, whole, and never written to."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

import migrated

pytestmark = pytest.mark.one_database


def test_any_change_of_the_code_asks_for_another(tmp_path: Path) -> None:
    step = tmp_path / "orders" / "migrations" / "0001_initial.py"
    step.parent.mkdir(parents=True)
    step.write_text("a = 1\n")
    seen = [migrated.key(tmp_path), migrated.key(tmp_path, "PostgreSQL 17")]
    step.write_text("a = 2\n")
    seen.append(migrated.key(tmp_path))
    step.with_name("0002_more.py").write_text("")
    seen.append(migrated.key(tmp_path))
    step.with_name("0002_more.py").rename(step.with_name("0002_other.py"))
    seen.append(migrated.key(tmp_path))
    step.with_name("0002_other.py").unlink()
    assert len(set(seen)) == 5
    assert migrated.key(tmp_path) == seen[2]


def test_it_is_made_once_and_moved_whole(tmp_path: Path) -> None:
    made: list[Path] = []

    def make(target: Path) -> None:
        assert not (tmp_path / "kept" / "name").exists()
        target.write_text("whole")
        made.append(target)

    for _ in range(2):
        assert migrated.kept("name", make, tmp_path / "kept").read_text() == "whole"
    assert len(made) == 1
    assert [path.name for path in (tmp_path / "kept").iterdir()] == ["name"]


def test_what_could_not_be_made_is_not_there(tmp_path: Path) -> None:
    def fails(target: Path) -> None:
        target.write_text("half")
        raise RuntimeError("no")

    with pytest.raises(RuntimeError, match="no"):
        migrated.kept("name", fails, tmp_path / "kept")
    assert list((tmp_path / "kept").iterdir()) == []


def test_another_run_may_be_faster(tmp_path: Path) -> None:
    place = tmp_path / "kept" / "name"

    def slow(target: Path) -> None:
        place.mkdir()
        (place / "rows").write_text("theirs")
        target.mkdir()
        (target / "rows").write_text("ours")

    assert (migrated.kept("name", slow, tmp_path / "kept") / "rows").read_text() == "theirs"
    assert [path.name for path in place.parent.iterdir()] == ["name"]


def test_rows_written_to_a_copy_stay_there(tmp_path: Path) -> None:
    before = migrated.sqlite_file().read_bytes()
    for name in ("one", "two"):
        filled = migrated.pour(str(tmp_path / name))
        assert filled.execute("SELECT count(*) FROM kernel_outboxevent").fetchone() == (0,)
        assert filled.execute("SELECT count(*) FROM django_migrations").fetchone() > (100,)
        filled.execute("DELETE FROM django_migrations")
        filled.execute("CREATE TABLE extra (id INTEGER)")
        filled.commit()
        filled.close()
    assert migrated.sqlite_file().read_bytes() == before
    assert [
        path.name for path in migrated.sqlite_file().parent.glob(f"{migrated.sqlite_file().name}-*")
    ] == []
    with sqlite3.connect(tmp_path / "one") as one:
        assert one.execute("SELECT count(*) FROM django_migrations").fetchone() == (0,)
