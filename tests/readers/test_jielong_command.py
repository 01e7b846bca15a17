"""`yantuan read-jielong`: a case file in, the reading out, in the shape of the cases' `expected`."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import pytest

from readers import cases
from yantuan import cli
from yantuan.commands.reading import read_jielong


def test_the_reading_is_printed_in_the_shape_of_expected(capsys: pytest.CaptureFixture[str]) -> None:
    path = cases.SETS["given"] / "j030.json"
    assert cli.main(["read-jielong", str(path)]) == 0
    printed = json.loads(capsys.readouterr().out)
    expected = json.loads(path.read_text(encoding="utf-8"))["expected"]
    assert set(printed) == set(expected)
    assert [set(e) for e in printed["entries"]] == [set(e) for e in expected["entries"]]
    assert [cases.key(e) for e in printed["entries"]] == [cases.key(e) for e in expected["entries"]]
    assert printed["ignored_lines"] == expected["ignored_lines"]


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"offers": [], "words": ""}', "\ufeffnot json"])
def test_a_file_that_is_no_case_is_refused(
    text: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "case.json"
    file.write_text(text, encoding="utf-8")
    assert read_jielong(argparse.Namespace(file=str(file))) == 2
    shown = capsys.readouterr()
    assert shown.out == ""
    assert "offers" in shown.err


def test_a_file_that_is_not_there_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert read_jielong(argparse.Namespace(file=str(tmp_path / "no.json"))) == 2
    assert capsys.readouterr().out == ""
