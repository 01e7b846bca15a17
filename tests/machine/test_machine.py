"""Any story of the shop, told by chance against a model, the real simulator and `yantuan check`."""

from __future__ import annotations

import random

import pytest

from machine.provider import Provider
from machine.rules_time import Story
from machine.telling import QUICK_EXAMPLES, QUICK_STEPS, chosen, tell


def test_any_story_goes_as_the_model_says(
    db: None, provider: Provider, capsys: pytest.CaptureFixture[str]
) -> None:
    number = chosen("SEED", random.randrange(10**6))
    examples, steps = chosen("EXAMPLES", QUICK_EXAMPLES), chosen("STEPS", QUICK_STEPS)
    again = f"YANTUAN_MACHINE_SEED={number} YANTUAN_MACHINE_EXAMPLES={examples} YANTUAN_MACHINE_STEPS={steps}"
    with capsys.disabled():
        print(f"\nmachine: seed {number}; again: {again} pytest tests/machine/test_machine.py")  # noqa: T201
    Story.reached.clear()
    tell(Story, provider, examples=examples, steps=steps, number=number, shrink=bool(chosen("SHRINK", 0)))
    with capsys.disabled():
        print("machine: all as foretold:", dict(sorted(Story.reached.items())))  # noqa: T201
    assert Story.reached["stories"] >= examples // 2 and Story.reached["payments"] > examples
