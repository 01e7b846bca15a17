"""`yantuan read-supplier`: what the reader makes of a supplier's text, as JSON. Needs neither database nor settings."""

from __future__ import annotations

import argparse
import json
import sys

from yantuan.kernel.clock import now
from yantuan.readers.supplier.reader import MOST_TEXT, read


def read_supplier(_options: argparse.Namespace) -> int:
    """Print the reading of the text on standard input; exit 2 when it is too long."""
    text = sys.stdin.buffer.read().decode("utf-8-sig", errors="replace")
    if len(text) > MOST_TEXT:
        sys.stderr.write(f"文字太长，最多 {MOST_TEXT} 个字。\nAt most {MOST_TEXT} characters.\n")
        return 2
    sys.stdout.write(json.dumps(read(text, now()).as_json(), ensure_ascii=False, indent=1) + "\n")
    return 0
