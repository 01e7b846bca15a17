"""`yantuan timeline`: what happened to one order."""

from __future__ import annotations

import argparse
import json
import os
import sys
from dataclasses import asdict

import django

# The console's parts are not needed here, and starting is faster without them.
os.environ["YANTUAN_ROLE"] = "worker"
django.setup()

from yantuan.health.timeline import find  # noqa: E402 - models can be imported only after Django is set up
from yantuan.health.timeline import timeline as timeline_of  # noqa: E402
from yantuan.kernel.clock import CHINA  # noqa: E402
from yantuan.kernel.errors import AppError  # noqa: E402


def timeline(options: argparse.Namespace) -> int:
    """Print the timeline; exit 2 when no order has the number."""
    try:
        order = find(options.number)
        entries = timeline_of(order)
    except AppError as error:
        sys.stderr.write(f"{error.zh}\n{error.en}\n")
        return 2
    if options.json:
        body = {"order_id": str(order.id), "entries": [asdict(e) | {"at": e.at.isoformat()} for e in entries]}
        sys.stdout.write(json.dumps(body, ensure_ascii=False, indent=1) + "\n")
        return 0
    sys.stdout.write(
        f"订单 {order.id}  #{order.number}  {order.payment} / {order.delivery} / {order.aftersale}\n"
    )
    for e in entries:
        at = e.at.astimezone(CHINA).strftime("%m-%d %H:%M:%S.%f")[:-3]
        sys.stdout.write(
            f"{at}  {e.kind}  {e.what}  {f'[{e.who}]' if e.who else ''}  {e.detail}".rstrip() + "\n"
        )
    return 0
