"""Records beside each other and beside the library: which belong together, which are there already."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from yantuan.catalog.imports.codes import RANK, severity_of
from yantuan.catalog.imports.reading import Record
from yantuan.catalog.models import Product, Sku
from yantuan.catalog.rules import MAX_SKUS
from yantuan.readers.text import plain


@dataclass(frozen=True, slots=True)
class Kept:
    """Goods of the library with its variants by the key of their name: (id, price in fen)."""

    product_id: int
    skus: Mapping[str, tuple[int, int]]


@dataclass(slots=True)
class Verdict:
    """What becomes of a record. `good` numbers the goods of the sheet; the ids are the library's, where it has them."""

    record: Record
    good: int
    problems: list[tuple[str, dict[str, int]]] = field(default_factory=list)
    product_id: int | None = None
    sku_id: int | None = None

    @property
    def severity(self) -> str:
        return severity_of([code for code, _ in self.problems])


def key_of(name: str) -> str:
    """A name as names are compared: the same goods, whatever the blanks, widths and capitals."""
    return plain(name).replace(" ", "")


def library(store_id: int, titles: Iterable[str]) -> dict[str, Kept]:
    """The store's live goods with these titles; the newest of two with one title."""
    wanted = {key_of(title) for title in titles}
    rows = (
        Product.objects.filter(store_id=store_id, archived_at=None).order_by("id").values_list("id", "title")
    )
    known = {key: product_id for product_id, title in rows if (key := key_of(title)) in wanted}
    skus: dict[int, dict[str, tuple[int, int]]] = defaultdict(dict)
    live = Sku.objects.filter(product__in=list(known.values()), archived_at=None)
    for sku_id, product_id, name, price in live.values_list("id", "product_id", "name", "price_fen"):
        skus[product_id][key_of(name)] = (sku_id, price)
    return {key: Kept(product_id, skus[product_id]) for key, product_id in known.items()}


def judge(records: Iterable[Record], kept: Mapping[str, Kept]) -> list[Verdict]:
    """Every record with all that is to be said of it, the weightiest first."""
    groups: dict[str, list[Verdict]] = {}
    found = []
    for record in records:
        key = key_of(record.title) or f"\0{record.row}"
        group = groups.setdefault(key, [])
        good = group[0].good if group else len(groups) - 1
        verdict = Verdict(record, good, [(code, {}) for code in dict.fromkeys(record.flaws)])
        group.append(verdict)
        found.append(verdict)
    for key, group in groups.items():
        _among(group)
        if key in kept:
            _beside(group, kept[key])
        elif not any(one.record.pictures for one in group):
            for one in group:
                one.problems.append(("picture_missing", {}))
    for verdict in found:
        verdict.problems.sort(key=lambda problem: RANK[problem[0]])
    return found


def _among(group: list[Verdict]) -> None:
    """Variants of one product must be told apart."""
    first: dict[str, int] = {}
    for place, one in enumerate(group):
        key = key_of(one.record.spec)
        if key in first:
            one.problems.append(("row_repeated", {"row": first[key]}))
        elif not key and len({key_of(other.record.spec) for other in group}) > 1:
            one.problems.append(("spec_missing", {}))
        elif place >= MAX_SKUS:
            one.problems.append(("spec_too_many", {}))
        first.setdefault(key, one.record.row)


def _beside(group: list[Verdict], kept: Kept) -> None:
    """Goods the library has are not made again; only the variants it has can be offered from it."""
    for one in group:
        one.product_id = kept.product_id
        sku = kept.skus.get(key_of(one.record.spec))
        if sku is None:
            one.problems.append(("spec_not_in_library", {}))
            continue
        one.sku_id = sku[0]
        one.problems = [p for p in one.problems if p[0] != "stock_missing"]
        one.problems.append(("known", {}))
        if one.record.price_fen is not None and one.record.price_fen != sku[1]:
            one.problems.append(("price_differs", {"fen": sku[1]}))
