"""To which variants a limit or a stock belongs."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import TYPE_CHECKING

from yantuan.readers.supplier.facts import Facts
from yantuan.readers.supplier.lines import Line
from yantuan.readers.supplier.result import Mark, Spec

if TYPE_CHECKING:
    from yantuan.readers.supplier.building import Builder


_ALL = re.compile(r"全场|全部|所有|每[款样种]|各限|均限|都限")


def _below_a_list(builder: Builder, line: Line) -> bool:
    """Whether a line of its own follows goods of a line each: then it speaks of all of them."""
    begun = builder.begun
    return len(begun) > 1 and begun[-1] - begun[-2] == 1 and begun[-1] < line.number


def apply_counts(builder: Builder, line: Line, facts: Facts, source: str, prices: int) -> None:
    """Limits and stock of one clause, `prices` of which were read from it."""
    own = builder.made[-prices:] if prices else builder.made
    if facts.limit:
        if own:
            _limit(own, facts.limit, Mark("sure" if len(own) == 1 else "likely", source))
        elif _ALL.search(line.folded.text):
            builder.loose.append(("limit", facts.limit, Mark("likely", source)))
        elif (
            builder.good
            and not _below_a_list(builder, line)
            and not (builder.gap and len(builder.reading.goods) > 1)
        ):
            _limit(builder.good.specs, facts.limit, Mark("likely", source))
        else:
            builder.loose.append(("limit", facts.limit, Mark("guess", source)))
    if facts.stock is not None:
        alone = own or (builder.good.specs if builder.good and not _general(builder) else [])
        if len(alone) == 1 and alone[0].stock is None:
            alone[0].stock, alone[0].stock_mark = facts.stock, Mark("sure" if own else "likely", source)
        elif not builder.reading.goods:
            builder.loose.append(("stock", facts.stock, Mark("guess", source)))
        else:
            builder.unclear(
                line, "库存说的是哪个商品分不清，没有填", "Whose stock this is was not clear.", source
            )


def _general(builder: Builder) -> bool:
    return builder.gap and len(builder.reading.goods) > 1


def _limit(specs: Iterable[Spec], limit: int, mark: Mark) -> None:
    for spec in specs:
        if not spec.limit:
            spec.limit, spec.limit_mark = limit, mark


def spread(builder: Builder) -> None:
    """What was said of the whole sale, once all goods are known."""
    specs = [spec for good in builder.reading.goods for spec in good.specs]
    for kind, number, mark in builder.loose:
        if kind == "limit":
            _limit(specs, number, mark)
        elif len(specs) == 1 and specs[0].stock is None:
            specs[0].stock, specs[0].stock_mark = number, mark
