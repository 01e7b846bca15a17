"""What the server says of orders is said in English too."""

from __future__ import annotations

import re

import pytest

from yantuan.aftersales.reasons import REASONS, reason_label_en
from yantuan.orders import english, parts, queries
from yantuan.stores.rules import freight_text_en
from yantuan.tracking import rules as tracking_rules

DATA = {
    "amount_fen": 3990, "reason": "leader", "carrier_name": "YTO", "tracking_no": "YT1", "before": "YT1", "after": "YT2",
    "kind": "refund_only", "cause": "cancel",
}  # fmt: skip
CHINESE = re.compile(r"[\u3000-\u303f\u4e00-\u9fff\uff00-\uffef]")


def test_every_line_of_the_timeline_has_its_english() -> None:
    assert sorted(english.event_texts) == sorted(parts.event_texts)
    assert set(english.ACTORS) == set(queries._WHO)


@pytest.mark.parametrize("which", sorted(english.event_texts))
def test_no_chinese_in_it_and_the_same_money(which: tuple[str, str]) -> None:
    told, chinese = english.event_text(*which, DATA), parts.event_text(*which, DATA)
    assert told and not CHINESE.search(told) and "{" not in told
    assert ("¥39.90" in told) == ("¥39.90" in chinese)
    assert ("YT1" in told) == ("YT1" in chinese)


def test_an_amount_that_is_missing_leaves_no_gap() -> None:
    assert english.event_text("payment", "pay", {}) == "Paid"
    assert english.event_text("payment", "pay", {"amount_fen": 100}) == "Paid ¥1.00"


def test_an_unknown_event_is_an_update() -> None:
    assert english.event_text("note", "from_a_later_version", {}) == "The order was updated"


def test_every_reason_has_its_english() -> None:
    assert all(r.label_en and not CHINESE.search(r.label_en) for r in REASONS)
    assert reason_label_en("gone") == "other"


class Terms:
    def __init__(self, kind: str, fen: int, free: int) -> None:
        self.freight_kind, self.freight_fen, self.free_above_fen = kind, fen, free


@pytest.mark.parametrize(
    ("terms", "told"),
    [
        (Terms("flat", 0, 0), "Free delivery"),
        (Terms("flat", 800, 0), "Delivery ¥8.00"),
        (Terms("free_above", 800, 9900), "Delivery ¥8.00, free from ¥99.00"),
        (Terms("free_above", 800, 0), "Free delivery"),
    ],
)
def test_freight(terms: Terms, told: str) -> None:
    assert freight_text_en(terms) == told


def test_parcels() -> None:
    assert tracking_rules.LABELS_EN.keys() == tracking_rules.LABELS.keys()
    assert tracking_rules.PROBLEMS_EN.keys() == tracking_rules.PROBLEMS.keys()
    told = [*tracking_rules.LABELS_EN.values(), *tracking_rules.PROBLEMS_EN.values()]
    assert not [text for text in told if CHINESE.search(text)]
