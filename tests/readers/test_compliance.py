"""The look before publishing: what texts, titles, prices and days are found to say, and what is left alone."""

from __future__ import annotations

from datetime import date

import pytest

from readers.compliance_corpus import BAD, GOOD, HELD_BAD, HELD_GOOD, KINDS
from yantuan.readers.compliance import goods, prices, texts
from yantuan.readers.compliance.prices import Offered, Sold
from yantuan.readers.compliance.result import Said

PLACE = ("标题", "the title")
ALL_BAD = (*BAD, *HELD_BAD)
ALL_GOOD = (*GOOD, *HELD_GOOD)


def codes(text: str, **more: bool) -> set[str]:
    return {one.code for one in texts.read([Said("title", PLACE, text, more.get("goods", True))])}


def test_the_corpus_is_large_enough_to_mean_something() -> None:
    assert len(ALL_BAD) >= 60 and len(ALL_GOOD) >= 60
    assert len({text for text, _ in ALL_BAD}) == len(ALL_BAD) and len(set(ALL_GOOD)) == len(ALL_GOOD)


@pytest.mark.parametrize(("text", "wanted"), ALL_BAD)
def test_what_needs_a_word_gets_it(text: str, wanted: set[str]) -> None:
    assert codes(text) == wanted


@pytest.mark.parametrize("text", ALL_GOOD)
def test_harmless_words_are_left_alone(text: str) -> None:
    assert codes(text) == set()


@pytest.mark.parametrize(("title", "wanted"), KINDS)
def test_goods_are_told_apart(title: str, wanted: set[str]) -> None:
    assert set(goods.kinds_of(title)) == wanted


def test_every_rule_is_met_by_the_corpus_and_explains_itself_in_both_languages() -> None:
    met = {code for _, wanted in ALL_BAD for code in wanted}
    met |= {one.code for one in texts.read([Said("title", PLACE, "电子烟 果子狸", True)])}
    assert {rule.code for rule in texts.table()} == met
    for rule in texts.table():
        for zh, en in (rule.why, rule.law, rule.mend):
            assert (
                (any("\u4e00" <= letter <= "\u9fff" for letter in zh) and en.isascii())
                or "“" in en
                or "—" in en
                or "¥" in en
            )


def test_only_what_the_law_names_is_forbidden() -> None:
    forbidden = {rule.code for rule in texts.table() if rule.severity == "forbidden"}
    assert forbidden == {
        "absolute_named", "absolute_first", "state_organ", "medical", "breast_milk", "tobacco", "wild_animal",
    }  # fmt: skip


def test_disguises_are_seen_through_and_the_excerpt_says_where() -> None:
    found = texts.read([Said("block:0", PLACE, "你好\n我们的米是国\u200b家 级品质，欢迎选购啊各位邻居")])
    assert [(one.code, one.hit, one.excerpt) for one in found] == [
        ("absolute_named", "国家级", "我们的米是国家级品质,欢迎选购啊…")
    ]


def test_what_is_sold_is_read_from_titles_only() -> None:
    assert codes("自提点在香烟店旁边", goods=False) == set()
    assert codes("中华香烟一条") == {"tobacco"}


def test_medical_devices_may_speak_of_treatment() -> None:
    said = [Said("title", PLACE, "红外理疗仪，缓解关节炎", True)]
    assert texts.read(said, ["medical_device"]) == []
    assert [one.code for one in texts.read(said)] == ["medical"]


def test_a_repeated_word_is_told_once() -> None:
    found = texts.read([Said("title", PLACE, "最好吃 最好吃 最好吃 顶级 极品 极致 至尊", True)])
    assert [one.hit for one in found] == ["最好吃", "顶级", "极品"]


def test_papers_are_told_once_per_kind_and_harder_to_a_person() -> None:
    titles = [
        Said(f"product:{n}", ("商品", "goods"), title, True)
        for n, title in enumerate(("青岛啤酒", "茅台", "脐橙"))
    ]
    found = goods.papers(titles, titles, "company")
    assert [(one.code, one.field, one.severity) for one in found] == [
        ("papers_alcohol", "product:0", "advice")
    ]
    assert "现在页面上没有写" in found[0].mend[0] and "个人认证" not in found[0].why[0]
    warned = [*titles, Said("block:0", PLACE, "酒类不向未成年人出售")]
    found = goods.papers(titles, warned, "person")
    assert "现在页面上没有写" not in found[0].mend[0] and "个人认证" in found[0].why[0]


@pytest.mark.parametrize(
    ("text", "sold", "hits"),
    [
        ("原价 99，今天 69", {}, ["原价99"]),
        ("原价 99，今天 69", {1: Sold(9900, 8000)}, []),
        ("原价 99，今天 69", {1: Sold(8900, 9900)}, ["原价99"]),
        ("原价 99，今天 69", {1: Sold(None, 9900)}, []),
        ("超市卖 20，市场价：¥ 25.5", {1: Sold(2000, 2000)}, ["市场价:¥ 25.5"]),
        ("平时卖 3 斤一袋，原价不变", {}, []),
        ("建议零售价 99", {}, []),
        ("平时 8 点开门，外面 30 度", {}, []),
    ],
)
def test_a_compared_price_needs_a_real_sale(text: str, sold: dict[int, Sold], hits: list[str]) -> None:
    found = prices.named([Said("block:0", PLACE, text)], sold)
    assert [one.hit.replace("原价 ", "原价") for one in found] == hits


def test_the_price_beside_a_flash_price_must_have_been_paid() -> None:
    shown = [
        Offered(1, "offer:0", ("商品", "goods"), 9900, None),
        Offered(2, "offer:1", ("商品", "goods"), None, None),
    ]
    assert prices.flash(shown, {1: Sold(9900, 9900)}) == []
    found = prices.flash(shown, {1: Sold(9000, 9900)})
    assert [(one.field, one.excerpt) for one in found] == [("offer:0", "¥99.00")]
    assert "¥90.00" in found[0].why[0]
    assert "没有卖过" in prices.flash(shown, {})[0].why[0] or "成交记录" in prices.flash(shown, {})[0].why[0]


def test_a_promise_of_more_than_fifteen_days_is_a_long_one() -> None:
    def days(day: date, ends: date | None) -> list[str]:
        offer = Offered(1, "offer:0", ("商品", "goods"), None, day)
        return [one.why[0] for one in prices.presale([offer], date(2026, 11, 1), ends)]

    assert days(date(2026, 11, 16), None) == []
    assert days(date(2026, 11, 20), date(2026, 11, 5)) == []
    assert "16 天" in days(date(2026, 11, 17), None)[0]
    assert "16 天" in days(date(2026, 11, 21), date(2026, 11, 5))[0]
