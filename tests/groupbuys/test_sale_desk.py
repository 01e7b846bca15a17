from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from stores.shop_kit import STORE, Shop, caller, offer, person, shop
from yantuan.catalog.models import StockMovement, StockPool
from yantuan.groupbuys.models import GroupBuy, GroupCounter, Offer
from yantuan.kernel.clock import frozen, now

pytestmark = [pytest.mark.django_db, pytest.mark.urls("stores.shop_urls")]


def path_of(sale: dict[str, Any], tail: str = "") -> str:
    return f"/leader/group-buys/{sale['id']}{tail}"


def body_of(mine: Shop, sale: dict[str, Any], *offers: dict[str, Any], **changes: Any) -> dict[str, Any]:
    window = {"starts_at": sale["starts_at"], "ends_at": sale["ends_at"]}
    return mine.sale_body(*offers, **{**window, **changes})


def test_from_draft_to_open() -> None:
    mine = shop()
    rice = mine.product()
    draft = mine.draft(offer(rice, price_fen=3500, limit_per_person=2))
    assert (draft["status"], draft["status_label"]) == ("draft", "草稿")
    assert draft["url"].endswith(f"/g/{draft['code']}")
    assert draft["cover"]["id"] == rice["pictures"][0]["id"]
    live = mine.boss.ok("POST", path_of(draft, "/publish"))
    assert (live["status"], live["status_label"]) == ("open", "进行中")
    assert mine.boss.ok("POST", path_of(draft, "/publish"))["status"] == "open"
    only = live["offers"][0]
    assert (only["price_fen"], only["limit_per_person"], only["own_stock"], only["available"]) == (
        3500,
        2,
        False,
        10,
    )
    assert GroupCounter.objects.filter(group_buy_id=draft["id"]).exists()


def test_publishing_asks_for_what_lacks_and_changes_nothing() -> None:
    mine = shop()
    rice = mine.product()
    point = mine.boss.ok("POST", f"{mine.path}/pickup-points", {"name": "南门", "address": "1号"})
    late = (now() - timedelta(hours=1)).isoformat()
    early = (now() - timedelta(hours=2)).isoformat()
    for offers, changes, code in (
        ([], {}, "offers_missing"),
        ([offer(rice)], {"courier_enabled": False}, "delivery_missing"),
        ([offer(rice)], {"pickup_enabled": True, "pickup_point_ids": [point["id"]]}, "pickup_not_enabled"),
        ([offer(rice)], {"starts_at": early, "ends_at": late}, "window_over"),
    ):
        draft = mine.draft(*offers, **changes)
        assert mine.boss.refused("POST", path_of(draft, "/publish")) == (409, code)
    mine.boss.ok("PUT", mine.path, {**STORE, "pickup_enabled": True, "courier_enabled": False})
    assert mine.boss.refused("POST", path_of(mine.draft(offer(rice)), "/publish")) == (
        409,
        "courier_not_enabled",
    )
    chosen_none = mine.draft(offer(rice), courier_enabled=False, pickup_enabled=True)
    assert mine.boss.refused("POST", path_of(chosen_none, "/publish")) == (409, "pickup_points_missing")
    mine.boss.ok("PUT", mine.path, {**STORE, "offline_enabled": False, "wechatpay_enabled": True})
    assert mine.boss.refused("POST", path_of(mine.draft(offer(rice)), "/publish")) == (409, "payment_missing")
    assert set(GroupBuy.objects.values_list("state", flat=True)) == {"draft"}


@pytest.mark.parametrize("how", ["leader", "certification", "store"])
def test_who_may_not_sell_publishes_nothing(how: str) -> None:
    mine = shop()
    draft = mine.draft(offer(mine.product()))
    if how == "store":
        mine.leader.stores.update(suspended_at=now())
        assert mine.boss.refused("POST", path_of(draft, "/publish")) == (409, "store_suspended")
    else:
        mine.leader.suspended_at = now() if how == "leader" else None
        mine.leader.certification = "approved" if how == "leader" else "rejected"
        mine.leader.save()
        code = "leader_suspended" if how == "leader" else "not_certified"
        assert mine.boss.refused("POST", path_of(draft, "/publish")) == (403, code)
    assert GroupBuy.objects.get().state == "draft"


def test_others_sales_look_absent() -> None:
    mine, other = shop(), shop()
    rice = mine.product()
    sale = mine.sale(offer(rice))
    body = mine.sale_body(offer(rice))
    later = {"ends_at": (now() + timedelta(days=9)).isoformat()}
    for who in (other.boss, caller(person())):
        for method, tail, sent in (
            ("GET", "", None), ("PUT", "", body), ("DELETE", "", None), ("POST", "/publish", None), ("POST", "/close", None),
            ("POST", "/extend", later), ("POST", "/copy", None), ("GET", "/preview", None),
        ):  # fmt: skip
            assert who.refused(method, path_of(sale, tail), sent) == (404, "not_found"), (method, tail)
        assert who.refused("GET", f"{mine.path}/group-buys")[0] == 404
        assert who.refused("POST", f"{mine.path}/group-buys", body)[0] == 404
        assert who.refused("GET", f"{mine.path}/shelf")[0] == 404
        stock = f"/leader/offers/{sale['offers'][0]['id']}/stock"
        assert who.refused("POST", stock, {"delta": 1}, idempotency_key="k")[0] == 404
    assert mine.boss.ok("GET", path_of(sale)) == sale


def test_only_the_stores_own_goods_pictures_and_points_go_in() -> None:
    mine, other = shop(), shop()
    foreign = other.product()
    point = other.boss.ok("POST", f"{other.path}/pickup-points", {"name": "南门", "address": "1号"})
    picture = {"kind": "picture", "media_id": other.picture_id("content")}
    archived = mine.product()
    mine.boss.ok("POST", f"/leader/products/{archived['id']}/archive")
    rice = mine.product()
    for offers, changes, code in (
        ([offer(foreign)], {}, "sku_unknown"),
        ([offer(archived)], {}, "sku_unknown"),
        ([offer(rice), offer(rice)], {}, "offer_repeated"),
        ([], {"pickup_point_ids": [point["id"]]}, "pickup_point_unknown"),
        ([], {"blocks": [picture]}, "media_unknown"),
        (
            [],
            {"questions": [{"id": "q", "label": "尺码", "kind": "choice", "choices": ["大"]}]},
            "choices_missing",
        ),
        ([], {"ends_at": None}, "end_missing"),
        ([], {"starts_at": "2026-05-12T10:00:00"}, "window_without_zone"),
        ([offer(rice, price_fen=-1)], {}, "fields_invalid"),
        ([offer(rice, price_fen=9.9)], {}, "fields_invalid"),
    ):
        assert mine.boss.refused("POST", f"{mine.path}/group-buys", mine.sale_body(*offers, **changes)) == (
            422,
            code,
        )
    assert GroupBuy.objects.count() == 0


def test_a_draft_changes_wholly_stock_included() -> None:
    mine = shop()
    rice, milk = mine.product(), mine.product(title="鲜牛奶")
    draft = mine.draft(offer(rice, stock=5), offer(milk))
    own = draft["offers"][0]
    assert (own["own_stock"], own["available"]) == (True, 5)
    starts = (now() + timedelta(days=1)).isoformat()
    after = mine.boss.ok(
        "PUT", path_of(draft), mine.sale_body(offer(milk, stock=3), offer(rice, stock=8), starts_at=starts)
    )
    assert [(o["title"], o["own_stock"], o["available"]) for o in after["offers"]] == [
        ("鲜牛奶", True, 3),
        ("五常大米", True, 8),
    ]
    assert after["offers"][1]["id"] == own["id"]
    after = mine.boss.ok("PUT", path_of(draft), mine.sale_body(offer(rice)))
    assert [(o["own_stock"], o["available"]) for o in after["offers"]] == [(False, 10)]
    assert (Offer.objects.count(), StockPool.objects.count()) == (1, 2)
    mine.boss.ok("PUT", path_of(draft), mine.sale_body(offer(rice, stock=4)))
    assert mine.boss.ok("DELETE", path_of(draft)) == {"ok": True}
    assert (Offer.objects.count(), GroupBuy.objects.count(), GroupCounter.objects.count()) == (0, 0, 0)
    assert set(StockMovement.objects.values_list("pool_id", flat=True)) == set(
        StockPool.objects.values_list("id", flat=True)
    )
    assert StockPool.objects.count() == 2


def test_a_published_sale_takes_new_prices_and_goods_but_keeps_window_and_pools() -> None:
    mine = shop()
    rice, milk = mine.product(), mine.product(title="鲜牛奶")
    sale = mine.sale(offer(rice, stock=5))
    kept = sale["offers"][0]
    after = mine.boss.ok(
        "PUT",
        path_of(sale),
        body_of(
            mine,
            sale,
            offer(milk, stock=2),
            offer(rice, price_fen=99, limit_per_person=1, stock=500),
            title="改了名字",
        ),
    )
    assert after["title"] == "改了名字"
    assert [(o["title"], o["price_fen"], o["available"]) for o in after["offers"]] == [
        ("鲜牛奶", 3500, 2),
        ("五常大米", 99, 5),
    ]
    assert after["offers"][1]["id"] == kept["id"]
    gone = mine.boss.ok("PUT", path_of(sale), body_of(mine, sale, offer(milk)))
    assert [o["title"] for o in gone["offers"]] == ["鲜牛奶"]
    assert Offer.objects.get(id=kept["id"]).removed_at is not None
    back = mine.boss.ok("PUT", path_of(sale), body_of(mine, sale, offer(milk), offer(rice)))
    assert [(o["id"], o["available"]) for o in back["offers"]][1] == (kept["id"], 5)
    for changes, code in (
        ({"ends_at": (now() + timedelta(days=9)).isoformat()}, "end_fixed"),
        ({"starts_at": (now() + timedelta(hours=1)).isoformat()}, "start_fixed"),
    ):
        assert mine.boss.refused("PUT", path_of(sale), body_of(mine, sale, offer(rice), **changes)) == (
            409,
            code,
        )
    assert mine.boss.refused("PUT", path_of(sale), body_of(mine, sale)) == (409, "offers_missing")
    assert mine.boss.ok("GET", path_of(sale)) == back
    assert mine.boss.refused("DELETE", path_of(sale)) == (409, "only_drafts")


def test_a_coming_sale_may_start_at_another_time() -> None:
    mine = shop()
    rice = mine.product()
    sale = mine.sale(offer(rice), starts_at=(now() + timedelta(days=1)).isoformat())
    assert sale["status"] == "coming"
    soon = (now() - timedelta(seconds=1)).isoformat()
    assert (
        mine.boss.ok("PUT", path_of(sale), body_of(mine, sale, offer(rice), starts_at=soon))["status"]
        == "open"
    )


def test_close_and_extend() -> None:
    mine = shop()
    sale = mine.sale()
    later = datetime.fromisoformat(sale["ends_at"]) + timedelta(days=1)
    assert mine.boss.refused("POST", path_of(sale, "/extend"), {"ends_at": sale["ends_at"]}) == (
        422,
        "extension_not_later",
    )
    assert mine.boss.refused("POST", path_of(sale, "/extend"), {"ends_at": "2030-01-01T00:00:00"})[0] == 422
    extended = mine.boss.ok("POST", path_of(sale, "/extend"), {"ends_at": later.isoformat()})
    assert datetime.fromisoformat(extended["ends_at"]) == later
    with frozen(later):
        assert mine.boss.ok("GET", path_of(sale))["status"] == "ended"
        assert mine.boss.refused("PUT", path_of(sale), body_of(mine, extended)) == (409, "sale_over")
        again = mine.boss.ok(
            "POST", path_of(sale, "/extend"), {"ends_at": (later + timedelta(days=1)).isoformat()}
        )
        assert again["status"] == "open"
        for _ in range(2):
            closed = mine.boss.ok("POST", path_of(sale, "/close"))
            assert (closed["status"], closed["status_label"]) == ("closed", "已截单")
        assert mine.boss.refused(
            "POST", path_of(sale, "/extend"), {"ends_at": (later + timedelta(days=3)).isoformat()}
        ) == (409, "not_published")
        assert mine.boss.refused("POST", path_of(sale, "/publish")) == (409, "sale_over")
    draft = mine.draft()
    assert mine.boss.refused("POST", path_of(draft, "/close")) == (409, "not_published")


def test_a_copy_is_a_draft_with_the_same_goods_and_its_own_stock() -> None:
    mine = shop()
    rice, milk, old = mine.product(), mine.product(title="鲜牛奶"), mine.product(title="旧货")
    sale = mine.sale(
        offer(rice, stock=5, price_fen=1200, limit_per_person=3),
        offer(milk),
        offer(old),
        blocks=[{"kind": "text", "text": "新米上市"}],
    )
    mine.boss.ok("POST", f"/leader/products/{old['id']}/archive")
    mine.boss.ok("POST", path_of(sale, "/close"))
    copy = mine.boss.ok("POST", path_of(sale, "/copy"))
    assert (copy["status"], copy["title"], copy["blocks"][0]["text"]) == ("draft", sale["title"], "新米上市")
    assert copy["code"] != sale["code"]
    span = [
        datetime.fromisoformat(s["ends_at"]) - datetime.fromisoformat(s["starts_at"]) for s in (copy, sale)
    ]
    # Each end is told to the millisecond, cut off.
    assert abs(span[0] - span[1]) <= timedelta(milliseconds=1)
    assert [(o["title"], o["price_fen"], o["limit_per_person"], o["own_stock"], o["available"]) for o in copy["offers"]] == [
        ("五常大米", 1200, 3, True, 5), ("鲜牛奶", 3500, 0, False, 10),
    ]  # fmt: skip
    pools = dict(Offer.objects.filter(own_stock=True).values_list("group_buy_id", "pool_id"))
    assert len(set(pools.values())) == 2


def test_the_shelf_is_made_once_and_published_with_its_first_offer() -> None:
    mine = shop()
    rice = mine.product()
    empty = mine.boss.ok("GET", f"{mine.path}/shelf")
    assert (empty["kind"], empty["status"], empty["ends_at"], empty["offers"]) == ("shelf", "draft", None, [])
    assert mine.boss.ok("GET", f"{mine.path}/shelf") == empty
    body = mine.sale_body(offer(rice), ends_at=None)
    assert mine.boss.refused("PUT", path_of(empty), {**body, "ends_at": body["starts_at"]}) == (
        422,
        "shelf_has_no_end",
    )
    live = mine.boss.ok("PUT", path_of(empty), body)
    assert (live["status"], len(live["offers"])) == ("open", 1)
    assert mine.boss.ok("GET", f"/leader/products/{rice['id']}")["on_shelf"] is True
    for tail in ("/close", "/copy"):
        assert mine.boss.refused("POST", path_of(empty, tail)) == (409, "shelf_stays")
    assert mine.boss.refused("DELETE", path_of(empty)) == (409, "shelf_stays")
    cleared = mine.boss.ok("PUT", path_of(empty), mine.sale_body(ends_at=None))
    assert (cleared["status"], cleared["offers"]) == ("open", [])
    assert mine.boss.ok("GET", f"/leader/products/{rice['id']}")["on_shelf"] is False


def test_a_suspended_leader_puts_nothing_new_on_the_shelf() -> None:
    mine = shop()
    rice = mine.product()
    empty = mine.boss.ok("GET", f"{mine.path}/shelf")
    mine.leader.suspended_at = now()
    mine.leader.save()
    assert mine.boss.refused("PUT", path_of(empty), mine.sale_body(offer(rice), ends_at=None)) == (
        403,
        "leader_suspended",
    )
    assert (Offer.objects.count(), GroupBuy.objects.get().state) == (0, "draft")


def test_the_list_by_status_with_a_fixed_number_of_questions() -> None:
    mine = shop()
    rice = mine.product()
    draft, live = mine.draft(offer(rice)), mine.sale(offer(rice))
    coming = mine.sale(offer(rice), starts_at=(now() + timedelta(days=1)).isoformat())
    closed = mine.sale(offer(rice))
    mine.boss.ok("POST", path_of(closed, "/close"))
    over = mine.sale(offer(rice))
    GroupBuy.objects.filter(id=over["id"]).update(ends_at=now())
    mine.boss.ok("GET", f"{mine.path}/shelf")

    def ids(status: str) -> list[str]:
        found = mine.boss.ok("GET", f"{mine.path}/group-buys?status={status}")["items"]
        assert all(status in ("", row["status"]) for row in found)
        return [row["id"] for row in found]

    assert ids("") == [over["id"], closed["id"], coming["id"], live["id"], draft["id"]]
    assert [ids(s) for s in ("draft", "open", "coming", "closed", "ended", "suspended")] == [
        [draft["id"]], [live["id"]], [coming["id"]], [closed["id"]], [over["id"]], [],
    ]  # fmt: skip
    assert mine.boss.refused("GET", f"{mine.path}/group-buys?status=x") == (422, "status_unknown")
    with CaptureQueriesContext(connection) as asked:
        ids("")
    assert len(asked) <= 6
    mine.leader.stores.update(suspended_at=now())
    assert ids("suspended") == [coming["id"], live["id"]]
    assert ids("open") == []


def test_stock_of_an_offer_changes_through_its_own_route() -> None:
    mine = shop()
    rice = mine.product()
    sale = mine.sale(offer(rice, stock=5))
    path = f"/leader/offers/{sale['offers'][0]['id']}/stock"
    for _ in range(2):
        assert mine.boss.ok("POST", path, {"delta": -2}, idempotency_key="a")["available"] == 3
    assert mine.boss.ok("GET", f"/leader/products/{rice['id']}")["skus"][0]["available"] == 10
