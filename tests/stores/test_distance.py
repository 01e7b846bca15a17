"""Delivery by distance: which band counts, what it asks, and how it is said."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from yantuan.kernel.errors import AppError
from yantuan.kernel.spots import Spot
from yantuan.stores.distance import (
    Band,
    Distance,
    about_m,
    about_text,
    about_text_en,
    band_of,
    check_distance,
    distance_fen,
    metres_to,
)
from yantuan.stores.freight import (
    FreightRule,
    FreightTemplate,
    Load,
    check_template,
    freight_template,
    freight_template_of,
    table,
    template_fen,
    template_text,
)

SHOP = Spot(31_230_400, 121_473_700)
TOWN = Distance(
    origin=SHOP,
    bands=(
        Band(up_to_m=1500, fee_fen=0, least_fen=2000),
        Band(up_to_m=3000, fee_fen=500, free_above_fen=9900),
        Band(up_to_m=8000, fee_fen=1200, free_above_fen=29900, least_fen=5000),
    ),
)
TEMPLATE = FreightTemplate(rest=FreightRule(), distance=TOWN)


@dataclass(frozen=True)
class At:
    spot: Spot | None = None
    metres: int | None = None
    province: str = "上海市"
    city: str = "上海市"
    district: str = "黄浦区"


@st.composite
def towns(draw: st.DrawFn) -> Distance:
    ends = sorted(draw(st.sets(st.integers(1, 1000), min_size=1, max_size=12)))
    fees = sorted(draw(st.lists(st.integers(0, 10_000), min_size=len(ends), max_size=len(ends))))
    return Distance(
        origin=SHOP,
        bands=tuple(Band(up_to_m=end * 100, fee_fen=fee) for end, fee in zip(ends, fees, strict=True)),
    )


def code_of(distance: Distance, goods_fen: int, metres: int) -> str:
    with pytest.raises(AppError) as refused:
        distance_fen(distance, goods_fen, metres)
    return refused.value.code


@pytest.mark.parametrize(
    ("metres", "goods", "fen"),
    [
        (0, 2000, 0),
        (1500, 2000, 0),
        (1501, 1, 500),
        (3000, 9899, 500),
        (3000, 9900, 0),
        (3001, 9900, 1200),
        (8000, 29899, 1200),
        (8000, 29900, 0),
    ],
)
def test_a_border_belongs_to_the_nearer_band(metres: int, goods: int, fen: int) -> None:
    assert distance_fen(TOWN, goods, metres) == fen


def test_refusals_say_how_far_it_is_and_what_is_missing() -> None:
    with pytest.raises(AppError) as beyond:
        distance_fen(TOWN, 100_000, 8001)
    assert (beyond.value.code, beyond.value.zh, beyond.value.details) == (
        "beyond_delivery",
        "这个地址直线距离约 8.1 km，最远送到 8 km，请换一个收货地址或改为自提",
        {"about_m": 8100, "up_to_m": 8000},
    )
    with pytest.raises(AppError) as little:
        distance_fen(TOWN, 4200, 3001)
    assert (little.value.code, little.value.zh) == (
        "below_least_order",
        "直线距离约 3.1 km，¥50.00 起送，还差 ¥8.00",
    )
    assert code_of(TOWN, 1999, 10) == "below_least_order"


@given(towns(), st.integers(0, 120_000), st.integers(0, 120_000), st.integers(0, 10**9))
def test_farther_never_costs_less_and_what_is_brought_far_is_brought_near(
    town: Distance, one: int, other: int, goods: int
) -> None:
    check_distance(town, "freight")
    near, far = sorted((one, other))
    last = town.bands[-1].up_to_m
    if far > last:
        assert code_of(town, goods, far) == "beyond_delivery"
    else:
        assert 0 <= distance_fen(town, goods, near) <= distance_fen(town, goods, far)
        assert type(distance_fen(town, goods, far)) is int


@given(towns(), st.integers(0, 120_000))
def test_the_band_is_the_nearest_that_reaches_and_its_border_is_exact(town: Distance, metres: int) -> None:
    band = band_of(town, metres)
    reaching = [one for one in town.bands if one.up_to_m >= metres]
    assert band == (reaching[0] if reaching else None)
    for one in town.bands:
        assert band_of(town, one.up_to_m) == one
        assert band_of(town, one.up_to_m + 1) != one


@given(towns(), st.integers(0, 120_000))
def test_what_people_read_never_crosses_a_border(town: Distance, metres: int) -> None:
    assert about_m(metres) % 100 == 0
    assert 0 <= about_m(metres) - metres <= 100
    assert band_of(town, about_m(metres)) == band_of(town, metres)


@pytest.mark.parametrize(
    ("metres", "zh", "en"),
    [(0, "约 0.1 km", "about 0.1 km"), (2201, "约 2.3 km", "about 2.3 km"), (3000, "约 3 km", "about 3 km")],
)
def test_how_a_distance_is_said(metres: int, zh: str, en: str) -> None:
    assert (about_text(metres), about_text_en(metres)) == (zh, en)


def test_what_an_earlier_order_was_charged_for_comes_before_a_point() -> None:
    near = Spot(31_231_400, 121_473_700)
    assert [metres_to(TOWN, place) for place in (None, At(), At(near), At(near, 2345), At(None, 0))] == [
        None, None, 111, 2345, 0,
    ]  # fmt: skip


def test_a_template_by_distance_has_no_regions() -> None:
    check_template(TEMPLATE, "freight")
    place = At()
    assert template_fen(TEMPLATE, None, Load(5000, 1, 0)) == 0
    assert template_fen(TEMPLATE, place, Load(5000, 1, 0), 2000) == 500
    with pytest.raises(AppError) as unmarked:
        template_fen(TEMPLATE, place, Load(5000, 1, 0))
    assert unmarked.value.code == "address_unmarked"
    assert template_text(TEMPLATE) == (
        "运费按直线距离计算，最远送 8 km",
        "Delivery by straight-line distance, up to 8 km",
    )
    assert list(table(TEMPLATE)) == [
        ("直线距离 1.5 km 以内", "Within 1.5 km, straight line", "免运费，¥20.00 起送", "Free delivery, orders from ¥20.00"),
        ("直线距离 3 km 以内", "Within 3 km, straight line", "运费 ¥5.00，满 ¥99.00 免运费", "Delivery ¥5.00, free from ¥99.00"),
        ("直线距离 8 km 以内", "Within 8 km, straight line", "运费 ¥12.00，满 ¥299.00 免运费，¥50.00 起送", "Delivery ¥12.00, free from ¥299.00, orders from ¥50.00"),
        ("更远", "Farther away", "不配送", "Not delivered"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("template", "word"),
    [
        (FreightTemplate(rest=FreightRule(first_fen=1), distance=TOWN), "不能再填地区"),
        (FreightTemplate(rest=FreightRule(), rules=(FreightRule(regions=("上海市",)),), distance=TOWN), "不能再填地区"),
        (FreightTemplate(rest=FreightRule(), distance=Distance(origin=SHOP, bands=(Band(up_to_m=200), Band(up_to_m=200)))), "从近到远"),
        (FreightTemplate(rest=FreightRule(), distance=Distance(origin=SHOP, bands=(Band(up_to_m=100, fee_fen=2), Band(up_to_m=200, fee_fen=1)))), "不能比近的便宜"),
    ],
)  # fmt: skip
def test_templates_that_mean_two_things_are_refused(template: FreightTemplate, word: str) -> None:
    with pytest.raises(AppError) as refused:
        check_template(template, "freight_template")
    assert (refused.value.code, word in refused.value.zh) == ("freight_template_invalid", True)
    assert refused.value.details["field"] == "freight_template"


@pytest.mark.parametrize(
    "wrong",
    [
        {"bands": []},
        {"bands": [{"up_to_m": 150}]},
        {"bands": [{"up_to_m": 0}]},
        {"bands": [{"up_to_m": 100_100}]},
        {"bands": [{"up_to_m": 1000, "fee_fen": 1.5}]},
        {"bands": [{"up_to_m": 1000, "fee_fen": -1}]},
        {"origin": {"lat_e6": 90_000_001, "lng_e6": 0}},
        {"origin": {"lat_e6": 31.2, "lng_e6": 121.4}},
    ],
)
def test_numbers_out_of_bounds_are_not_taken(wrong: dict[str, Any]) -> None:
    good = {"origin": {"lat_e6": 31_230_400, "lng_e6": 121_473_700}, "bands": [{"up_to_m": 1000}]}
    adapter = TypeAdapter(Distance)
    assert adapter.validate_python(good).bands == (Band(up_to_m=1000),)
    with pytest.raises(ValidationError):
        adapter.validate_python(good | wrong)


def test_it_is_read_back_from_a_row_as_it_was_written() -> None:
    kept = TypeAdapter(FreightTemplate).dump_json(TEMPLATE).decode()
    assert freight_template(kept) == TEMPLATE
    assert freight_template_of(TypeAdapter(FreightTemplate).dump_python(TEMPLATE, mode="json")) == TEMPLATE
