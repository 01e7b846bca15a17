"""`python tests/mutants`: does the suite notice when a guard is gone?

Each mutant of the catalogue is applied to a scratch copy of the tree (never to the working tree), its tests run there,
and a failing test means that it was noticed. Two run at a time. Writes docs/mutants.md; exit 1 when fewer than 18 of 20
are noticed, or when the tests fail without any mutant.

    python tests/mutants                    # all
    python tests/mutants row-lock ...       # some, without a report
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from catalogue import MUTANTS, Mutant

ROOT = Path(__file__).resolve().parents[2]
REPORT = ROOT / "docs" / "mutants.md"
COPIED = (
    "src",
    "tests",
    "docs",
    "web/openapi.json",
    "pyproject.toml",
    "Makefile",
    "README.md",
    ".importlinter",
)
NEEDED = 18
AT_ONCE = 2
SECONDS = 600
"""A run of tests that takes longer than this hangs, and that is noticed too."""


@dataclass(frozen=True)
class Verdict:
    """What became of a mutant: the test that noticed it, or nothing."""

    mutant: Mutant
    killer: str
    seconds: float
    trouble: str = ""
    """Why its tests could not run at all."""


class Broken(Exception):
    """The run says nothing about the suite: the tests could not start."""


def copied(folder: Path) -> Path:
    """A copy of the tree to break."""
    for name in COPIED:
        source = ROOT / name
        if source.is_dir():
            junk = shutil.ignore_patterns("__pycache__", "node_modules", "*.pyc")
            shutil.copytree(source, folder / name, ignore=junk)
        elif source.exists():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(source, folder / name)
    return folder


def apply(mutant: Mutant, tree: Path) -> None:
    """Break the guard in the tree. Raises Broken when the source is not what the mutant was written for."""
    for edit in mutant.edits:
        path = tree / "src" / "yantuan" / edit.file
        text = path.read_text()
        if text.count(edit.old) != 1:
            raise Broken(f"{mutant.id}: {edit.file} holds the text to change {text.count(edit.old)} times")
        path.write_text(text.replace(edit.old, edit.new))


def failing_test(tree: Path, tests: Sequence[str], db: str) -> str:
    """Run the tests in the tree until one fails and answer its name; empty if all pass. Raises Broken if they can't run."""
    chosen = [test for test in tests if (tree / test.partition("::")[0]).exists()]
    if not chosen:
        return ""
    environment = {k: v for k, v in os.environ.items() if not k.startswith("YANTUAN_")}
    environment |= {"PYTHONPATH": str(tree / "src"), "PYTHONDONTWRITEBYTECODE": "1", "CI": "1"}
    command = [sys.executable, "-m", "pytest", "-x", "-p", "no:cacheprovider", "--durations=0", "-rfE"]
    command += ["-m", "not browser and not stack", f"--db={db}", *chosen]
    with subprocess.Popen(
        command, cwd=tree, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        text=True, start_new_session=True,
    ) as run:  # fmt: skip
        try:
            output, _ = run.communicate(timeout=SECONDS)
        except subprocess.TimeoutExpired:
            os.killpg(run.pid, signal.SIGTERM)
            run.communicate(timeout=30)
            return f"(no answer within {SECONDS} s) {chosen[0]}"
    if run.returncode == 0:
        return ""
    found = re.search(r"^(?:FAILED|ERROR) (tests/\S+)", output, re.MULTILINE)
    if run.returncode != 1 or found is None or "errors during collection" in output:
        raise Broken(f"pytest ended with {run.returncode}:\n{output[-3000:]}")
    return found[1]


def verdict(mutant: Mutant) -> Verdict:
    """Break one guard and see who notices."""
    begun, killer, trouble = time.monotonic(), "", ""
    with tempfile.TemporaryDirectory(prefix="yantuan-mutant-") as folder:
        try:
            tree = copied(Path(folder))
            apply(mutant, tree)
            killer = failing_test(tree, mutant.first, mutant.db) or failing_test(
                tree, mutant.wider, mutant.db
            )
        except Broken as error:
            trouble = str(error)
    found = Verdict(mutant, killer, time.monotonic() - begun, trouble)
    word = (
        f"killed by {found.killer}"
        if found.killer
        else f"could not run: {trouble}"
        if trouble
        else "SURVIVED"
    )
    say(f"{mutant.id:22} {found.seconds:5.0f} s  {word}")
    return found


def baseline(mutants: Iterable[Mutant]) -> None:
    """The chosen tests must pass when nothing is broken, else they prove nothing. Raises Broken."""
    chosen = list(mutants)

    def passes(db: str) -> None:
        tests = list(dict.fromkeys(test for m in chosen if m.db == db for test in m.first))
        with tempfile.TemporaryDirectory(prefix="yantuan-mutant-") as folder:
            failed = failing_test(copied(Path(folder)), tests, db)
        if failed:
            raise Broken(f"without any mutant {failed} fails on {db}")
        say(f"{'(none)':22}          {len(tests)} groups of tests pass on {db}")

    with ThreadPoolExecutor(AT_ONCE) as pool:
        list(pool.map(passes, sorted({m.db for m in chosen})))


def report(verdicts: Sequence[Verdict], seconds: float) -> str:
    """The committed page."""
    killed = sum(bool(v.killer) for v in verdicts)
    commit = subprocess.run(
        ["git", "rev-parse", "--short", "HEAD"], cwd=ROOT, capture_output=True, text=True, check=False
    ).stdout.strip()
    rows = [
        f"| `{v.mutant.id}` | {v.mutant.broken} | {v.mutant.db} | {f'`{v.killer}`' if v.killer else '**survived**'} "
        f"| {v.seconds:.0f} |"
        for v in verdicts
    ]
    return "\n".join(
        [
            "# Mutants",
            "",
            "A suite that stays green when a guard is gone proves nothing. `make mutants` breaks one guard at a time in a",
            "scratch copy of the tree and runs the tests that should notice. Fewer than 18 of 20 noticed fails the suite.",
            "",
            f"{datetime.now(UTC):%Y-%m-%d}, commit {commit}: **{killed} of {len(verdicts)} noticed** in {seconds:.0f} s, "
            "two at a time.",
            "",
            "| mutant | what is broken | database | first test that fails | seconds |",
            "|---|---|---|---|---|",
            *rows,
            "",
            "The list is `tests/mutants/catalogue.py`; the ordinary tests check that every mutant still fits the source.",
            "There are no coupons yet: the per-person limit stands in for “coupon counted late”.",
            "",
        ]
    )


def say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def main() -> int:
    parser = argparse.ArgumentParser(description="Break guards one at a time; the suite must notice.")
    parser.add_argument(
        "ids", nargs="*", choices=[[], *[m.id for m in MUTANTS]], help="only these, and no report"
    )
    parser.add_argument(
        "--proven", action="store_true", help="the tests have just passed: begin with the mutants"
    )
    given = parser.parse_args()
    chosen = [m for m in MUTANTS if not given.ids or m.id in given.ids]
    begun = time.monotonic()
    try:
        if not given.proven:
            baseline(chosen)
        with ThreadPoolExecutor(AT_ONCE) as pool:
            verdicts = list(pool.map(verdict, chosen))
    except Broken as error:
        say(f"could not run: {error}")
        return 2
    killed = sum(bool(v.killer) for v in verdicts)
    say(f"{killed} of {len(verdicts)} noticed in {time.monotonic() - begun:.0f} s")
    if any(v.trouble for v in verdicts):
        return 2
    if given.ids:
        return 0 if killed == len(verdicts) else 1
    REPORT.write_text(report(verdicts, time.monotonic() - begun))
    return 0 if killed >= NEEDED else 1


if __name__ == "__main__":
    sys.exit(main())
