from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from stores.shop_kit import STORE, offer, person, public, shop
from yantuan.catalog.models import StockPool
from yantuan.groupbuys import pages, parts
from yantuan.groupbuys.models import GroupBuy
from yantuan.groupbuys.schemas import JoinedRow
from yantuan.kernel.clock import frozen, now
from yantuan.leaders.models import Certification, Leader

pytestmark = [pytest.mark.django_db, pytest.mark.urls("stores.shop_urls")]


@pytest.fixture(autouse=True)
def counted(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Stand-ins for what orders tell."""

    def joined(group_buy_id: int, cursor: str | None, limit: int) -> tuple[list[JoinedRow], str | None]:
        at = now()
        return [
            JoinedRow(number=n, name="张*", avatar_url="", goods="大米×1", at=at) for n in range(limit, 0, -1)
        ], "1"

    monkeypatch.setattr(parts, "_joined", [joined])
    monkeypatch.setattr(parts, "_totals", [lambda ids: {i: parts.Totals(7, 9, 123) for i in ids}])
    yield


def test_anybody_reads_a_published_sale() -> None:
    mine = shop()
    rice = mine.product(
        {"name": "5斤", "price_fen": 1, "cost_fen": 777777, "stock": 6},
        {"name": "10斤", "price_fen": 2, "stock": 4},
    )
    milk = mine.product(title="鲜牛奶")
    picture = mine.picture_id("content")
    blocks = [{"kind": "text", "text": "产地直发"}, {"kind": "picture", "media_id": picture}]
    sale = mine.sale(
        offer(rice, 1, price_fen=5000),
        offer(milk),
        offer(rice, 0, price_fen=3000, limit_per_person=2),
        blocks=blocks,
    )
    StockPool.objects.filter(total=4).update(available=1, held=1, sold=2)
    page = public(f"/g/{sale['code']}")
    assert (page["status"], page["status_label"], page["preview"]) == ("open", "进行中", False)
    assert [(p["title"], p["price_min_fen"], p["price_max_fen"], p["sold"]) for p in page["products"]] == [
        ("五常大米", 3000, 5000, 3), ("鲜牛奶", 3500, 3500, 0),
    ]  # fmt: skip
    assert [(o["sku_name"], o["stock"], o["sold"], o["limit_per_person"]) for o in page["products"][0]["offers"]] == [
        ("10斤", 1, 3, 0), ("5斤", 6, 0, 2),
    ]  # fmt: skip
    assert page["blocks"][1]["picture"]["id"] == picture
    assert page["freight_text"] == "运费 ¥8.00"
    assert page["payment_methods"] == ["offline"]
    assert (page["joined"], len(page["latest_joined"])) == (7, 10)
    assert page["store"]["selling"] is True


def test_nothing_private_is_told() -> None:
    mine = shop()
    mine.leader.person.phone_last4 = "9876"
    mine.leader.person.save()
    rice = mine.product({"name": "", "price_fen": 3, "cost_fen": 777777, "code": "SECRET-CODE", "stock": 40})
    sale = mine.sale(offer(rice))
    StockPool.objects.update(available=20, held=13, sold=7)
    for path in (f"/g/{sale['code']}", f"/s/{mine.store['code']}"):
        text = json.dumps(public(path))
        for secret in (
            "777777",
            "SECRET-CODE",
            "9876",
            "held",
            "cost",
            "pool",
            "own_stock",
            "phone_",
            str(mine.leader.person_id),
        ):
            assert secret not in text, (path, secret)


def test_few_questions_for_any_number_of_offers() -> None:
    mine = shop()
    mine.boss.ok(
        "PUT", mine.path, {**STORE, "pickup_enabled": True, "cover_media_id": mine.picture_id("store")}
    )
    point = mine.boss.ok("POST", f"{mine.path}/pickup-points", {"name": "南门", "address": "1号"})
    mine.leader.person.avatar_media_id = int(mine.picture_id("avatar"))
    mine.leader.person.save()
    Certification.objects.create(
        leader=mine.leader,
        kind="person",
        legal_name="李四",
        id_number_sealed="x",
        id_number_tail="1",
        state="approved",
        created_at=now(),
    )
    offers = []
    for number in range(12):
        made = mine.product(
            {"name": "大", "price_fen": 1}, {"name": "小", "price_fen": 1}, title=f"商品{number}"
        )
        offers += [offer(made, 0), offer(made, 1, stock=3)]
    sale = mine.sale(*offers, pickup_enabled=True, pickup_point_ids=[point["id"]])
    with CaptureQueriesContext(connection) as asked:
        page = public(f"/g/{sale['code']}")
    assert len(page["products"]) == 12
    assert page["pickup_points"][0]["name"] == "南门"
    assert page["store"]["leader"]["certified_kind"] == "个人"
    # Five of our own; orders' two providers take three more at most.
    assert len(asked) <= 5, [q["sql"] for q in asked]
    with CaptureQueriesContext(connection) as asked:
        public(f"/s/{mine.store['code']}")
    assert len(asked) <= 8


def test_drafts_and_unknown_codes_look_the_same() -> None:
    mine = shop()
    draft = mine.draft(offer(mine.product()))
    for code in (draft["code"], "nothing"):
        for tail in ("", "/joined"):
            answer = Client().get(f"/api/g/{code}{tail}")
            assert (answer.status_code, json.loads(answer.content)["code"]) == (404, "not_found")


def test_the_owner_previews_a_draft() -> None:
    mine = shop()
    draft = mine.draft(offer(mine.product()))
    page = mine.boss.ok("GET", f"/leader/group-buys/{draft['id']}/preview")
    assert (page["preview"], page["status"], len(page["products"])) == (True, "draft", 1)


def test_the_clock_of_the_server_decides() -> None:
    mine = shop()
    start = now() + timedelta(hours=1)
    sale = mine.sale(offer(mine.product()), starts_at=start.isoformat())
    path = f"/g/{sale['code']}"
    ends = GroupBuy.objects.get().ends_at
    assert ends is not None
    for moment, status in (
        (start - timedelta(seconds=1), "coming"),
        (start, "open"),
        (ends - timedelta(seconds=1), "open"),
        (ends, "ended"),
    ):
        with frozen(moment):
            assert public(path)["status"] == status


@pytest.mark.parametrize("how", ["store", "leader", "certification"])
def test_suspension_shows_at_once(how: str) -> None:
    mine = shop()
    sale = mine.sale()
    if how == "store":
        mine.leader.stores.update(suspended_at=now())
    elif how == "leader":
        Leader.objects.update(suspended_at=now())
    else:
        Leader.objects.update(certification="rejected")
    page = public(f"/g/{sale['code']}")
    assert (page["status"], page["status_label"], page["store"]["selling"]) == (
        "suspended",
        "暂停销售",
        False,
    )
    row = public(f"/s/{mine.store['code']}")["groups"][0]
    assert row["status_label"] == "暂停销售"


def test_a_hidden_joined_list_stays_hidden() -> None:
    mine = shop()
    sale = mine.sale(offer(mine.product()), show_joined=False)
    assert public(f"/g/{sale['code']}")["latest_joined"] == []
    assert public(f"/g/{sale['code']}/joined") == {"items": [], "next": None}
    shown = mine.sale(offer(mine.product()))
    page: Any = public(f"/g/{shown['code']}/joined")
    assert (len(page["items"]), page["next"], page["items"][0]["name"]) == (30, "1", "张*")


def test_a_store_shows_running_sales_and_its_shelf() -> None:
    mine = shop()
    rice = mine.product()
    soon = mine.sale(
        offer(rice, price_fen=100),
        offer(mine.product(title="鲜牛奶"), price_fen=900),
        ends_at=(now() + timedelta(hours=1)).isoformat(),
    )
    later = mine.sale(offer(rice))
    mine.draft(offer(rice))
    closed = mine.sale(offer(rice))
    mine.boss.ok("POST", f"/leader/group-buys/{closed['id']}/close")
    shelf = mine.boss.ok("GET", f"{mine.path}/shelf")
    assert public(f"/s/{mine.store['code']}")["shelf"] is None
    mine.boss.ok(
        "PUT", f"/leader/group-buys/{shelf['id']}", mine.sale_body(offer(rice, price_fen=4500), ends_at=None)
    )
    page = public(f"/s/{mine.store['code']}")
    assert [g["code"] for g in page["groups"]] == [soon["code"], later["code"]]
    assert (page["groups"][0]["price_min_fen"], page["groups"][0]["price_max_fen"]) == (100, 900)
    assert page["shelf"]["products"][0]["offers"][0]["price_fen"] == 4500
    assert page["shelf"]["ends_at"] is None
    mine.boss.ok("PUT", f"/leader/group-buys/{shelf['id']}", mine.sale_body(ends_at=None))
    assert public(f"/s/{mine.store['code']}")["shelf"] is None


def test_the_shelf_is_shown_however_many_sales_run(monkeypatch: pytest.MonkeyPatch) -> None:
    mine = shop()
    rice = mine.product()
    mine.sale(offer(rice))
    mine.sale(offer(rice))
    shelf = mine.boss.ok("GET", f"{mine.path}/shelf")
    mine.boss.ok("PUT", f"/leader/group-buys/{shelf['id']}", mine.sale_body(offer(rice), ends_at=None))
    monkeypatch.setattr(pages, "STORE_GROUPS", 1)
    page = public(f"/s/{mine.store['code']}")
    assert (page["shelf"]["kind"], len(page["groups"])) == ("shelf", 1)


def test_a_store_of_a_never_certified_leader_is_not_shown() -> None:
    mine = shop()
    Leader.objects.update(certified_at=None, certification="none")
    assert Client().get(f"/api/s/{mine.store['code']}").status_code == 404
    assert Client().get("/api/s/nothing").status_code == 404
    assert person().id
