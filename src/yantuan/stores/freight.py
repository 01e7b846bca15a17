"""Freight templates: what sending costs by region, by piece or by weight. Pure.

A template is plain data like the options of a sale: the API takes and shows these dataclasses, rows keep them as JSON.
The most exact region wins: a district over its city, a city over its province, any of them over `rest`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Annotated, Any, Final, Literal, Protocol

import msgspec
from pydantic import Field

from yantuan.kernel.errors import Conflict, Invalid
from yantuan.kernel.http import Text
from yantuan.kernel.money import price_text
from yantuan.stores.distance import (
    Distance,
    address_unmarked,
    band_fen,
    check_distance,
    distance_fen,
    distance_table,
    distance_text,
)

Region = Annotated[Text, Field(min_length=2, max_length=62)]
"""`浙江省`, `浙江省 杭州市` or `浙江省 杭州市 西湖区`: parts divided by one space."""
RuleFen = Annotated[int, Field(strict=True, ge=0, le=100_000_00)]
Units = Annotated[int, Field(strict=True, ge=1, le=1_000_000)]
MAX_RULES: Final = 40


@dataclass(frozen=True, slots=True, kw_only=True)
class FreightRule:
    """What sending to these regions costs; amounts in fen, units in pieces or grams as the template says."""

    regions: Annotated[tuple[Region, ...], Field(max_length=400)] = ()
    """Empty for the rest of the country."""
    refused: bool = False
    """Not delivered there."""
    first: Units = 1
    first_fen: RuleFen = 0
    more: Units = 1
    """Each further `more` units, begun ones included, cost `more_fen`."""
    more_fen: RuleFen = 0
    free_above_fen: Annotated[int, Field(strict=True, ge=0, le=100_000_000_00)] = 0
    """Goods of this worth travel free; 0: never."""
    free_pieces: Annotated[int, Field(strict=True, ge=0, le=9999)] = 0
    """So many pieces travel free; 0: never."""
    least_fen: Annotated[int, Field(strict=True, ge=0, le=100_000_000_00)] = 0
    """起送: goods of less worth are not sent there; 0: no such bound."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FreightTemplate:
    """Rules by region and one for the rest."""

    by: Literal["piece", "weight"] = "piece"
    rest: FreightRule
    """The rest of the country."""
    rules: Annotated[tuple[FreightRule, ...], Field(max_length=MAX_RULES)] = ()
    distance: Distance | None = None
    """Delivery in town by distance, in the place of all regions: then `rest` is empty and there are no `rules`."""


@lru_cache(maxsize=512)
def freight_template(text: str | None) -> FreightTemplate | None:
    """A store's template from its row's JSON text."""
    return msgspec.json.decode(text, type=FreightTemplate | None) if text else None


def freight_template_of(kept: dict[str, Any] | None) -> FreightTemplate | None:
    """The same from a row read through the ORM."""
    return msgspec.convert(kept, FreightTemplate) if kept else None


class Place(Protocol):
    """Where a parcel goes."""

    @property
    def province(self) -> str: ...
    @property
    def city(self) -> str: ...
    @property
    def district(self) -> str: ...


@dataclass(frozen=True, slots=True)
class Load:
    """What one parcel carries: worth of the goods in fen before deductions, pieces, grams."""

    goods_fen: int = 0
    pieces: int = 0
    grams: int = 0

    def plus(self, other: Load) -> Load:
        """Both in one parcel."""
        return Load(self.goods_fen + other.goods_fen, self.pieces + other.pieces, self.grams + other.grams)


_ENDINGS: Final = (
    "特别行政区",
    "维吾尔自治区",
    "壮族自治区",
    "回族自治区",
    "自治区",
    "自治州",
    "地区",
    "省",
    "市",
)


def plain_region(name: str) -> str:
    """`浙江省` and `浙江` are one; districts keep their name, for 市中区 and 市北区 are different places."""
    for ending in _ENDINGS:
        if name.endswith(ending) and len(name) > len(ending) + 1:
            return name.removesuffix(ending)
    return name


def _parts(region: str) -> tuple[str, ...]:
    parts = region.split(" ")
    return (*(plain_region(part) for part in parts[:2]), *parts[2:])


def rule_for(template: FreightTemplate, place: Place | None) -> FreightRule:
    """The rule of a place; of the rest of the country where the place isn't known yet."""
    if place is None:
        return template.rest
    whole = (plain_region(place.province), plain_region(place.city), place.district)
    best, exact = template.rest, 0
    for rule in template.rules:
        for region in rule.regions:
            parts = _parts(region)
            if len(parts) > exact and whole[: len(parts)] == parts:
                best, exact = rule, len(parts)
    return best


def rule_fen(rule: FreightRule, by: str, load: Load) -> int:
    """What a rule asks for a load: the first units, then each further step begun."""
    if rule.free_above_fen and load.goods_fen >= rule.free_above_fen:
        return 0
    if rule.free_pieces and load.pieces >= rule.free_pieces:
        return 0
    units = load.pieces if by == "piece" else load.grams
    beyond = max(0, units - rule.first)
    return rule.first_fen + -(-beyond // rule.more) * rule.more_fen


def template_fen(
    template: FreightTemplate, place: Place | None, load: Load, metres: int | None = None
) -> int:
    """Freight in fen; `metres` is how far the place is (`distance.metres_to`), where bands ask for it.

    Raises Conflict `region_not_delivered`, `below_least_order`, `beyond_delivery` or `address_unmarked`; none of them while
    the place is unknown.
    """
    if template.distance is not None:
        return _by_distance(template.distance, place, load, metres)
    rule = rule_for(template, place)
    if place is not None:
        if rule.refused:
            raise region_not_delivered(place)
        if load.goods_fen < rule.least_fen:
            raise Conflict(
                "below_least_order",
                f"送到这里 {price_text(rule.least_fen)} 起送，还差 {price_text(rule.least_fen - load.goods_fen)}",
                f"Orders to this place start at {price_text(rule.least_fen)}.",
                least_fen=rule.least_fen,
            )
    elif rule.refused:
        # Only named regions are served: what the cheapest asks stands until the buyer says where.
        served = [rule_fen(one, template.by, load) for one in template.rules if not one.refused]
        return min(served, default=0)
    return rule_fen(rule, template.by, load)


def _by_distance(distance: Distance, place: Place | None, load: Load, metres: int | None) -> int:
    if place is None:
        # What the nearest band asks stands until the buyer says where.
        return band_fen(distance.bands[0], load.goods_fen)
    if metres is None:
        raise address_unmarked()
    return distance_fen(distance, load.goods_fen, metres)


def region_not_delivered(place: Place) -> Conflict:
    """The refusal of a place that isn't served."""
    name = f"{place.province}{place.city if place.city != place.province else ''}{place.district}"
    return Conflict(
        "region_not_delivered",
        f"{name}不在配送范围，请换一个收货地址或改为自提",
        "This place is not delivered to; choose another address or pick up.",
    )


def check_freight(kind: str, template: FreightTemplate | None) -> None:
    """Raise Invalid `freight_template_invalid` where a store's kind of freight lacks its template, or it can't be read."""
    if kind == "template" and template is None:
        raise Invalid(
            "freight_template_invalid",
            "请先设置按地区的运费",
            "Set the freight by region first.",
            field="freight_template",
        )
    if template is not None:
        check_template(template, "freight_template")


def check_template(template: FreightTemplate, field_name: str) -> None:
    """Raise Invalid `freight_template_invalid` for a template that can't be read one way only."""

    def wrong(zh: str, en: str) -> Invalid:
        return Invalid("freight_template_invalid", zh, en, field=field_name)

    if template.distance is not None:
        if template.rules or template.rest != FreightRule():
            raise wrong("按距离计费时不能再填地区", "Freight by distance names no regions.")
        check_distance(template.distance, field_name)
        return
    if template.rest.regions:
        raise wrong("「其他地区」不能再填地区", "The rest of the country names no regions.")
    seen: set[tuple[str, ...]] = set()
    for rule in template.rules:
        if not rule.regions:
            raise wrong("运费规则里还没有选地区", "A freight rule names no region.")
        for region in rule.regions:
            parts = _parts(region)
            if len(parts) > 3 or not all(parts):
                raise wrong(f"地区「{region}」写法不对", "A region is written wrongly.")
            if parts in seen:
                raise wrong(f"地区「{region}」出现了两次", "A region stands in two rules.")
            seen.add(parts)
    if template.rest.refused and all(rule.refused for rule in template.rules):
        raise wrong("运费模板没有一个能送到的地区", "The template delivers nowhere.")


def _amount(by: str, units: int) -> str:
    if by == "piece":
        return f"{units} 件"
    return (
        f"{units}g"
        if units % 100 or units < 100
        else f"{units // 1000}.{units % 1000 // 100}kg".replace(".0kg", "kg")
    )


def _amount_en(by: str, units: int) -> str:
    if by == "piece":
        return f"{units} piece" + ("s" if units > 1 else "")
    return _amount(by, units)


def _free(rule: FreightRule) -> list[str]:
    found = [f"满 {price_text(rule.free_above_fen)} 包邮"] if rule.free_above_fen else []
    return found + ([f"满 {rule.free_pieces} 件包邮"] if rule.free_pieces else [])


def rule_text(rule: FreightRule, by: str) -> str:
    """How a buyer reads one rule: `首件 ¥8.00，每多 1 件加 ¥2.00，满 ¥99.00 包邮`."""
    if rule.refused:
        return "不配送"
    least = [f"{price_text(rule.least_fen)} 起送"] if rule.least_fen else []
    if not rule.first_fen and not rule.more_fen:
        return "，".join(["包邮", *least])
    if not rule.more_fen:
        return "，".join([f"运费 {price_text(rule.first_fen)}", *_free(rule), *least])
    first = f"首{'件' if by == 'piece' else '重'}" + (
        "" if by == "piece" and rule.first == 1 else f" {_amount(by, rule.first)}"
    )
    more = f"每多 {_amount(by, rule.more)}加 {price_text(rule.more_fen)}"
    return "，".join([f"{first} {price_text(rule.first_fen)}", more, *_free(rule), *least])


def rule_text_en(rule: FreightRule, by: str) -> str:
    """The same in English."""
    if rule.refused:
        return "Not delivered"
    least = [f"orders from {price_text(rule.least_fen)}"] if rule.least_fen else []
    free = [f"free from {price_text(rule.free_above_fen)}"] if rule.free_above_fen else []
    free += [f"free from {rule.free_pieces} pieces"] if rule.free_pieces else []
    if not rule.first_fen and not rule.more_fen:
        return ", ".join(["Free delivery", *least])
    if not rule.more_fen:
        return ", ".join([f"Delivery {price_text(rule.first_fen)}", *free, *least])
    first = f"First {_amount_en(by, rule.first)} {price_text(rule.first_fen)}"
    more = f"each further {_amount_en(by, rule.more)} {price_text(rule.more_fen)}"
    return ", ".join([first, more, *free, *least])


def template_text(template: FreightTemplate) -> tuple[str, str]:
    """One short line for the page, in Chinese and in English; the table has the rest."""
    if template.distance is not None:
        return distance_text(template.distance)
    if not template.rules:
        return rule_text(template.rest, template.by), rule_text_en(template.rest, template.by)
    return "运费按收货地区计算", "Delivery depends on the region"


def table(template: FreightTemplate) -> Sequence[tuple[str, str, str, str]]:
    """运费是多少: (regions, in English, what it costs, in English), the rest of the country last."""
    if template.distance is not None:
        return distance_table(template.distance)
    rows = [
        (
            "、".join(rule.regions),
            ", ".join(rule.regions),
            rule_text(rule, template.by),
            rule_text_en(rule, template.by),
        )
        for rule in template.rules
    ]
    names = ("其他地区", "Elsewhere") if rows else ("全国", "Everywhere")
    return [*rows, (*names, rule_text(template.rest, template.by), rule_text_en(template.rest, template.by))]
