"""Finds words of the table in texts: in their context, so that `最佳食用期`, `第一次` and `有机会` are no findings."""

from __future__ import annotations

import re
import tomllib
import unicodedata
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Final, cast

from yantuan.readers.compliance.result import Both, Finding, Said, Severity

_TABLE: Final = Path(__file__).with_name("words.toml")
_AROUND: Final = 8
"""Characters shown before and after a hit."""
_MOST_PER_RULE: Final = 3
"""Findings of one rule in one text: more would bury the others."""
_NOT_SHOWN: Final = dict.fromkeys(
    [*range(0x200B, 0x2010), *range(0x202A, 0x202F), *range(0x2060, 0x2070), 0xFEFF, 0xAD]
)
_BETWEEN = re.compile(r"(?<=[\u4e00-\u9fff])[ \t·.\-_*~|]+(?=[\u4e00-\u9fff])")
_DENIED = re.compile(
    r"(?:不|没有?|无|非|别|勿|拒绝|禁止|不能|不得|不可|不具备?|未)(?:能|得|可以?|会|是|要|敢|用于|具有|具备|宣传|承诺|追求|参与|参加|保证|存在|做|搞|有)?(?:所谓的?|任何|什么|个)?$"
)


@dataclass(frozen=True, slots=True)
class Rule:
    """One row of the table."""

    code: str
    severity: Severity
    only_goods: bool
    hit: re.Pattern[str]
    fine: tuple[re.Pattern[str], ...]
    denied: bool
    unless_category: str
    why: Both
    law: Both
    mend: Both


@lru_cache(maxsize=1)
def table() -> tuple[Rule, ...]:
    """The table, read once."""
    data = tomllib.loads(_TABLE.read_text(encoding="utf-8"))
    laws = cast(dict[str, list[str]], data["laws"])
    return tuple(
        Rule(
            row["code"], row["severity"], row.get("where", "all") == "goods", re.compile("|".join(row["hit"]), re.IGNORECASE),
            tuple(re.compile(one, re.IGNORECASE) for one in row["fine"]), row.get("denied", False), row.get("unless_category", ""),
            (row["why"], row["why_en"]),
            (f"《{laws[row['law']][0]}》{row['article']}", f"{laws[row['law']][1]}, {row['article_en']}"),
            (row["mend"], row["mend_en"]),
        )
        for row in data["rule"]
    )  # fmt: skip


def folded(text: str) -> str:
    """The text as it is compared: full width half, invisible marks gone, nothing between characters (`最 佳` is `最佳`)."""
    return _BETWEEN.sub("", unicodedata.normalize("NFKC", text.translate(_NOT_SHOWN)))


def read(texts: Iterable[Said], categories: Collection[str] = ()) -> list[Finding]:
    """Everything the table finds in these texts; `categories` are those the goods belong to."""
    found: list[Finding] = []
    for said in texts:
        text = folded(said.text)
        for rule in table():
            if (said.is_goods or not rule.only_goods) and rule.unless_category not in categories:
                found += [_finding(rule, said, text, hit) for hit in _hits(rule, text)]
    return found


def _hits(rule: Rule, text: str) -> Iterator[re.Match[str]]:
    fine = [span.span() for pattern in rule.fine for span in pattern.finditer(text)]
    seen: set[str] = set()
    for hit in rule.hit.finditer(text):
        start, end = hit.span()
        if any(first <= start and end <= last for first, last in fine) or hit[0] in seen:
            continue
        if rule.denied and _DENIED.search(text[max(0, start - 8) : start]):
            continue
        seen.add(hit[0])
        yield hit
        if len(seen) == _MOST_PER_RULE:
            return


def _finding(rule: Rule, said: Said, text: str, hit: re.Match[str]) -> Finding:
    return Finding(
        rule.code,
        rule.severity,
        said.field,
        said.place,
        around(text, *hit.span()),
        hit[0],
        rule.why,
        rule.law,
        rule.mend,
    )


def around(text: str, start: int, end: int) -> str:
    """The hit with a little of its line on both sides."""
    first = max(text.rfind("\n", 0, start) + 1, start - _AROUND)
    stop = text.find("\n", end)
    last = min(len(text) if stop < 0 else stop, end + _AROUND)
    return (
        ("…" if first > 0 and text[first - 1] != "\n" else "")
        + text[first:last].strip()
        + ("…" if last < len(text) and text[last] != "\n" else "")
    )
