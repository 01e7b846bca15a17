"""What the reader makes of suppliers' texts in the styles people use, seen from Monday 2026-11-23 10:00 in Beijing."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from datetime import datetime

import pytest

from yantuan.kernel.clock import CHINA
from yantuan.readers.supplier.reader import MOST_TEXT, read
from yantuan.readers.supplier.result import Reading

NOW = datetime(2026, 11, 23, 10, 0, tzinfo=CHINA)
Goods = dict[str, dict[str, int]]

GOODS: list[tuple[str, Goods]] = [
    ("赣南脐橙\n5斤装 39.9 / 10斤 69", {"赣南脐橙": {"5斤装": 3990, "10斤": 6900}}),
    ("🔥赣南脐橙🔥\n皮薄多汁，酸甜可口\n5斤装 39.9元", {"赣南脐橙": {"5斤装": 3990}}),
    ("水果团\n1️⃣ 丹东草莓 3斤/盒 团购价39.9\n2️⃣ 阳光玫瑰 29.9元/串", {"丹东草莓": {"3斤/盒": 3990}, "阳光玫瑰": {"串": 2990}}),
    ("今日上新\n① 苹果 10斤 ￥４９．９\n② 香梨 5斤 ￥３５", {"苹果": {"10斤": 4990}, "香梨": {"5斤": 3500}}),
    ("品名：云南蓝莓\n规格：125g*6盒\n价格：58元", {"云南蓝莓": {"125g*6盒": 5800}}),
    ("土鸡蛋\n30枚/板 三十九块九一板\n15枚 21块5", {"土鸡蛋": {"30枚/板": 3990, "15枚": 2150}}),
    ("【阳山水蜜桃】\n大果 88\n中果 68\n小果 48", {"阳山水蜜桃": {"大果": 8800, "中果": 6800, "小果": 4800}}),
    ("脐橙5斤39.9元，10斤69元", {"脐橙": {"5斤": 3990, "10斤": 6900}}),
    ("羊肉卷\n500g 39.9元/盒，2盒 75\n牛肉卷 500g 45", {"羊肉卷": {"500g": 3990, "2盒": 7500}, "牛肉卷": {"500g": 4500}}),
    ("红富士苹果（大果）10斤 49.9元", {"红富士苹果": {"大果 10斤": 4990}}),
    ("酸奶\n原味 12元\n草莓味 13元", {"酸奶": {"原味": 1200, "草莓味": 1300}}),
    ("羽绒服 1,299元", {"羽绒服": {"": 129900}}),
    ("脐橙 59 39.9", {"脐橙": {"": 5900}}),
    ("蓝莓 39.9包邮，48小时发货", {"蓝莓": {"": 3990}}),
    ("小龙虾\n3斤 99元\n4斤 129元\n满30份开团", {"小龙虾": {"3斤": 9900, "4斤": 12900}}),
    ("三样都好\n苹果 49元\n香梨 39元\n蜜桔 29元", {"苹果": {"": 4900}, "香梨": {"": 3900}, "蜜桔": {"": 2900}}),
    ("贛南臍橙\n5斤裝 39.9元", {"贛南臍橙": {"5斤裝": 3990}}),
    ("\u202e\u200b脐橙\u200b 5斤\u200b 39.9\u200b元", {"脐橙": {"5斤": 3990}}),
    ("👏👏开团啦👏👏\n海南贵妃芒，树上熟\n💰5斤 ¥35.8\n💰9斤 ¥59.8", {"海南贵妃芒": {"5斤": 3580, "9斤": 5980}}),
    ("五常大米 10斤/袋\n超市89 团购68\n限购3袋", {"五常大米": {"10斤/袋": 6800}}),
    ("【牛奶】蒙牛纯牛奶250ml*24盒 原价79，团购价52.8元/箱", {"牛奶 蒙牛纯牛奶": {"250ml*24盒": 5280}}),
    ("智利车厘子JJ级 2斤 99，5斤 238，数量有限先到先得！", {"智利车厘子JJ级": {"2斤": 9900, "5斤": 23800}}),
    ("1.贝贝南瓜5斤19.9\n2.玉米10根25", {"贝贝南瓜": {"5斤": 1990}, "玉米": {"10根": 2500}}),
    ("鸡蛋30枚二十八元，60枚五十五元", {"鸡蛋": {"30枚": 2800, "60枚": 5500}}),
    ("榴莲千层6寸 88元\n8寸 128元", {"榴莲千层": {"6寸": 8800, "8寸": 12800}}),
    ("39.9元", {}),
    ("大家好，今天没有货，明天再说", {}),
    ("产地：江西\n保质期：12个月\n储存：0-4度", {}),
]  # fmt: skip


def goods_of(reading: Reading) -> dict[str, dict[str, int | None]]:
    return {good.title: {spec.name: spec.price_fen for spec in good.specs} for good in reading.goods}


@pytest.mark.parametrize(("text", "goods"), GOODS, ids=[str(i) for i in range(len(GOODS))])
def test_goods_and_prices(text: str, goods: Goods) -> None:
    assert goods_of(read(text, NOW)) == goods


@pytest.mark.parametrize(
    ("words", "at", "sure"),
    [
        ("周五截单 周日到货", "2026-11-27T23:59:00+08:00", "guess"),
        ("周五晚8点截单", "2026-11-27T20:00:00+08:00", "sure"),
        ("截单时间：11月27日20:00", "2026-11-27T20:00:00+08:00", "sure"),
        ("今晚8点半截止", "2026-11-23T20:30:00+08:00", "sure"),
        ("明天中午12点截团", "2026-11-24T12:00:00+08:00", "sure"),
        ("截止 11.27 20:00", "2026-11-27T20:00:00+08:00", "sure"),
        ("下周一上午十点截单", "2026-11-30T10:00:00+08:00", "sure"),
        ("１１月２８日（周六）１８：００截单", "2026-11-28T18:00:00+08:00", "sure"),
        ("28号晚上9点截单", "2026-11-28T21:00:00+08:00", "guess"),
        ("1月3日截单", "2027-01-03T23:59:00+08:00", "guess"),
    ],
)
def test_the_last_moment(words: str, at: str, sure: str) -> None:
    found = read(f"脐橙 5斤 39.9元\n{words}", NOW)
    assert found.ends_at is not None and found.ends_mark is not None
    assert (found.ends_at.isoformat(), found.ends_mark.sure) == (at, sure)
    assert goods_of(found) == {"脐橙": {"5斤": 3990}}


def test_a_moment_that_is_over_or_none_is_not_invented() -> None:
    for words in ("11月20日截单", "2月30日截单", "早点截单"):
        assert read(f"脐橙 39元\n{words}", NOW).ends_at is None
    assert [u.line for u in read("脐橙 39元\n11月20日截单", NOW).unclear] == [2]


def test_limits_and_stock_go_to_what_they_are_said_of() -> None:
    text = "水果团\n草莓 3斤 39.9元 限购2份 库存50箱\n香梨 5斤 35元 每人限１份\n苹果 49元\n现货三十箱"
    specs = {good.title: good.specs[0] for good in read(text, NOW).goods}
    assert {t: (s.limit, s.stock) for t, s in specs.items()} == {
        "草莓": (2, 50),
        "香梨": (1, None),
        "苹果": (0, 30),
    }


def test_a_limit_of_the_whole_sale_and_stock_of_nobody() -> None:
    found = read("水果团\n苹果 49元\n香梨 39元\n\n每人限购2份\n库存50箱", NOW)
    assert [(g.specs[0].limit, g.specs[0].stock) for g in found.goods] == [(2, None), (2, None)]
    assert (
        found.goods[0].specs[0].limit_mark is not None and found.goods[0].specs[0].limit_mark.sure == "guess"
    )
    assert [(u.line, u.text) for u in found.unclear] == [(6, "库存50箱")]


def test_market_and_cost_are_no_price() -> None:
    found = read("草莓 3斤 市场价59 团购价39.9\n香梨 35元 原价49\n供货价：30", NOW)
    strawberry, pear = (good.specs[0] for good in found.goods)
    assert (strawberry.price_fen, strawberry.market_fen, strawberry.cost_fen) == (3990, 5900, None)
    assert (pear.price_fen, pear.market_fen, pear.cost_fen) == (3500, 4900, 3000)


def test_a_usual_price_on_a_line_after_its_own() -> None:
    found = read(
        "商品：云南鲜花饼\n规格：10枚/盒\n团购价：25元\n市场价：39元\n库存：100盒\n限购：每人5盒\n产地：云南",
        NOW,
    )
    spec = found.goods[0].specs[0]
    assert (found.goods[0].title, spec.name, spec.price_fen, spec.market_fen) == (
        "云南鲜花饼",
        "10枚/盒",
        2500,
        3900,
    )
    assert (spec.limit, spec.stock, found.unclear) == (5, 100, [])


def test_what_buyers_must_not_see_stays_out_of_the_introduction() -> None:
    text = "脐橙\n5斤 39.9元\n皮薄多汁\n供货价30，佣金5元\n电话138 1234 5678 微信号: orange_88"
    found = read(text, NOW)
    assert found.title == "脐橙"
    assert found.blocks == ["5斤 39.9元\n皮薄多汁"]
    assert {u.line for u in found.unclear} == {4, 5}


@pytest.mark.parametrize(
    ("words", "courier", "pickup"),
    [
        ("顺丰包邮", True, None), ("周日门口自提", None, True), ("只自提", False, True), ("不发快递，到店自取", False, True),
        ("仅快递", None, False), ("自提或快递都可以", True, True), ("好吃不贵", None, None),
    ],
)  # fmt: skip
def test_ways_of_delivery(words: str, courier: bool | None, pickup: bool | None) -> None:
    found = read(f"脐橙 39元\n{words}", NOW)
    assert (found.courier, found.pickup) == ((True, False) if words == "仅快递" else (courier, pickup))


def test_every_guess_carries_the_words_it_came_from() -> None:
    found = read("赣南脐橙\n5斤装 39.9 / 10斤 69元\n限购2份", NOW)
    first, second = found.goods[0].specs
    assert found.goods[0].mark.sure == "likely" and found.goods[0].mark.source == "赣南脐橙"
    assert first.price and (first.price.sure, first.price.source) == ("likely", "5斤装 39.9")
    assert second.price and (second.price.sure, second.price.source) == ("sure", "10斤 69元")
    assert first.limit_mark and (first.limit_mark.sure, first.limit_mark.source) == ("likely", "限购2份")
    assert [u.text for u in read("脐橙 59 39.9", NOW).unclear] == ["39.9"]


@pytest.mark.parametrize(
    "piece",
    [
        "1",
        "限",
        "¥1 ",
        "脐橙 5斤 39.9元\n",
        "周五 ",
        "一百",
        "((",
        "🍊",
        "市场价59",
        "11.27 ",
        "a",
        "1,",
        "第1 ",
        "\n",
    ],
)
def test_a_long_text_of_anything_is_read_in_time(piece: str) -> None:
    text = (piece * MOST_TEXT)[:MOST_TEXT]
    began = time.process_time()
    found = read(text, NOW)
    assert time.process_time() - began < 8
    assert len(found.goods) <= 100 and len(found.unclear) <= 101 and sum(map(len, found.blocks)) <= 20_000


def test_too_long_a_text_is_refused() -> None:
    with pytest.raises(ValueError, match="too long"):
        read("一" * (MOST_TEXT + 1), NOW)


def test_the_command_prints_the_reading() -> None:
    command = [sys.executable, "-m", "yantuan", "read-supplier"]
    done = subprocess.run(
        command, input="脐橙 5斤 39.9元".encode(), capture_output=True, check=True, timeout=60
    )
    assert json.loads(done.stdout)["goods"][0]["specs"][0]["price_fen"] == 3990
    late = subprocess.run(command, input=b"a" * (MOST_TEXT + 1), capture_output=True, check=False, timeout=60)
    assert (late.returncode, late.stdout) == (2, b"")
