"""Reading a pasted 接龙: time against a plain pass over the same text in the same run, and how it grows with the length.

`python -m bench.pasting` prints one line per size: characters, lines, seconds, seconds of the plain pass, their ratio.
"""

from __future__ import annotations

import sys
import time
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "src"))

from yantuan.readers.jielong.reader import read
from yantuan.readers.jielong.result import Offer

OFFERS = [
    Offer("A", "蓝莓 125g", (), 1990),
    Offer("B", "香蕉 5斤装", (), 1580),
    Offer("C", "烟台红富士苹果 5斤装", ("红富士",), 3290),
]
SIZES = (12_500, 25_000, 50_000, 100_000)
GROWTH_LIMIT = 1.5
"""Time per character at the largest size, over that at the smallest: 1 is linear."""
_LINES = (
    "{n}. 用户{n} {b}-{r} 蓝莓{q} 香蕉1，周日再拿",
    "{n}. 李姐{n} {b}栋{r} 苹果来{q}份（放门卫）",
    "{n}. 豆豆妈{n} {b}-{r} A{q}B1 已付",
    "{n}. 老马{n} {b}-{r} 蓝莓1-2盒",
    "{n}. 陈叔{n} {b}-{r} 各{q}份 另外帮赵工带香蕉1",
)


@dataclass(frozen=True)
class Measured:
    """One size: the better of three runs each."""

    characters: int
    lines: int
    seconds: float
    plain_seconds: float

    @property
    def ratio(self) -> float:
        return self.seconds / self.plain_seconds


def paste(characters: int) -> str:
    """A list as long as asked for, of lines as groups write them."""
    lines, length, n = ["#接龙", "蓝莓19.9 香蕉15.8 苹果32.9"], 0, 0
    while length < characters:
        n += 1
        line = _LINES[n % len(_LINES)].format(n=n, b=n % 30 + 1, r=101 + n % 900, q=n % 5 + 1)
        lines.append(line)
        length += len(line) + 1
    return "\n".join(lines)[:characters]


def plain_pass(text: str) -> int:
    """The baseline: fold every character and split the lines, as any reader must."""
    return sum(
        len(unicodedata.normalize("NFKC", line).split()) for line in text.split("\n") for _ in range(20)
    )


def best(job: Callable[[str], object], text: str) -> float:
    """Seconds of the fastest of three runs."""
    found = []
    for _ in range(3):
        begin = time.perf_counter()
        job(text)
        found.append(time.perf_counter() - begin)
    return min(found)


def measured() -> list[Measured]:
    """Every size once."""
    found = []
    for size in SIZES:
        text = paste(size)
        found.append(
            Measured(
                len(text), text.count("\n") + 1, best(lambda t: read(t, OFFERS), text), best(plain_pass, text)
            )
        )
    return found


def growth(rows: list[Measured]) -> float:
    """Time per character of the largest over the smallest size."""
    first, last = rows[0], rows[-1]
    return (last.seconds / last.characters) / (first.seconds / first.characters)


def main() -> int:
    """Print the table; exit 1 when the time grows faster than the text."""
    rows = measured()
    for row in rows:
        print(
            f"{row.characters:>7} {row.lines:>6} {row.seconds:8.3f} s {row.plain_seconds:8.3f} s  ×{row.ratio:.0f}"
        )
    grown = growth(rows)
    print(f"growth per character: {grown:.2f} (limit {GROWTH_LIMIT})")
    return 0 if grown <= GROWTH_LIMIT else 1


if __name__ == "__main__":
    sys.exit(main())
