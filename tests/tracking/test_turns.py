"""Thirty minutes between two questions about a number, also when two processes want to ask at the same moment."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.db import connection

SOURCES = Path(__file__).resolve().parents[2] / "src"
NUMBERS = 60
PROGRAM = """
import sys
import django
django.setup()
from datetime import timedelta
from yantuan.tracking import rules, watching
watching.turn_free("YTO", "x")
print("ready", flush=True)
for line in sys.stdin:
    if line.strip() == "unguarded":
        rules.ASK_EVERY = -timedelta(days=1)
    print(*[n for n in range({numbers}) if watching.take_turn("YTO", f"N{{n}}")], flush=True)
"""


def rounds(*words: str) -> Iterator[tuple[list[int], list[int]]]:
    """For each word: the numbers each of two processes was allowed to ask about, both started at once."""
    chosen = connection.settings_dict
    url = f"postgresql://{chosen['USER']}@{chosen['HOST']}:{chosen['PORT']}/{chosen['NAME']}"
    environment = os.environ | {
        "YANTUAN_DATABASE_URL": url, "PYTHONPATH": str(SOURCES), "DJANGO_SETTINGS_MODULE": "yantuan.settings",
    }  # fmt: skip
    command = [sys.executable, "-c", PROGRAM.format(numbers=NUMBERS)]
    both = [
        subprocess.Popen(command, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        for _ in range(2)
    ]
    try:
        assert [_line(one) for one in both] == ["ready\n"] * 2
        for word in words:
            for one in both:
                assert one.stdin
                one.stdin.write(f"{word}\n")
                one.stdin.flush()
            first, second = ([int(n) for n in _line(one).split()] for one in both)
            yield first, second
    finally:
        for one in both:
            one.kill()
            one.wait()


def _line(process: subprocess.Popen[str]) -> str:
    assert process.stdout
    return process.stdout.readline()


@pytest.mark.django_db(transaction=True)
def test_of_two_processes_one_may_ask() -> None:
    if connection.vendor != "postgresql":
        pytest.skip("two processes need --db=postgres")
    race, again, control = rounds("go", "go", "unguarded")
    assert sorted(race[0] + race[1]) == list(range(NUMBERS))
    assert again == ([], [])
    # Without the guard both ask: the race is there.
    assert control == (list(range(NUMBERS)), list(range(NUMBERS)))
