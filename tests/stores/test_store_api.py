from __future__ import annotations

import pytest

from stores.shop_kit import STORE, caller, leader, person, picture, shop
from yantuan.kernel.models import AuditEntry
from yantuan.stores.actions import restore_store, suspend_store
from yantuan.stores.models import PickupPoint, Store

pytestmark = [pytest.mark.django_db, pytest.mark.urls("stores.shop_urls")]


def test_a_certified_leader_opens_a_store_and_reads_it_back() -> None:
    boss = caller(leader().person)
    cover = picture(boss.who, "store")
    made = boss.ok("POST", "/leader/stores", {**STORE, "cover_media_id": str(cover.id)})
    assert made["name"] == "雁团小铺"
    assert made["url"].endswith(f"/s/{made['code']}")
    assert made["cover"]["id"] == str(cover.id)
    assert made["freight_fen"] == 800
    assert boss.ok("GET", "/leader/stores") == [made]
    assert boss.ok("GET", f"/leader/stores/{made['id']}") == made


@pytest.mark.parametrize(
    ("state", "code"), [("buyer", "not_a_leader"), ("new", "not_certified"), ("out", "leader_suspended")]
)
def test_who_may_not_sell_opens_nothing(state: str, code: str) -> None:
    who = person()
    if state != "buyer":
        row = leader(who, certified=state == "out")
        row.suspended_at = row.created_at if state == "out" else None
        row.save()
    assert caller(who).refused("POST", "/leader/stores", STORE) == (403, code)
    assert Store.objects.count() == 0


def test_others_stores_look_absent() -> None:
    mine, other = shop(), shop()
    point = mine.boss.ok("POST", f"{mine.path}/pickup-points", {"name": "南门", "address": "幸福路1号"})
    for who in (other.boss, caller(person())):
        assert who.refused("GET", mine.path) == (404, "not_found")
        assert who.refused("PUT", mine.path, STORE) == (404, "not_found")
        assert who.refused("POST", f"{mine.path}/pickup-points", {"name": "a", "address": "b"})[0] == 404
        assert (
            who.refused("PUT", f"/leader/pickup-points/{point['id']}", {"name": "a", "address": "b"})[0]
            == 404
        )
        assert who.refused("DELETE", f"/leader/pickup-points/{point['id']}")[0] == 404
    assert (
        other.boss.call("GET", "/leader/stores/1").content[:40]
        == other.boss.call("GET", mine.path).content[:40]
    )
    assert PickupPoint.objects.get().archived_at is None


def test_fields_that_are_not_a_leaders_to_set_change_nothing() -> None:
    mine = shop()
    body = {**STORE, "suspended_at": "2026-01-01T00:00:00Z", "leader_id": "1", "code": "x", "id": "9"}
    changed = mine.boss.ok("PUT", mine.path, body)
    row = Store.objects.get()
    assert (changed["code"], row.leader_id, row.suspended_at) == (mine.store["code"], mine.leader.id, None)


def test_settings_keep_their_rules() -> None:
    mine = shop()
    for change, code in (
        ({"courier_enabled": False}, "delivery_missing"),
        ({"wechatpay_enabled": False, "offline_enabled": False}, "payment_missing"),
        ({"freight_fen": -1}, "fields_invalid"),
        ({"freight_fen": 8.5}, "fields_invalid"),
        ({"freight_fen": "800"}, "fields_invalid"),
        ({"name": "一"}, "fields_invalid"),
        ({"cover_media_id": str(picture(person(), "store").id)}, "media_unknown"),
        ({"cover_media_id": mine.picture_id("proof")}, "media_unknown"),
    ):
        assert mine.boss.refused("PUT", mine.path, {**STORE, **change}) == (422, code)
    assert mine.boss.ok("GET", mine.path) == mine.store


def test_pick_up_points_come_in_order_and_leave_softly() -> None:
    mine = shop()
    first = mine.boss.ok("POST", f"{mine.path}/pickup-points", {"name": "南门", "address": "幸福路1号"})
    second = mine.boss.ok("POST", f"{mine.path}/pickup-points", {"name": "北门", "address": "幸福路9号"})
    changed = mine.boss.ok(
        "PUT",
        f"/leader/pickup-points/{first['id']}",
        {"name": "南门岗亭", "address": "幸福路1号", "hours": "9-21"},
    )
    assert [p["name"] for p in mine.boss.ok("GET", mine.path)["pickup_points"]] == ["南门岗亭", "北门"]
    assert changed["hours"] == "9-21"
    assert mine.boss.ok("DELETE", f"/leader/pickup-points/{first['id']}") == {"ok": True}
    assert mine.boss.ok("GET", mine.path)["pickup_points"] == [second]
    assert mine.boss.refused("DELETE", f"/leader/pickup-points/{first['id']}")[0] == 404
    assert PickupPoint.objects.count() == 2


def test_the_operator_suspends_once_and_leaves_a_trace() -> None:
    mine = shop()
    row = Store.objects.get()
    suspend_store(row.id, "资质过期", 7)
    suspend_store(row.id, "又一次", 7)
    seen = mine.boss.ok("GET", mine.path)
    assert (seen["suspended"], seen["suspend_reason"]) == (True, "资质过期")
    restore_store(row.id, "已补齐", 7)
    assert mine.boss.ok("GET", mine.path)["suspended"] is False
    assert list(AuditEntry.objects.order_by("seq").values_list("action", "reason", "actor_id")) == [
        ("store.suspend", "资质过期", 7),
        ("store.restore", "已补齐", 7),
    ]


def test_number_of_stores_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("yantuan.stores.actions.MAX_STORES", 1)
    mine = shop()
    assert mine.boss.refused("POST", "/leader/stores", STORE) == (409, "too_many_stores")
    assert Store.objects.count() == 1
