"""A table pasted from a sheet: its heading says what each column is, so each row can be written out in words."""

from __future__ import annotations

import re

_CELLS = re.compile(r"\s*[|｜]\s*|\t+|\s{2,}")
_COLUMNS = (
    ("", re.compile(r"(?:商品|产品|货品|品名|名称|品种)(?:名称?)?")),
    ("", re.compile(r"规格|包装|净重|重量|含量|型号|单位")),
    ("供货价", re.compile(r"(?:供货|供应|成本|拿货|结算|进货|代理|底)价?(?:格)?")),
    ("原价", re.compile(r"(?:零售|市场|原|超市|日常|门店|建议零售)价?(?:格)?")),
    ("团购价", re.compile(r"(?:团购?|售|单|现|优惠|活动|群|到手|建议售)?价(?:格)?|团购|团长?价|售价")),
    ("限购", re.compile(r"限购(?:数量)?|限量")),
    ("库存", re.compile(r"库存(?:数量)?|现货|数量")),
    (None, re.compile(r"序号|编号|no\.?|备注|说明|产地|产区|品牌|保质期|图片", re.IGNORECASE)),
)
_UNIT = re.compile(r"\s*[(（/].*$")
MOST_COLUMNS = 12


def written_out(lines: list[str]) -> list[str]:
    """The same lines, rows of a table written as a supplier would say them: `菜籽油 5L 原价79.9 团购价65`."""
    found, columns = [], None
    for line in lines:
        cells = [cell.strip() for cell in _CELLS.split(line.strip().strip("|｜"))] if line.strip() else []
        heading = _heading(cells)
        if heading is not None:
            columns = heading
            found.append("")
        elif columns and len(cells) == len(columns):
            found.append(_row(cells, columns))
        else:
            columns = columns if set(line.strip()) <= set("-|:+｜ ") and line.strip() else None
            found.append(line if columns is None else "")
    return found


def _heading(cells: list[str]) -> list[str | None] | None:
    """What each column is, where a line names at least goods and one price."""
    if not 2 <= len(cells) <= MOST_COLUMNS:
        return None
    columns: list[str | None] = []
    for cell in cells:
        bare = _UNIT.sub("", cell)
        hit = next((word for word, pattern in _COLUMNS if pattern.fullmatch(bare)), "?")
        if hit == "?":
            return None
        columns.append(hit)
    return columns if "" in columns and any(word and word.endswith("价") for word in columns) else None


def _row(cells: list[str], columns: list[str | None]) -> str:
    said = [cell for cell, word in zip(cells, columns, strict=True) if word == "" and cell]
    priced = [(word, cell) for cell, word in zip(cells, columns, strict=True) if word and cell]
    if not any(word == "团购价" for word, _ in priced):
        # A table with one price only: whatever it is called, it is what the leader sells at.
        priced = [("团购价" if word == "原价" else word, cell) for word, cell in priced]
    order = ("原价", "团购价", "供货价", "限购", "库存")
    return " ".join(
        [*said, *(f"{word}{cell}" for word, cell in sorted(priced, key=lambda p: order.index(p[0])))]
    )
