"""Read a supplier's whole text. Linear in its length; what is not said stays empty, what is unclear is listed."""

from __future__ import annotations

from datetime import datetime

from yantuan.readers.supplier.building import Builder
from yantuan.readers.supplier.lines import lines_of
from yantuan.readers.supplier.result import Reading, Unclear

MOST_TEXT = 100_000
"""Characters of one text; a longer one is no message."""
MOST_LINE = 500
"""Characters of one line in which facts are looked for; a longer one goes into the introduction as it is."""
MOST_BLOCK = 2_000
MOST_BLOCKS = 10


def read(text: str, now: datetime) -> Reading:
    """The pieces of a sale in `text`, days seen from `now` (aware). Raises ValueError above MOST_TEXT characters."""
    if len(text) > MOST_TEXT:
        raise ValueError("text too long")
    builder = Builder(Reading(), now)
    for line in lines_of(text):
        if len(line.raw) > MOST_LINE:
            builder.unclear(
                line, "这一行太长，没有从里面读商品和价格", "This line is too long to read goods from."
            )
            builder.keep(line)
        elif not line.folded.text.strip():
            builder.rest(line)
        else:
            builder.take(line)
    reading = builder.finish()
    _introduce(reading, builder.body)
    return reading


def _introduce(reading: Reading, body: list[str]) -> None:
    """The introduction in blocks a sale takes."""
    whole = "\n".join(body).strip()
    blocks = [whole[at : at + MOST_BLOCK].strip() for at in range(0, len(whole), MOST_BLOCK)]
    reading.blocks = [block for block in blocks if block][:MOST_BLOCKS]
    if len(blocks) > MOST_BLOCKS:
        reading.unclear.append(
            Unclear(
                0, "", f"介绍太长，只放进了前 {MOST_BLOCK * MOST_BLOCKS} 个字", "The introduction was cut."
            )
        )
