"""Pure rules of identity."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from yantuan.identity.limits import address_key
from yantuan.identity.phones import hash_phone, mask_phone, phone_of, seal_phone
from yantuan.identity.rules import address_text, local_path, masked_name, may_merge, plain_room


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("张三丰", "张*丰"),
        ("王五", "王*"),
        ("A", "A*"),
        ("", "匿名"),
        ("  ", "匿名"),
        ("👨‍👩‍👧小明", "👨‍👩‍👧*明"),
        ("e\u0301a", "e\u0301*"),
    ],
)
def test_names_are_masked(name: str, shown: str) -> None:
    assert masked_name(name) == shown


@given(st.text(min_size=3, max_size=20))
def test_a_mask_never_shows_more_than_the_ends(name: str) -> None:
    shown = masked_name(name)
    assert shown == "匿名" or "*" in shown


def test_phones_are_masked_sealed_and_found() -> None:
    assert mask_phone("13812341234") == "138****1234"
    assert mask_phone("") == ""
    assert mask_phone("123") == "*23"
    sealed = seal_phone("13812341234")
    assert "1381234" not in sealed
    assert phone_of(sealed) == "13812341234"
    assert seal_phone("13812341234") != sealed
    assert hash_phone("13812341234") == hash_phone("13812341234") != hash_phone("13812341235")


@pytest.mark.parametrize(
    ("typed", "kept"),
    [("1201室", "1201"), ("12A", "12A"), ("老张家", "老张家"), ("东侧室", "东侧室"), ("室", "室"), ("", "")],
)
def test_a_room_is_kept_as_it_is_searched(typed: str, kept: str) -> None:
    assert plain_room(typed) == kept


def test_addresses_read_well() -> None:
    home = SimpleNamespace(
        province="北京市",
        city="北京市",
        district="朝阳区",
        detail="望京西园三区",
        building="3",
        unit="2",
        room="1501",
    )
    assert address_text(home) == "北京市朝阳区 望京西园三区 3栋2单元1501室"
    village = SimpleNamespace(
        province="四川省",
        city="成都市",
        district="",
        detail="团结村八组",
        building="",
        unit="",
        room="老张家",
    )
    assert address_text(village) == "四川省成都市 团结村八组 老张家"


@pytest.mark.parametrize(
    "target",
    ["//evil.example", "https://evil.example", "/\\evil", "javascript:1", "/a\nb", "", "a", "/" + "x" * 600],
)
def test_foreign_return_paths_become_home(target: str) -> None:
    assert local_path(target) == "/"


def test_local_return_paths_stay() -> None:
    assert local_path("/g/abc?s=1#x") == "/g/abc?s=1#x"


def test_addresses_are_counted_per_household() -> None:
    assert address_key("203.0.113.9") == "203.0.113.9"
    assert (
        address_key("2001:db8:1:2::5")
        == address_key("2001:db8:1:2:ffff::1")
        != address_key("2001:db8:1:3::5")
    )
    assert address_key("::ffff:203.0.113.9") == "203.0.113.9"
    assert address_key("nonsense") == "unknown"


def test_two_wechat_users_never_become_one() -> None:
    assert may_merge(["oa1"], ["mini1"])
    assert not may_merge(["oa1", "mini1"], ["mini1"])
