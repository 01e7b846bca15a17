"""`yantuan read-address`: what the address reader makes of a text, as JSON. Needs neither database nor settings."""

from __future__ import annotations

import argparse
import json
import sys

from yantuan.readers.address import read


def read_address(_options: argparse.Namespace) -> int:
    """Print the reading of the text on standard input, one field a line."""
    text = sys.stdin.buffer.read().decode("utf-8-sig", errors="replace")
    sys.stdout.write(json.dumps(read(text).as_dict(), ensure_ascii=False, indent=1) + "\n")
    return 0
