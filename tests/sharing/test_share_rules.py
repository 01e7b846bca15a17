from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from yantuan.sharing.rules import ends_text, is_own_url, moment_text, price_range, sale_state

NOON = datetime(2026, 5, 12, 4, tzinfo=UTC)


def test_times_are_beijing_times() -> None:
    assert moment_text(NOON) == "5月12日 12:00"
    assert ends_text("open", NOON, NOON + timedelta(hours=13)) == "5月13日 01:00 截止"
    assert ends_text("coming", NOON, NOON + timedelta(hours=1)) == "5月12日 12:00 开始"
    assert ends_text("closed", NOON, NOON) == "5月12日 12:00 已截止"
    assert ends_text("open", NOON, None) == ""


def test_prices_of_variants() -> None:
    assert (price_range(3990, 3990), price_range(3990, 5000)) == ("¥39.90", "¥39.90 起")


@pytest.mark.parametrize(
    ("status", "stock", "state"),
    [
        ("open", 1, "open"), ("open", 0, "sold_out"), ("coming", 5, "upcoming"), ("ended", 5, "ended"),
        ("closed", 0, "ended"), ("suspended", 5, "suspended"),
    ],
)  # fmt: skip
def test_pictures_tell_the_state(status: str, stock: int, state: str) -> None:
    assert sale_state(status, stock) == state  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("url", "own"),
    [
        ("https://shop.example/g/abc?t=1", True),
        ("https://shop.example:8443/g/abc", False),
        ("http://shop.example/g/abc", False),
        ("https://shop.example.evil.cn/", False),
        ("https://shop.example@evil.cn/", False),
        ("//shop.example/", False),
        ("javascript:alert(1)", False),
        ("", False),
    ],
)
def test_only_own_pages_are_signed(url: str, own: bool) -> None:
    assert is_own_url(url, "https://shop.example") is own
