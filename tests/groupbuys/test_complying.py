"""The look before publishing, on real sales: what is forbidden is refused wherever a sale gets in front of buyers; advice is only told."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db.models import F

from orders.orderworld import make_world
from stores.shop_kit import Shop, offer, shop
from yantuan.groupbuys import schedule
from yantuan.groupbuys.complying import check
from yantuan.groupbuys.models import GroupBuy, Offer
from yantuan.kernel.clock import frozen, now
from yantuan.leaders.models import Certification
from yantuan.orders.drafts import Placed
from yantuan.orders.models import Order, OrderLine
from yantuan.orders.placing import place_orders
from yantuan.orders.sold import sold_prices
from yantuan.readers.compliance.prices import Sold

pytestmark = [pytest.mark.django_db, pytest.mark.urls("stores.shop_urls")]


def findings(mine: Shop, sale: dict[str, Any]) -> list[tuple[str, str, str]]:
    found = mine.boss.ok("GET", f"/leader/group-buys/{sale['id']}/compliance")
    assert found["forbidden"] + found["advice"] == len(found["findings"])
    return [(one["code"], one["severity"], one["field"]) for one in found["findings"]]


def test_a_forbidden_word_is_refused_and_the_sale_stays_a_draft() -> None:
    mine = shop()
    draft = mine.draft(offer(mine.product(title="脐橙")), title="国家级脐橙团")
    assert findings(mine, draft) == [("absolute_named", "forbidden", "title")]
    answer = mine.boss.call("POST", f"/leader/group-buys/{draft['id']}/publish")
    body = answer.json()  # type: ignore[attr-defined]
    assert (answer.status_code, body["code"], body["details"]) == (
        409,
        "sale_forbidden",
        {"field": "title", "findings": 1},
    )
    assert body["message"].startswith("标题里的「国家级」不能发布") and "第九条" in body["message"]
    row = GroupBuy.objects.get(id=draft["id"])
    assert (row.state, row.published_at) == ("draft", None)
    mine.boss.ok("PUT", f"/leader/group-buys/{draft['id']}", mine.sale_body(*_offers(draft), title="脐橙团"))
    assert mine.boss.ok("POST", f"/leader/group-buys/{draft['id']}/publish")["status"] == "open"


def _offers(sale: dict[str, Any]) -> list[dict[str, Any]]:
    return [{"sku_id": one["sku_id"], "price_fen": one["price_fen"]} for one in sale["offers"]]


def test_words_of_the_goods_and_of_the_introduction_count_and_name_their_place() -> None:
    mine = shop()
    goods = mine.product(title="黑枸杞")
    mine.boss.ok(
        "PUT",
        f"/leader/products/{goods['id']}",
        {
            "title": "黑枸杞", "description": "常喝抗癌", "picture_media_ids": [goods["pictures"][0]["id"]],
            "skus": [{"id": goods["skus"][0]["id"], "price_fen": 3990}],
        },
    )  # fmt: skip
    blocks = [{"kind": "text", "text": "顶级产区"}, {"kind": "text", "text": "部队特供"}]
    draft = mine.draft(offer(goods), blocks=blocks)
    assert findings(mine, draft) == [
        ("state_organ", "forbidden", "block:1"),
        ("medical", "forbidden", f"product:{goods['id']}"),
        ("absolute_soft", "advice", "block:0"),
    ]


def test_advice_refuses_nothing() -> None:
    mine = shop()
    draft = mine.draft(offer(mine.product(title="手作蛋黄酥")), title="最好吃的蛋黄酥，假一赔十")
    assert {severity for _, severity, _ in findings(mine, draft)} == {"advice"}
    assert mine.boss.ok("POST", f"/leader/group-buys/{draft['id']}/publish")["status"] == "open"


def test_a_published_sale_cannot_be_changed_into_a_forbidden_one() -> None:
    mine = shop()
    sale = mine.sale(offer(mine.product(title="脐橙")))
    before = GroupBuy.objects.filter(id=sale["id"]).values().get()
    body = {**mine.sale_body(*_offers(sale)), "starts_at": sale["starts_at"], "ends_at": sale["ends_at"]}
    body["blocks"] = [{"kind": "text", "text": "吃了能治疗感冒"}]
    assert mine.boss.refused("PUT", f"/leader/group-buys/{sale['id']}", body) == (409, "sale_forbidden")
    assert GroupBuy.objects.filter(id=sale["id"]).values().get() == before


def test_the_clock_publishes_nothing_forbidden() -> None:
    mine = shop()
    draft = mine.draft(offer(mine.product(title="脐橙")))
    at = now() + timedelta(hours=2)
    body = mine.sale_body(*_offers(draft), title="全国第一的脐橙", publish_at=at.isoformat())
    assert mine.boss.refused("PUT", f"/leader/group-buys/{draft['id']}", body) == (409, "sale_forbidden")
    # Said after the time was set: the goods' own words.
    body["title"] = "脐橙团"
    mine.boss.ok("PUT", f"/leader/group-buys/{draft['id']}", body)
    Offer.objects.get(group_buy_id=draft["id"]).product.__class__.objects.update(title="电子烟")
    with frozen(at + timedelta(minutes=1)):
        assert schedule.publish_due() == 1
    assert GroupBuy.objects.get(id=draft["id"]).state == "draft"


def test_a_question_lets_buyers_agree_to_no_return() -> None:
    mine = shop()
    blocks = [{"kind": "text", "text": "毛巾拆封后不支持七天无理由退货"}]
    draft = mine.draft(offer(mine.product(title="毛巾")), blocks=blocks)
    assert [code for code, *_ in findings(mine, draft)] == ["seven_day_excluded"]
    asked = {
        "id": "q1",
        "label": "我知道拆封后不支持无理由退货",
        "kind": "choice",
        "choices": ["知道", "不接受"],
        "required": True,
    }
    draft = mine.draft(offer(mine.product(title="毛巾")), blocks=blocks, questions=[asked])
    assert findings(mine, draft) == []


def test_somebody_certified_as_a_person_is_told_of_the_licence() -> None:
    mine = shop()
    draft = mine.draft(offer(mine.product(title="青岛啤酒")))
    sale = GroupBuy.objects.select_related("store").get(id=draft["id"])
    assert "个人认证" not in check(sale)[0].why[0]
    Certification.objects.create(
        leader=mine.leader, kind="person", legal_name="李", id_number_sealed="x", id_number_hash="x", id_number_tail="1234",
        state="approved", created_at=now(),
    )  # fmt: skip
    assert [one.code for one in check(sale)] == ["papers_alcohol"] and "个人认证" in check(sale)[0].why[0]


def test_a_strangers_sale_is_not_found() -> None:
    mine, theirs = shop(), shop()
    draft = mine.draft(offer(mine.product()))
    assert theirs.boss.refused("GET", f"/leader/group-buys/{draft['id']}/compliance")[0] == 404


def test_past_prices_are_those_that_were_paid() -> None:
    world = make_world(offers=1, stock_units=50)
    sku = Offer.objects.get(id=world.offers[0].id).sku_id
    assert sold_prices(world.store.id, [sku]) == {}
    start = now()
    for days, price in ((20, 5000), (10, 3000), (2, 4000)):
        placed = place_orders([world.draft(world.buyer(), payment_method="offline")])[0]
        assert isinstance(placed, Placed), placed
        before = sold_prices(world.store.id, [sku])
        OrderLine.objects.filter(order_id=placed.order.id).update(
            price_fen=price, amount_fen=price * F("quantity")
        )
        # Only what was paid counts.
        assert sold_prices(world.store.id, [sku]) == before
        Order.objects.filter(id=placed.order.id).update(paid_at=start - timedelta(days=days))
    assert sold_prices(world.store.id, [sku]) == {sku: Sold(4000, 4000)}
    with frozen(start + timedelta(days=30)):
        assert sold_prices(world.store.id, [sku]) == {sku: Sold(None, 4000)}
