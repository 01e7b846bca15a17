"""Straight lines between points of the map: known ones, and what holds anywhere on earth."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from yantuan.kernel.spots import EARTH_M, Spot, metres_between, spot_of

HALF_WAY_ROUND = 20_015_115
"""π × EARTH_M in whole metres."""
spots = st.builds(
    Spot,
    st.integers(min_value=-90_000_000, max_value=90_000_000),
    st.integers(min_value=-180_000_000, max_value=180_000_000),
)


@pytest.mark.parametrize(
    ("one", "other", "metres"),
    [
        # 人民广场 to 静安寺, and one thousandth of a degree along a meridian.
        (Spot(31_230_400, 121_473_700), Spot(31_223_500, 121_445_200), 2816),
        (Spot(31_230_000, 121_473_700), Spot(31_231_000, 121_473_700), 111),
        (Spot(0, 0), Spot(0, 180_000_000), HALF_WAY_ROUND),
        (Spot(90_000_000, 0), Spot(-90_000_000, 77_000_000), HALF_WAY_ROUND),
        (Spot(90_000_000, 10_000_000), Spot(90_000_000, -170_000_000), 0),
        (Spot(10_000_000, 180_000_000), Spot(10_000_000, -180_000_000), 0),
        (Spot(0, 179_999_000), Spot(0, -179_999_000), 222),
    ],
)
def test_known_distances(one: Spot, other: Spot, metres: int) -> None:
    assert metres_between(one, other) == metres


@given(spots, spots)
def test_anywhere_it_is_whole_metres_both_ways_and_never_more_than_half_the_earth(
    one: Spot, other: Spot
) -> None:
    metres = metres_between(one, other)
    assert type(metres) is int
    assert metres == metres_between(other, one)
    assert 0 <= metres <= HALF_WAY_ROUND
    assert metres_between(one, one) == 0


@given(spots)
def test_the_far_side_of_the_earth_is_half_way_round(one: Spot) -> None:
    turned = one.lng_e6 - 180_000_000 if one.lng_e6 > 0 else one.lng_e6 + 180_000_000
    assert abs(metres_between(one, Spot(-one.lat_e6, turned)) - HALF_WAY_ROUND) <= 1


@given(spots, spots, spots)
def test_no_detour_is_shorter(one: Spot, other: Spot, between: Spot) -> None:
    # Each of the three is rounded to a whole metre.
    assert metres_between(one, other) <= metres_between(one, between) + metres_between(between, other) + 2


def test_a_point_is_whole_or_none() -> None:
    assert (spot_of(1, 2), spot_of(None, 2), spot_of(1, None)) == (Spot(1, 2), None, None)
    assert EARTH_M == 6_371_009
