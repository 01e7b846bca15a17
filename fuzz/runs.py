"""One role after the other through schemathesis, and what came of it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import stack as stacks

ROOT = Path(__file__).resolve().parent.parent
ROLES = ("visitor", "buyer", "other_buyer", "applicant", "suspended", "leader", "other_leader")
"""Applicant: a leader before certification; suspended: one the operator stopped."""

CHECKS = (
    "not_a_server_error",
    "content_type_conformance",
    "response_headers_conformance",
    "response_schema_conformance",
    "unsupported_method",
    "allow_header_conformance",
    "use_after_free",
    "ignored_auth",
    "refusals_keep_the_envelope",
)
"""Not used: status_code_conformance (refusals share one documented envelope and are not listed per operation),
missing_required_header (no operation asks for one in the
document), negative_data_rejection and positive_data_acceptance (ids are accepted as text or number; whether a sound body is accepted
depends on the rows, which the matrix tests cover), object_level_authorization (tests/matrix does it exactly),
ensure_resource_availability (a row just made may rightly be another's)."""


@dataclass(frozen=True)
class Plan:
    """How much to send."""

    seed: int
    examples: int
    seconds: int
    include: str
    turn: int = 0
    """Counts repetitions; each has another seed and ends another session."""


@dataclass
class Result:
    """What one role saw."""

    role: str
    status: dict[str, int] = field(default_factory=dict)
    operations: int = 0
    answered: set[str] = field(default_factory=set)
    """Operations that answered 2xx at least once."""
    findings: list[str] = field(default_factory=list)
    refused: dict[str, int] = field(default_factory=dict)
    slowest: list[Any] = field(default_factory=list)
    seconds: float = 0

    @property
    def requests(self) -> int:
        return sum(self.status.values())

    def add(self, more: Result) -> None:
        """Take in what a repetition saw."""
        for mine, other in ((self.status, more.status), (self.refused, more.refused)):
            for what, times in other.items():
                mine[what] = mine.get(what, 0) + times
        self.operations = max(self.operations, more.operations)
        self.answered |= more.answered
        self.findings += more.findings
        self.slowest = sorted([*self.slowest, *more.slowest], reverse=True)[:3]
        self.seconds += more.seconds


def seed_world(stack: stacks.Stack) -> Path:
    """Fill the running instance; answers the file that names what was made."""
    paths = os.pathsep.join(str(ROOT / name) for name in ("src", "tests", "."))
    made = subprocess.run(
        [sys.executable, "-m", "fuzz.world"],
        env=stack.environment | {"PYTHONPATH": paths},
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    if made.returncode:
        raise RuntimeError(f"the world could not be made:\n{made.stderr[-4000:]}")
    path = stack.data.parent / "world.json"
    path.write_text(made.stdout)
    return path


def run_role(stack: stacks.Stack, world: Path, role: str, plan: Plan) -> Result:
    """All operations as one caller: first every edge of the document, then bodies a sound client could send."""
    began = time.monotonic()
    total = Result(role)
    known = json.loads(world.read_text())["roles"].get(role)
    token = known["token"] if known else ""
    # Signing out would end the session the rest needs: it comes last, with one of its own.
    rest = ["--exclude-path", "/api/auth/logout"] if known else []
    _run_once(stack, world, total, plan, token, [*rest, "--mode", "all", "--phases", "coverage,stateful"])
    _run_once(stack, world, total, plan, token, [*rest, "--mode", "positive", "--phases", "fuzzing"])
    if known:
        last = ["--include-path", "/api/auth/logout", "--phases", "coverage"]
        _run_once(stack, world, total, plan, known["spare"][plan.turn], last)
    total.seconds = time.monotonic() - began
    return total


def _run_once(
    stack: stacks.Stack, world: Path, total: Result, plan: Plan, token: str, more: list[str]
) -> None:
    with tempfile.TemporaryDirectory(prefix="yantuan-fuzz-") as folder:
        tally, report = Path(folder) / "tally.json", Path(folder) / "report.json"
        done = subprocess.run(
            [*_command(stack, plan, report, token), *more],
            env=_environment(world, total.role, plan, tally),
            cwd=folder,
            capture_output=True,
            text=True,
        )
        if not tally.exists() or not report.exists():
            raise RuntimeError(f"schemathesis did not run:\n{done.stdout[-4000:]}\n{done.stderr[-2000:]}")
        seen = json.loads(tally.read_text())
        total.findings += _findings(json.loads(report.read_text()), seen, done.stdout)
        if done.returncode not in (0, 1):
            total.findings.append(f"schemathesis ended with {done.returncode}: {done.stdout[-600:]}")
    for status, times in seen["status"].items():
        total.status[status] = total.status.get(status, 0) + times
    total.operations = max(total.operations, seen["operations"])
    total.answered |= set(seen["answered"])
    for what, times in seen["refused"].items():
        total.refused[what] = total.refused.get(what, 0) + times
    total.slowest = sorted([*total.slowest, *seen["slowest"]], reverse=True)[:3]


def _command(stack: stacks.Stack, plan: Plan, report: Path, token: str) -> list[str]:
    program = str(Path(sys.executable).with_name("schemathesis"))
    command = [program, "run", f"{stack.app}/api/openapi.json", "--url", stack.app, "--workers", "1"]
    command += ["--max-examples", str(plan.examples), "--seed", str(plan.seed + plan.turn)]
    command += ["--max-time", str(plan.seconds // 2), "--continue-on-failure", "--no-shrink", "--no-color"]
    command += ["--checks", ",".join(CHECKS), "--suppress-health-check", "all", "--warnings", "off"]
    command += ["--request-timeout", "30", "--report", "json", "--report-json-path", str(report)]
    # A stream of live events never ends by itself, and a page of WeChat's is not ours to fetch.
    command += ["--exclude-path", "/api/events", "--max-redirects", "0"]
    if plan.include:
        command += ["--include-operation-id-regex", plan.include]
    if token:
        command += ["--header", f"Authorization: Bearer {token}"]
    return command


def _environment(world: Path, role: str, plan: Plan, tally: Path) -> dict[str, str]:
    return os.environ | {
        "SCHEMATHESIS_HOOKS": "fuzz.hooks",
        "PYTHONPATH": str(ROOT),
        "YANTUAN_FUZZ_WORLD": str(world),
        "YANTUAN_FUZZ_ROLE": role,
        "YANTUAN_FUZZ_SEED": str(plan.seed + plan.turn),
        "YANTUAN_FUZZ_TALLY": str(tally),
    }


def _findings(report: dict[str, Any], seen: dict[str, Any], told: str) -> list[str]:
    """Every failure schemathesis names, every 5xx, and errors of its own that hid requests from the checks."""
    found = [f"{times} × {what}" for what, times in seen["failures"].items()]
    found += [json.dumps(failure, ensure_ascii=False)[:900] for failure in report["failures"]]
    found += [f"not run: {json.dumps(error)[:300]}" for error in report["errors"]]
    if report["errors"]:
        found.append(told[-3000:])
    return found
