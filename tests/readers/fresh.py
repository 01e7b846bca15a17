"""Counts the address and supplier readers on sets of texts that were written before any of them was read."""

from __future__ import annotations

import json
import re
import unicodedata
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from yantuan.kernel.clock import CHINA
from yantuan.readers.address import read as read_address
from yantuan.readers.supplier.reader import read as read_supplier
from yantuan.readers.supplier.result import Reading, Spec

HERE = Path(__file__).parent
NOW = datetime(2026, 11, 23, 10, 0, tzinfo=CHINA)
"""When the suppliers' texts are read: a Monday."""
FIELDS = ("name", "phone", "phone_ext", "province", "city", "district", "street_or_town", "detail", "note", "missing")  # fmt: skip
FACTS = ("cost_fen", "market_fen", "limit", "stock")


@dataclass
class Count:
    """`right` of what was asked, `wrong` what was answered beside it, `missed` what was not found."""

    right: int = 0
    wrong: int = 0
    missed: int = 0
    bad: list[str] = field(default_factory=list)

    @property
    def precision(self) -> float:
        return self.right / max(1, self.right + self.wrong)

    @property
    def recall(self) -> float:
        return self.right / max(1, self.right + self.missed)


def load(name: str, kind: str) -> list[dict[str, Any]]:
    """The cases of one set, in the order of their names."""
    return [json.loads(p.read_text(encoding="utf-8")) for p in sorted((HERE / name / kind).glob("*.json"))]


def addresses(name: str) -> Count:
    """Fields of all addresses; `wrong` are those filled with something else, `missed` those left empty."""
    total = Count()
    for case in load(name, "addresses"):
        found = read_address(case["text"]).as_dict()
        for key in FIELDS:
            want, got = _plain(case["expected"][key]), _plain(found[key])
            if want == got:
                total.right += 1
                continue
            total.bad.append(f"{case['id']} {key}: {got!r} for {want!r}")
            if got is not None and key != "missing":
                total.wrong += 1
            else:
                total.missed += 1
    return total


def _plain(value: object) -> object:
    if isinstance(value, str):
        return unicodedata.normalize("NFKC", value)
    return frozenset(value) if isinstance(value, list) else value


def suppliers(name: str) -> tuple[Count, Count]:
    """Variants as (goods, variant, price), then what is said beside them: limits, stock, other prices, end, delivery."""
    variants, said = Count(), Count()
    for case in load(name, "supplier"):
        reading = read_supplier(case["text"], NOW)
        left = [(good.title, spec) for good in reading.goods for spec in good.specs]
        for good in case["expected"]["goods"]:
            for want in good["specs"]:
                names = {_letters(title + spec) for title in good["titles"] for spec in want["names"]}
                hit = next((h for h in left if _is(h, names, want["price_fen"])), None)
                if hit is None:
                    variants.missed += 1
                    variants.bad.append(f"{case['id']}: no {good['titles'][0]} {want['names'][0]}")
                    continue
                left.remove(hit)
                variants.right += 1
                for key in FACTS:
                    _compare(said, case["id"], key, want.get(key), getattr(hit[1], key) or None)
        variants.wrong += len(left)
        variants.bad += [f"{case['id']}: also {title} {spec.name} {spec.price_fen}" for title, spec in left]
        _whole(said, case, reading)
    return variants, said


def _is(found: tuple[str, Spec], names: set[str], fen: int) -> bool:
    return found[1].price_fen == fen and _letters(found[0] + found[1].name) in names


def _whole(said: Count, case: dict[str, Any], reading: Reading) -> None:
    ends = reading.ends_at.strftime("%Y-%m-%d %H:%M") if reading.ends_at else None
    for key, got in (("ends", ends), ("courier", reading.courier), ("pickup", reading.pickup)):
        _compare(said, case["id"], key, case["expected"][key], got)


def _compare(said: Count, case: str, key: str, want: object, got: object) -> None:
    if want == got:
        said.right += want is not None
        return
    said.bad.append(f"{case} {key}: {got!r} for {want!r}")
    said.wrong += got is not None
    said.missed += want is not None


def _letters(text: str) -> str:
    return re.sub(r"[\W_]", "", unicodedata.normalize("NFKC", text)).lower()
