"""Freight templates: regions, steps and bounds, for any load."""

from __future__ import annotations

from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from yantuan.kernel.errors import AppError
from yantuan.stores.freight import (
    FreightRule,
    FreightTemplate,
    Load,
    check_template,
    rule_fen,
    rule_for,
    rule_text,
    rule_text_en,
    table,
    template_fen,
    template_text,
)


@dataclass(frozen=True)
class At:
    province: str
    city: str = ""
    district: str = ""


FAR = FreightRule(regions=("西藏自治区", "新疆维吾尔自治区"), refused=True)
NEAR = FreightRule(regions=("浙江省", "上海市"), first_fen=500, more_fen=100, free_above_fen=9900)
TOWN = FreightRule(regions=("浙江省 杭州市 西湖区",), least_fen=3000)
TEMPLATE = FreightTemplate(
    rest=FreightRule(first=2, first_fen=1200, more=3, more_fen=400), rules=(FAR, NEAR, TOWN)
)


@pytest.mark.parametrize(
    ("place", "rule"),
    [
        (At("浙江省", "宁波市", "鄞州区"), NEAR),
        (At("浙江", "宁波", "鄞州区"), NEAR),
        (At("上海市", "上海市", "浦东新区"), NEAR),
        (At("浙江省", "杭州市", "西湖区"), TOWN),
        (At("江西省", "南昌市", "西湖区"), TEMPLATE.rest),
        (At("西藏", "拉萨市", "城关区"), FAR),
        (At("广东省", "深圳市", "南山区"), TEMPLATE.rest),
        (None, TEMPLATE.rest),
    ],
)
def test_the_most_exact_region_wins(place: At | None, rule: FreightRule) -> None:
    assert rule_for(TEMPLATE, place) == rule


@pytest.mark.parametrize(("pieces", "fen"), [(1, 1200), (2, 1200), (3, 1600), (5, 1600), (6, 2000)])
def test_begun_steps_cost_whole_steps(pieces: int, fen: int) -> None:
    assert template_fen(TEMPLATE, At("广东省"), Load(100, pieces, 0)) == fen


def test_weight_is_stepped_too() -> None:
    template = FreightTemplate(
        by="weight", rest=FreightRule(first=1000, first_fen=800, more=500, more_fen=150)
    )
    assert [template_fen(template, None, Load(1, 1, grams)) for grams in (0, 1000, 1001, 1500, 1501)] == [
        800, 800, 950, 950, 1100,
    ]  # fmt: skip


def test_free_from_an_amount_or_from_pieces() -> None:
    assert [template_fen(TEMPLATE, At("浙江省"), Load(goods, 3, 0)) for goods in (9899, 9900)] == [700, 0]
    by_pieces = FreightRule(first_fen=500, free_pieces=3)
    assert [rule_fen(by_pieces, "piece", Load(1, pieces, 0)) for pieces in (2, 3)] == [500, 0]


def test_refusals_name_the_place_and_the_lack() -> None:
    with pytest.raises(AppError) as far:
        template_fen(TEMPLATE, At("西藏自治区", "拉萨市", "城关区"), Load(1, 1, 0))
    assert far.value.code == "region_not_delivered"
    assert far.value.zh == "西藏自治区拉萨市城关区不在配送范围，请换一个收货地址或改为自提"
    town = At("浙江省", "杭州市", "西湖区")
    with pytest.raises(AppError) as little:
        template_fen(TEMPLATE, town, Load(2999, 1, 0))
    assert (little.value.code, little.value.details["least_fen"]) == ("below_least_order", 3000)
    assert template_fen(TEMPLATE, town, Load(3000, 1, 0)) == 0


def test_only_named_regions_served_shows_the_cheapest_until_the_place_is_known() -> None:
    only = FreightTemplate(rest=FreightRule(refused=True), rules=(NEAR, TOWN, FAR))
    assert template_fen(only, None, Load(1, 1, 0)) == 0
    with pytest.raises(AppError) as refused:
        template_fen(only, At("广东省"), Load(1, 1, 0))
    assert refused.value.code == "region_not_delivered"


@pytest.mark.parametrize(
    "wrong",
    [
        FreightTemplate(rest=FreightRule(regions=("浙江省",))),
        FreightTemplate(rest=FreightRule(), rules=(FreightRule(),)),
        FreightTemplate(rest=FreightRule(), rules=(NEAR, FreightRule(regions=("浙江",)))),
        FreightTemplate(rest=FreightRule(), rules=(FreightRule(regions=("浙江省 杭州市 西湖区 文三路",)),)),
        FreightTemplate(rest=FreightRule(refused=True), rules=(FAR,)),
    ],
)
def test_templates_that_read_two_ways_are_refused(wrong: FreightTemplate) -> None:
    with pytest.raises(AppError) as refused:
        check_template(wrong, "freight")
    assert (refused.value.code, refused.value.details["field"]) == ("freight_template_invalid", "freight")


def test_words() -> None:
    check_template(TEMPLATE, "freight")
    assert rule_text(TEMPLATE.rest, "piece") == "首件 2 件 ¥12.00，每多 3 件加 ¥4.00"
    assert rule_text(NEAR, "piece") == "首件 ¥5.00，每多 1 件加 ¥1.00，满 ¥99.00 包邮"
    assert rule_text_en(NEAR, "piece") == "First 1 piece ¥5.00, each further 1 piece ¥1.00, free from ¥99.00"
    heavy = FreightRule(first=1000, first_fen=800, more=500, more_fen=150)
    assert rule_text(heavy, "weight") == "首重 1kg ¥8.00，每多 0.5kg加 ¥1.50"
    assert rule_text(TOWN, "piece") == "包邮，¥30.00 起送"
    assert [row[0] for row in table(TEMPLATE)] == [
        "西藏自治区、新疆维吾尔自治区", "浙江省、上海市", "浙江省 杭州市 西湖区", "其他地区",
    ]  # fmt: skip
    assert table(TEMPLATE)[0][2] == "不配送"
    assert template_text(TEMPLATE) == ("运费按收货地区计算", "Delivery depends on the region")


units = st.integers(1, 5000)
rules = st.builds(
    FreightRule, first=units, first_fen=st.integers(0, 5000), more=units, more_fen=st.integers(0, 5000)
)


@given(rules, st.integers(0, 20000), st.integers(0, 20000), st.sampled_from(["piece", "weight"]))
def test_more_never_costs_less(rule: FreightRule, one: int, other: int, by: str) -> None:
    a, b = Load(1, one, one), Load(1, other, other)
    assert rule_fen(rule, by, a.plus(b)) >= max(rule_fen(rule, by, a), rule_fen(rule, by, b)) >= 0
