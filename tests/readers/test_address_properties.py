"""What holds for every text and every place."""

from __future__ import annotations

import random
from functools import cache

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from yantuan.readers.address import read
from yantuan.readers.address.table import Place, table

REQUIRED = ["name", "phone", "province", "city", "district", "detail"]
BITS = st.sampled_from(
    ["张伟", "13800138000", "0571-88880000", "转801", "浙江省", "杭州市", "西湖区", "朝阳区", "文三路478号", "3栋502室", "放门口", "谢谢",
     "收货人：", "地址", "备用", "原地址", "作废", "新地址", "九龙", "香港", "+852 6123 0000", "[0421]", "（", "）", "，", "\n", " ", "、",
     "镇", "街道", "县", "\u200b", "\u202e", "🙏", "１３８", "電話", "宣武区", "310000", "¥39.9"]
)  # fmt: skip


@settings(max_examples=300, deadline=None)
@given(st.one_of(st.text(max_size=200), st.lists(BITS, max_size=20).map("".join)))
def test_it_never_raises_and_says_what_is_missing(text: str) -> None:
    found = read(text)
    empty = [name for name in REQUIRED if getattr(found, name) is None]
    assert [name for name in empty if name != "district"] == [
        name for name in found.missing if name != "district"
    ]
    assert set(found.missing) <= set(empty)
    for value in found.as_dict().values():
        assert value != "" and (not isinstance(value, str) or value == value.strip())
    assert found == read(text)


@settings(max_examples=100, deadline=None)
@given(
    st.lists(BITS, max_size=20).map("".join),
    st.sampled_from(["\u200b", "\u200d", "\ufeff", "\u202e", "\u2066"]),
)
def test_marks_nobody_sees_change_nothing(text: str, mark: str) -> None:
    assert read(mark.join(text)) == read(text.replace("\u200b", "").replace("\u202e", ""))


@cache
def _lowest() -> list[Place]:
    return [
        place for top in table().provinces for place in top.parts() if place.level == 3 or place.undivided
    ]


def _path(place: Place) -> list[str]:
    names = []
    step: Place | None = place
    while step is not None:
        names.insert(0, step.name)
        step = step.above
    return names


@pytest.mark.parametrize("gap", ["", " "])
def test_every_place_reads_back(gap: str) -> None:
    wrong = []
    for place in _lowest():
        found = read(f"张伟 13800138000 {gap.join(_path(place))}{gap}人民路12号3栋502室")
        city = place.city
        expected = (
            place.province.name,
            city.name if city else None,
            place.name if place.level == 3 else None,
        )
        if (
            (found.province, found.city, found.district) != expected
            or found.detail != "人民路12号3栋502室"
            or found.missing
        ):
            wrong.append((expected, found))
    assert wrong == []


def test_townships_read_back() -> None:
    draw, wrong = random.Random(7), []
    for place in draw.sample([p for p in _lowest() if p.towns], 800):
        town = draw.choice(place.towns.strip("|").split("|"))
        found = read(f"{''.join(_path(place))}{town}人民路12号，张伟，13800138000")
        if (found.street_or_town, found.detail, found.name) != (town, "人民路12号", "张伟"):
            wrong.append((place.name, town, found))
    assert wrong == []


def test_time_grows_with_the_length() -> None:
    """Long texts are read; the bench measures how time grows."""
    for piece in ("张伟 13800138000 浙江省杭州市西湖区文三路478号，", "九龙", "浙江省", "(作废)", "1 3 8 "):
        assert read(piece * (100_000 // len(piece))).as_dict()
