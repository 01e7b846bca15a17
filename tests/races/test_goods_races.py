"""Two of the staff take goods from sheets at once: every product is there once (GDS-01)."""

from __future__ import annotations

import pytest

from catalog.goodsworld import csv, sent
from races.conftest import Pace
from races.racing import LOCK, crowd, meeting, together, without
from stores.shop_kit import Shop, shop
from yantuan.catalog.imports import actions, booking
from yantuan.catalog.imports.models import GoodsImportRow
from yantuan.catalog.imports.schemas import GoodsConfirmIn
from yantuan.catalog.models import Product

pytestmark = pytest.mark.urls("stores.shop_urls")
HEAD = ("商品名称", "价格", "库存")
MAKES = 'INSERT INTO "catalog_product"'


def _confirmed(mine: Shop, titles: list[str]) -> list[int]:
    """Two sheets with these goods at different prices that only wait for their worker."""
    picture = int(mine.picture_id())
    sheets = [csv(HEAD, *[(title, price, 5) for title in titles]) for price in ("9.9", "8.8")]
    read = [int(sent(mine, sheet)["id"]) for sheet in sheets]
    for batch in read:
        actions.confirm(mine.boss.who, batch, GoodsConfirmIn(picture_media_id=picture))
    return read


def test_two_sheets_with_the_same_goods(pace: Pace) -> None:
    """GDS-01: who comes second finds the goods known, row by row."""
    mine = shop()
    with crowd(2):
        for turn in range(pace.size(2, 20, 1)):
            titles = [f"第{turn}批 {n}" for n in range(pace.size(6, 30, 2))]
            one, other = _confirmed(mine, titles)
            done = together([lambda: booking.book(one), lambda: booking.book(other)])  # noqa: B023
            assert [answer for answer in done if isinstance(answer, Exception)] == []
            assert Product.objects.filter(title__startswith=f"第{turn}批").count() == len(titles)
            rows = GoodsImportRow.objects.filter(batch_id__in=[one, other])
            results = list(rows.values_list("result", flat=True))
            assert (results.count("made"), results.count("known")) == (len(titles), len(titles))
            assert len(set(rows.values_list("sku_id", flat=True))) == len(titles)


def test_control_without_the_lock_goods_are_made_twice(pace: Pace) -> None:
    """GDS-01: without the store's lock both sheets make everything."""
    mine = shop()
    one, other = _confirmed(mine, ["苹果"])
    with without(LOCK), meeting(MAKES, 2):
        together([lambda: booking.book(one), lambda: booking.book(other)])
    assert Product.objects.filter(title="苹果").count() == 2
