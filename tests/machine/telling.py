"""How long stories are told, from which seed, and how to tell one again."""

from __future__ import annotations

import os

from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis.stateful import run_state_machine_as_test

from machine.provider import Provider
from machine.rules_time import Story

QUICK_EXAMPLES, QUICK_STEPS = 10, 30


def chosen(name: str, usual: int) -> int:
    return int(os.environ.get(f"YANTUAN_MACHINE_{name}", usual))


def tell(
    story: type[Story], provider: Provider, *, examples: int, steps: int, number: int, shrink: bool = False
) -> None:
    """Tell `examples` stories of up to `steps` steps, all from one seed. Raises what the first broken one raises."""
    story.provider = provider
    phases = (Phase.generate, Phase.shrink) if shrink else (Phase.generate,)
    told = seed(number)(story)
    run_state_machine_as_test(
        told,
        settings=settings(
            max_examples=examples,
            stateful_step_count=steps,
            deadline=None,
            database=None,
            phases=phases,
            print_blob=True,
            report_multiple_bugs=False,
            suppress_health_check=list(HealthCheck),
        ),
    )
