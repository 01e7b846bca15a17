"""`yantuan wechat doctor`: what WeChat's side of this instance lacks, and what to do about it."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from dataclasses import asdict

import django

django.setup()

from yantuan.commands.wechat_checks import Doctor, Finding, State  # noqa: E402 - models need Django set up
from yantuan.kernel.config import config  # noqa: E402

_WORDS: dict[State, str] = {
    "ok": "正常",
    "missing": "缺少",
    "wrong": "错误",
    "unknown": "未知",
    "ask": "请核对",
}


def doctor(options: argparse.Namespace) -> int:
    """Print one line per finding. Exit 0: nothing to mend, 1: something is missing or wrong, 2: could not look everywhere."""
    found = Doctor(config(), fix=options.fix).look()
    if options.json:
        sys.stdout.write(json.dumps([asdict(one) for one in found], ensure_ascii=False, indent=1) + "\n")
    else:
        sys.stdout.write("\n".join(line(one) for one in found) + "\n")
    return status(found)


def line(found: Finding) -> str:
    """One finding for people."""
    return f"{_WORDS[found.state]}  {found.text}" + (f"  → {found.advice}" if found.advice else "")


def status(found: Sequence[Finding]) -> int:
    """The exit status of these findings; what only a person can see counts as good."""
    states = {one.state for one in found}
    if states & {"missing", "wrong"}:
        return 1
    return 2 if "unknown" in states else 0
