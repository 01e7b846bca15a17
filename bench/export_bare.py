"""Writes pickled rows of cells with XlsxWriter and nothing else, streaming as the product does; prints time, size and memory."""

from __future__ import annotations

import json
import pickle
import resource
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import xlsxwriter

_OPTIONS = {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}  # fmt: skip


def rows_in(path: Path) -> Iterator[list[Any]]:
    """One row after the other; amounts are floats."""
    with path.open("rb") as file:
        while True:
            try:
                yield pickle.load(file)
            except EOFError:
                return


def peak_mib() -> float:
    """The most memory this process has held."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def main(source: Path, target: Path) -> None:
    before, began, cpu = peak_mib(), time.perf_counter(), time.process_time()
    book = xlsxwriter.Workbook(target, _OPTIONS)
    sheet, money, rows = book.add_worksheet(), book.add_format({"num_format": "0.00"}), 0
    for number, cells in enumerate(rows_in(source), 1):
        rows = number
        for column, cell in enumerate(cells):
            if isinstance(cell, float):
                sheet.write_number(number, column, cell, money)
            elif isinstance(cell, int):
                sheet.write_number(number, column, cell)
            elif cell:
                sheet.write_string(number, column, cell)
    book.close()
    found = {
        "rows": rows, "seconds": round(time.perf_counter() - began, 2), "cpu_seconds": round(time.process_time() - cpu, 2),
        "file_mib": round(target.stat().st_size / 2**20, 2), "peak_mib": round(peak_mib(), 1), "grown_mib": round(peak_mib() - before, 1),
    }  # fmt: skip
    sys.stdout.write(json.dumps(found))


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
