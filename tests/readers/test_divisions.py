"""Names of divisions to choose from."""

from __future__ import annotations

import pytest

from yantuan.readers.address.divisions import names_below


@pytest.mark.parametrize(
    ("province", "city", "some"),
    [
        ("", "", ["北京市", "浙江省", "台湾省", "香港特别行政区"]),
        ("浙江省", "", ["杭州市", "宁波市"]),
        ("浙江省", "杭州市", ["西湖区", "余杭区", "淳安县"]),
        ("上海市", "", ["上海市"]),
        ("上海市", "上海市", ["浦东新区", "崇明区"]),
        ("湖北省", "", ["武汉市", "仙桃市", "神农架林区"]),
        ("广东省", "广州市", ["天河区"]),
    ],
)
def test_levels(province: str, city: str, some: list[str]) -> None:
    assert set(some) <= set(names_below(province, city))


@pytest.mark.parametrize(
    ("province", "city"),
    [("没有省", ""), ("浙江省", "上海市"), ("上海市", "杭州市"), ("广东省", "东莞市"), ("湖北省", "仙桃市")],
)
def test_nothing_below(province: str, city: str) -> None:
    assert names_below(province, city) == []


def test_every_city_of_every_province_can_be_reached() -> None:
    provinces = names_below()
    assert len(provinces) == len(set(provinces)) == 34
    cities = [(p, c) for p in provinces for c in names_below(p)]
    assert len(cities) > 360
    assert sum(len(names_below(p, c)) for p, c in cities) > 2800
