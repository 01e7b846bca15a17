"""`yantuan person export` and `forget`: a person's copy of what is held of them, and their leaving."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

import django

# The console's parts are not needed here, and starting is faster without them.
os.environ["YANTUAN_ROLE"] = "worker"
django.setup()

from yantuan.kernel.actors import Actor  # noqa: E402 - models can be imported only after Django is set up
from yantuan.kernel.errors import AppError  # noqa: E402
from yantuan.privacy import copying, forgetting  # noqa: E402

OPERATOR = Actor("operator")
"""Whoever has the machine's command line."""


def export(options: argparse.Namespace) -> int:
    """Write the copy below a folder; exit 2 when there is no such person, or a copy stands there already."""
    try:
        folder = copying.write(copying.find(options.person), Path(options.to), OPERATOR)
    except AppError as error:
        return _said(error)
    except FileExistsError as error:
        sys.stderr.write(f"{error.filename} 已经存在，没有写入 (stands there already; nothing was written)\n")
        return 2
    sys.stdout.write(f"{folder}: 只可交给本人 (for this person only)\n")
    return 0


def forget(options: argparse.Namespace) -> int:
    """Erase a person. Without --yes only say what would happen. Exit 1 not done, 2 refused."""
    try:
        person = copying.find(options.person)
        busy = forgetting.obstacles(person.id)
        if not options.yes:
            waits = "；".join(f"{one.count} {one.zh}" for one in busy) or "没有未完成的事，可以注销"
            sys.stdout.write(f"{person.id}: {waits}\n确认请加 --yes (nothing was done; add --yes)\n")
            return 1
        forgetting.forget(person.id, options.reason, OPERATOR)
    except AppError as error:
        return _said(error)
    sys.stdout.write(f"{person.id}: 已注销，照片随后由后台进程删除 (forgotten)\n")
    return 0


def _said(error: AppError) -> int:
    sys.stderr.write(f"{error.zh}\n{error.en}\n")
    return 2
