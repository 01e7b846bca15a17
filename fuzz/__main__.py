"""`python -m fuzz`: start the product, send random requests as every kind of caller, then verify its books.

Schemathesis makes the requests from the OpenAPI document the running service answers. Rate limits are lifted by
`YANTUAN_RATE_LIMIT_TIMES`, which exists for such runs. Ends with 1 when anything answered 5xx, broke its schema, let a
caller in without a session, or left `yantuan check` with a violation, or when fewer than `--least` requests were sent.
"""

from __future__ import annotations

import argparse
import json
import secrets
import signal
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tests"))

from fuzz.report import write_report  # noqa: E402
from fuzz.runs import ROLES, Plan, Result, run_role, seed_world  # noqa: E402
from stack import Stack, running_stack  # noqa: E402

TURNS = 3
"""As many as there are sessions to sign out (`fuzz.world.SPARE`)."""


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m fuzz", description=__doc__)
    parser.add_argument("--seed", type=int, default=0, help="repeat a run; 0 draws one")
    parser.add_argument("--examples", type=int, default=25, help="random requests per operation and role")
    parser.add_argument("--seconds", type=int, default=200, help="most seconds per role")
    parser.add_argument(
        "--least", type=int, default=20_000, help="repeat, twice at most, until so many were sent"
    )
    parser.add_argument("--role", action="append", choices=ROLES, help="only these callers")
    parser.add_argument("--database-url", default="", help="PostgreSQL to use; SQLite without")
    parser.add_argument("--include", default="", help="only operations whose id matches this pattern")
    parser.add_argument(
        "--refusals", type=Path, help="write what was refused, by operation and code, as JSON"
    )
    parser.add_argument("--report", type=Path, default=ROOT / "fuzz" / "REPORT.md")
    return parser.parse_args()


def _tell(result: Result) -> None:
    found = len(result.findings)
    _say(f"{result.role}: {result.requests} requests, {found} findings, {result.seconds:.0f} s")
    for finding in result.findings:
        _say(f"    {finding}")


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def _all_turns(stack: Stack, plan: Plan, options: argparse.Namespace) -> list[Result]:
    """Every caller once, and again on a machine too slow or busy for the number wanted; chosen callers or operations only once."""
    world = seed_world(stack)
    roles = options.role or ROLES
    chosen = options.role or options.include
    results: dict[str, Result] = {}
    for turn in range(1 if chosen else TURNS):
        now = replace(plan, turn=turn)
        # Two at a time, each in a process of one thread: hypothesis is quickest so, and callers meet in the service.
        with ThreadPoolExecutor(2) as pool:
            for result in pool.map(lambda role, now=now: run_role(stack, world, role, now), roles):
                _tell(result)
                if result.role in results:
                    results[result.role].add(result)
                else:
                    results[result.role] = result
        if sum(one.requests for one in results.values()) >= options.least:
            break
    return list(results.values())


def main() -> int:
    """Run, report, answer the exit status."""
    # Stopped from outside, what was started is stopped and removed all the same.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    options = _options()
    seed = options.seed or secrets.randbelow(10**9) + 1
    _say(f"seed {seed}: repeat with `python -m fuzz --seed {seed}`")
    began = time.monotonic()
    limits = {"rate_limit_times": "1000000", "database_url": options.database_url}
    with running_stack(**limits) as stack:
        results = _all_turns(stack, Plan(seed, options.examples, options.seconds, options.include), options)
        checked = stack.check()
        traces = stack.log.read_text(errors="replace").count("Traceback")
    violations = json.loads(checked.stdout) if checked.returncode else {}
    seconds = time.monotonic() - began
    if options.refusals:
        options.refusals.write_text(json.dumps({r.role: r.refused for r in results}, indent=1))
    write_report(options.report, seed, results, checked.returncode, traces, seconds)
    if checked.returncode:
        _say(json.dumps(violations, ensure_ascii=False)[:2000])
    requests = sum(r.requests for r in results)
    findings = sum(len(r.findings) for r in results)
    _say(f"{requests} requests, {findings} findings, check {checked.returncode}, {seconds:.0f} s")
    few = requests < options.least and not (options.role or options.include)
    return 1 if findings or checked.returncode or traces or few else 0


if __name__ == "__main__":
    sys.exit(main())
