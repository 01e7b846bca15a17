"""`yantuan read-jielong`: what a reader makes of a text, as JSON. Needs neither database nor settings."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from yantuan.readers.jielong.reader import read
from yantuan.readers.jielong.result import offers_from


def read_jielong(options: argparse.Namespace) -> int:
    """Print the reading of a case file in the shape of its `expected`; exit 2 when the file is none."""
    try:
        case = json.loads(Path(options.file).read_text(encoding="utf-8-sig"))
        offers, text = offers_from(case["offers"]), str(case["text"])
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        sys.stderr.write(f"读不出这个文件：要有 offers 和 text。\nNot a case with offers and text: {error}\n")
        return 2
    sys.stdout.write(json.dumps(read(text, offers).as_json(), ensure_ascii=False, indent=1) + "\n")
    return 0
