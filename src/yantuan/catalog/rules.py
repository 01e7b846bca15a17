"""Pure rules of products and their variants."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Final

from yantuan.kernel.errors import Invalid

MAX_SKUS: Final = 50


@dataclass(frozen=True)
class SkuPlan:
    """What a PUT does to variants: `changed` pairs an existing id with its place in the body, `added` are places of
    new ones, `archived` are ids that were left out."""

    changed: list[tuple[int, int]]
    added: list[int]
    archived: list[int]


def plan_skus(existing: Collection[int], ids: Sequence[int | None], names: Sequence[str]) -> SkuPlan:
    """Sort a body's variants into changed, added and left out.

    Raises Invalid `sku_unknown` for an id that isn't one of the product's live variants, `sku_repeated` for the same
    id twice, `sku_name_missing` and `sku_name_repeated` for names that don't tell variants apart.
    """
    known = [i for i in ids if i is not None]
    if len(set(known)) != len(known):
        raise Invalid("sku_repeated", "同一个规格出现了两次", "A variant is listed twice.", field="skus")
    if not set(known) <= set(existing):
        raise Invalid("sku_unknown", "规格不存在或已停用", "Unknown variant.", field="skus")
    if not 1 <= len(names) <= MAX_SKUS:
        raise Invalid(
            "sku_count", f"规格要有 1 到 {MAX_SKUS} 个", "A product has 1 to 50 variants.", field="skus"
        )
    if len(names) > 1 and not all(names):
        raise Invalid(
            "sku_name_missing", "有多个规格时，每个都要有名称", "Every variant needs a name.", field="skus"
        )
    if len({name.casefold() for name in names}) != len(names):
        raise Invalid("sku_name_repeated", "规格名称不能重复", "Names of variants must differ.", field="skus")
    return SkuPlan(
        changed=[(i, place) for place, i in enumerate(ids) if i is not None],
        added=[place for place, i in enumerate(ids) if i is None],
        archived=sorted(set(existing) - set(known)),
    )
