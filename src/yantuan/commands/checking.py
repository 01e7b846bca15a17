"""The self-check of another place: run in a process of its own on a restored copy, and read back."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping


class CouldNotCheck(Exception):
    """The check itself fell over; carries the end of its words."""


def checked(environment: Mapping[str, str]) -> list[tuple[str, str]]:
    """(rule, severity) of everything `yantuan check` finds in the instance of this environment. Raises CouldNotCheck."""
    done = subprocess.run(
        [sys.executable, "-m", "yantuan", "check", "--json"],
        env=dict(environment), capture_output=True, text=True, check=False,
    )  # fmt: skip
    # A program that fell over also ends with 1: only one that had something to say has checked.
    if done.returncode not in (0, 1) or not done.stdout.strip():
        raise CouldNotCheck(done.stderr.strip()[-300:])
    return [(one["rule"], one["severity"]) for one in json.loads(done.stdout)["violations"]]
