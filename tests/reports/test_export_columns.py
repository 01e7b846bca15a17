"""Chosen columns of a sheet: kept per store in the chosen order, exactly those cells, masked where the recipient is."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import openpyxl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fulfilment.tradeworld import Shop, make_shop
from yantuan.groupbuys.models import GroupBuy
from yantuan.kernel.clock import now
from yantuan.kernel.errors import Invalid
from yantuan.orders.models import ExportChoice, Order
from yantuan.reports.choosing import choose, chosen, columns_out
from yantuan.reports.columns import COLUMNS, PRESETS, USUAL, columns_of
from yantuan.reports.sheets import write_orders

pytestmark = pytest.mark.django_db


def written(shop: Shop, path: Path) -> list[tuple[object, ...]]:
    orders = Order.objects.filter(store_id=shop.world.store.id)
    write_orders(path, orders, now(), lambda _: None, chosen(shop.boss.who, shop.world.store.id))
    rows = list(openpyxl.load_workbook(path).active.iter_rows(values_only=True))  # type: ignore[union-attr]
    path.unlink()
    return rows


def test_a_sheet_holds_the_chosen_columns_in_their_order(tmp_path: Path) -> None:
    shop = make_shop(offers=2)
    trade = shop.order(2, 1)
    choose(
        shop.boss.who,
        shop.world.store,
        ["phone", "goods", "to_ship", "goods_left", "number", "detail", "order_id"],
    )
    assert written(shop, tmp_path / "a.xlsx") == [
        ("手机号", "商品", "待发件数", "可退商品金额（元）", "跟团号", "详细地址", "订单编号"),
        ("13812341234", "红富士苹果0", 2, 79.8, 1, "文三路 1 号", str(trade.id)),
        ("13812341234", "红富士苹果1", 1, 39.91, 1, "文三路 1 号", str(trade.id)),
    ]


def test_every_question_of_a_sale_has_a_column(tmp_path: Path) -> None:
    shop = make_shop()
    asked = [
        {"id": "a", "label": "几号楼", "required": False},
        {"id": "b", "label": "几点在家", "required": False},
        {"id": "c", "label": "拍一下门牌", "kind": "picture", "required": False},
    ]
    GroupBuy.objects.filter(id=shop.world.group_buy.id).update(questions=asked)
    first, second = shop.order(1), shop.order(1)
    Order.objects.filter(id=first.id).update(
        answers=[
            {"label": "几点在家", "answer": "=六点"},
            {"label": "拍一下门牌", "answer": "", "media_id": "7"},
        ]
    )
    Order.objects.filter(id=second.id).update(answers=[{"label": "从前问的", "answer": "是"}])
    choose(shop.boss.who, shop.world.store, ["answer_1", "answer_2", "answer_3", "answer_4", "answers"])
    assert written(shop, tmp_path / "a.xlsx") == [
        ("自定义项1", "自定义项2", "自定义项3", "自定义项4", "团员填写"),
        (None, "=六点", "［图片］", None, "几点在家：=六点；拍一下门牌："),
        (None, None, None, None, "从前问的：是"),
    ]


def test_who_may_not_be_seen_is_masked_in_every_column(tmp_path: Path) -> None:
    shop = make_shop()
    shop.order(1, paid=False)
    choose(shop.boss.who, shop.world.store, ["name", "phone", "place", "detail", "room", "district"])
    assert written(shop, tmp_path / "a.xlsx")[1:] == [
        ("王*雁", "138****1234", "浙江省杭州市西湖区 ****", "****", "****", "西湖区")
    ]
    Order.objects.update(payment="paid", received_at=now() - timedelta(days=31))
    assert written(shop, tmp_path / "a.xlsx")[1][1] == "138****1234"


def test_a_store_keeps_its_choice_and_others_theirs() -> None:
    shop, other = make_shop(), make_shop()
    me, mine = shop.boss.who, shop.world.store
    assert [one.key for one in chosen(me, mine.id)] == list(USUAL)
    choose(me, mine, ["room", "number"])
    choose(me, mine, ["number", "room"])
    assert columns_out(me, mine).chosen == ["number", "room"]
    assert [one.key for one in chosen(other.boss.who, other.world.store.id)] == list(USUAL)
    ExportChoice.objects.filter(store=mine).update(columns=["gone", "number"])
    assert columns_out(me, mine).chosen == ["number"]


@pytest.mark.parametrize("keys", [[], ["number", "number"], ["number", "secret"]])
def test_what_is_no_choice_changes_nothing(keys: list[str]) -> None:
    shop = make_shop()
    me, store = shop.boss.who, shop.world.store
    choose(me, store, ["number"])
    with pytest.raises(Invalid) as refused:
        choose(me, store, keys)
    assert refused.value.code == "columns_unfit"
    assert columns_out(me, store).chosen == ["number"]


@given(st.lists(st.sampled_from(sorted(COLUMNS)), min_size=1, unique=True))
def test_any_choice_is_taken_in_its_order(keys: list[str]) -> None:
    assert [one.key for one in columns_of(keys)] == keys


def test_presets_name_columns_there_are_and_headings_are_unlike() -> None:
    for preset in PRESETS:
        assert [one.key for one in columns_of(preset.columns)] == list(preset.columns)
    assert len({one.zh for one in COLUMNS.values()}) == len(COLUMNS)
