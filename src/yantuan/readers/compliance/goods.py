"""What kinds of goods a sale has, and which papers each kind needs."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Final, Literal

from yantuan.readers.compliance.result import Both, Finding, Said
from yantuan.readers.compliance.texts import around, folded

_TABLE: Final = Path(__file__).with_name("categories.toml")
Seller = Literal["person", "individual_business", "company", ""]
"""How the leader is certified; empty: not known."""
_FOODS: Final = frozenset(
    {"alcohol", "infant_formula", "health_food", "home_made", "ready_food", "packaged_food"}
)
_MINORS = re.compile(r"未成年|未满(?:18|十八)")


@dataclass(frozen=True, slots=True)
class Category:
    """One row of the table."""

    code: str
    name: Both
    hit: re.Pattern[str]
    fine: tuple[re.Pattern[str], ...]
    law: Both
    papers: Both


@lru_cache(maxsize=1)
def table() -> tuple[Category, ...]:
    """The table, read once; what stands first is the more special kind."""
    data = tomllib.loads(_TABLE.read_text(encoding="utf-8"))
    return tuple(
        Category(
            row["code"], (row["name"], row["name_en"]), re.compile("|".join(row["hit"]), re.IGNORECASE),
            tuple(re.compile(one, re.IGNORECASE) for one in row["fine"]), (row["law"], row["law_en"]),
            (row["papers"], row["papers_en"]),
        )
        for row in data["category"]
    )  # fmt: skip


def kinds_of(title: str) -> list[str]:
    """The kinds a title of goods belongs to: at most one kind of food, the most special."""
    text = folded(title)
    found = [one.code for one in table() if _hit(one, text)]
    foods = [code for code in found if code in _FOODS]
    return [code for code in found if code not in foods[1:]]


def _hit(category: Category, text: str) -> re.Match[str] | None:
    fine = [span.span() for pattern in category.fine for span in pattern.finditer(text)]
    for hit in category.hit.finditer(text):
        if not any(first <= hit.start() and hit.end() <= last for first, last in fine):
            return hit
    return None


def papers(goods: Iterable[Said], texts: Iterable[Said], seller: Seller) -> list[Finding]:
    """One finding per kind that needs papers, at its first goods; never more than advice: papers are not seen here."""
    first: dict[str, Said] = {}
    for said in goods:
        for code in kinds_of(said.text):
            first.setdefault(code, said)
    warned = any(_MINORS.search(said.text) for said in texts)
    return [_finding(one, first[one.code], seller, warned) for one in table() if one.code in first]


def _finding(category: Category, said: Said, seller: Seller, warned: bool) -> Finding:
    text = folded(said.text)
    hit = _hit(category, text)
    excerpt = around(text, *hit.span()) if hit else ""
    why = (
        f"像是{category.name[0]}，卖之前要有相应的资质",
        f"Looks like: {category.name[1].lower()}. It needs papers",
    )
    if seller == "person":
        why = (
            f"像是{category.name[0]}，你是个人认证，没有登记营业执照：要资质的商品一般要先办执照",
            f"Looks like: {category.name[1].lower()}. You are certified as a person, without a business licence",
        )
    mend = category.papers
    if category.code == "alcohol" and not warned:
        mend = (f"{mend[0]}（现在页面上没有写）", f"{mend[1]} (it does not yet)")
    return Finding(
        f"papers_{category.code}",
        "advice",
        said.field,
        said.place,
        excerpt,
        hit[0] if hit else "",
        why,
        category.law,
        mend,
    )
