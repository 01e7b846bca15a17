from __future__ import annotations

import json

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from hypothesis import given
from hypothesis import strategies as st

from stores.shop_kit import caller, person, shop
from yantuan.catalog.models import Product, Sku, StockMovement, StockPool
from yantuan.catalog.rules import plan_skus
from yantuan.kernel.errors import Invalid

pytestmark = [pytest.mark.django_db, pytest.mark.urls("stores.shop_urls")]


def test_one_variant_needs_no_name() -> None:
    mine = shop()
    made = mine.product({"price_fen": 3990, "cost_fen": 2000, "stock": 7, "code": "RICE-5", "weight_g": 700})
    assert made["skus"] == [
        {
            "id": made["skus"][0]["id"], "name": "", "code": "RICE-5", "price_fen": 3990, "cost_fen": 2000,
            "limit_per_person": 0, "weight_g": 700, "available": 7, "held": 0, "sold": 0,
        }
    ]  # fmt: skip
    assert (made["archived"], made["on_shelf"]) == (False, False)
    assert StockMovement.objects.get().quantity == 7


def test_pictures_keep_their_order() -> None:
    mine = shop()
    ids = [mine.picture_id() for _ in range(4)]
    order = [ids[2], ids[0], ids[3], ids[0], ids[1]]
    body = {"title": "苹果", "picture_media_ids": order, "skus": [{"price_fen": 1}]}
    made = mine.boss.ok("POST", f"{mine.path}/products", body)
    assert [p["id"] for p in made["pictures"]] == [ids[2], ids[0], ids[3], ids[1]]


def test_a_put_changes_adds_and_archives_variants() -> None:
    mine = shop()
    made = mine.product(
        {"name": "小", "price_fen": 100, "stock": 5}, {"name": "大", "price_fen": 200, "stock": 5}
    )
    small, big = made["skus"]
    body = {
        "title": "新名字",
        "picture_media_ids": [made["pictures"][0]["id"]],
        "skus": [
            {"name": "特大", "price_fen": 300, "stock": 9},
            {"id": big["id"], "name": "大号", "price_fen": 250, "stock": 99},
        ],
    }
    after = mine.boss.ok("PUT", f"/leader/products/{made['id']}", body)
    assert [(s["name"], s["price_fen"], s["available"]) for s in after["skus"]] == [
        ("特大", 300, 9),
        ("大号", 250, 5),
    ]
    assert Sku.objects.get(id=small["id"]).archived_at is not None
    assert Sku.objects.count() == 3
    body["skus"] = [{"id": small["id"], "price_fen": 1}]
    assert mine.boss.refused("PUT", f"/leader/products/{made['id']}", body) == (422, "sku_unknown")


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"skus": []}, "fields_invalid"),
        ({"skus": [{"name": str(i), "price_fen": 1} for i in range(51)]}, "fields_invalid"),
        ({"skus": [{"price_fen": 1}, {"name": "大", "price_fen": 1}]}, "sku_name_missing"),
        ({"skus": [{"name": "A", "price_fen": 1}, {"name": "a", "price_fen": 1}]}, "sku_name_repeated"),
        ({"skus": [{"price_fen": 1, "id": "77"}]}, "sku_unknown"),
        ({"picture_media_ids": []}, "fields_invalid"),
        ({"picture_media_ids": ["123"]}, "media_unknown"),
        ({"title": " "}, "fields_invalid"),
        *(
            ({"skus": [{"price_fen": bad}]}, "fields_invalid")
            for bad in ("0.1", 9.99, "1e2", "１２", -1, None, True, [], 10**13)
        ),
        *(
            ({"skus": [{"price_fen": 1, "stock": bad}]}, "fields_invalid")
            for bad in (-1, 1.5, "3", 10**8, True)
        ),
    ],
)
def test_wrong_products_are_refused_and_leave_nothing(change: dict[str, object], code: str) -> None:
    mine = shop()
    body = {"title": "苹果", "picture_media_ids": [mine.picture_id()], "skus": [{"price_fen": 100}], **change}
    assert mine.boss.refused("POST", f"{mine.path}/products", body) == (422, code)
    assert (Product.objects.count(), Sku.objects.count(), StockPool.objects.count()) == (0, 0, 0)


def test_anothers_picture_and_anothers_variant_are_refused() -> None:
    mine, other = shop(), shop()
    foreign = other.product()
    body = {"title": "苹果", "picture_media_ids": [other.picture_id()], "skus": [{"price_fen": 1}]}
    assert mine.boss.refused("POST", f"{mine.path}/products", body) == (422, "media_unknown")
    made = mine.product()
    body = {
        "title": "苹果",
        "picture_media_ids": [made["pictures"][0]["id"]],
        "skus": [{"id": foreign["skus"][0]["id"], "price_fen": 1}],
    }
    assert mine.boss.refused("PUT", f"/leader/products/{made['id']}", body) == (422, "sku_unknown")


def test_others_products_look_absent() -> None:
    mine, other = shop(), shop()
    made = mine.product()
    body = {"title": "x", "picture_media_ids": ["1"], "skus": [{"price_fen": 1}]}
    for who in (other.boss, caller(person())):
        assert who.refused("GET", f"{mine.path}/products")[0] == 404
        assert who.refused("POST", f"{mine.path}/products", body)[0] == 404
        for method, tail, sent in (
            ("GET", "", None),
            ("PUT", "", body),
            ("POST", "/archive", None),
            ("POST", "/restore", None),
        ):
            assert who.refused(method, f"/leader/products/{made['id']}{tail}", sent) == (404, "not_found")
        path = f"/leader/skus/{made['skus'][0]['id']}/stock"
        assert who.refused("POST", path, {"delta": 1}, idempotency_key="k")[0] == 404
    assert mine.boss.ok("GET", f"/leader/products/{made['id']}") == made


def test_archive_hides_and_restore_brings_back() -> None:
    mine = shop()
    made = mine.product()
    for _ in range(2):
        assert mine.boss.ok("POST", f"/leader/products/{made['id']}/archive")["archived"] is True
    assert mine.boss.ok("GET", f"{mine.path}/products")["items"] == []
    assert len(mine.boss.ok("GET", f"{mine.path}/products?archived=true")["items"]) == 1
    assert mine.boss.ok("POST", f"/leader/products/{made['id']}/restore")["archived"] is False
    assert len(mine.boss.ok("GET", f"{mine.path}/products")["items"]) == 1


def test_the_library_pages_searches_and_asks_a_fixed_number_of_questions() -> None:
    mine = shop()
    for number in range(23):
        mine.product({"name": "小", "price_fen": 1}, {"name": "大", "price_fen": 2}, title=f"苹果{number}")
    with CaptureQueriesContext(
        connection,
    ) as asked:
        first = mine.boss.ok("GET", f"{mine.path}/products")
    assert len(asked) <= 8
    second = mine.boss.ok("GET", f"{mine.path}/products?cursor={first['next']}")
    titles = [p["title"] for p in first["items"] + second["items"]]
    assert titles == [f"苹果{n}" for n in range(22, -1, -1)]
    assert second["next"] is None
    assert [p["title"] for p in mine.boss.ok("GET", f"{mine.path}/products?q=果22")["items"]] == ["苹果22"]
    assert mine.boss.refused("GET", f"{mine.path}/products?cursor=abc") == (422, "cursor_invalid")


def test_stock_changes_once_per_key() -> None:
    mine = shop()
    sku = mine.product()["skus"][0]["id"]
    path = f"/leader/skus/{sku}/stock"
    for _ in range(3):
        assert mine.boss.ok("POST", path, {"delta": 5}, idempotency_key="k1") == {
            "available": 15,
            "held": 0,
            "sold": 0,
            "total": 15,
        }
    assert mine.boss.refused("POST", path, {"delta": 6}, idempotency_key="k1") == (
        409,
        "idempotency_key_reused",
    )
    assert mine.boss.refused("POST", path, {"delta": 6}) == (422, "idempotency_key_needed")
    assert mine.boss.refused("POST", path, {"delta": -16}, idempotency_key="k2") == (409, "stock_too_low")
    assert mine.boss.ok("POST", path, {"delta": -15}, idempotency_key="k2")["available"] == 0
    for bad in (1.5, "1", None, True, 10**9):
        assert mine.boss.refused("POST", path, {"delta": bad}, idempotency_key="k3")[0] == 422
    assert StockPool.objects.get().available == 0


def test_no_body_sets_stock_or_owner_from_outside() -> None:
    mine = shop()
    made = mine.product()
    body = {
        "title": "苹果", "picture_media_ids": [made["pictures"][0]["id"]], "store_id": "1", "archived_at": "2026-01-01",
        "skus": [{"id": made["skus"][0]["id"], "price_fen": 5, "available": 999, "sold": 5, "pool_id": "1"}],
    }  # fmt: skip
    after = mine.boss.ok("PUT", f"/leader/products/{made['id']}", body)
    assert (after["skus"][0]["available"], after["skus"][0]["sold"], after["archived"]) == (10, 0, False)
    assert json.loads(json.dumps(after))["skus"][0]["price_fen"] == 5


names = st.lists(st.text("abc", max_size=2), min_size=1, max_size=6)


@given(st.sets(st.integers(1, 9), max_size=6), names, st.data())
def test_a_plan_covers_every_variant_exactly_once(
    existing: set[int], wanted: list[str], data: st.DataObject
) -> None:
    ids = [data.draw(st.one_of(st.none(), st.integers(1, 9))) for _ in wanted]
    try:
        plan = plan_skus(existing, ids, wanted)
    except Invalid:
        given_ids = [i for i in ids if i is not None]
        fine = len(set(given_ids)) == len(given_ids) and set(given_ids) <= existing
        assert not (fine and len(set(wanted)) == len(wanted) and (len(wanted) == 1 or all(wanted)))
        return
    assert sorted([p for _, p in plan.changed] + plan.added) == list(range(len(wanted)))
    assert {i for i, _ in plan.changed} | set(plan.archived) == existing
    assert not {i for i, _ in plan.changed} & set(plan.archived)
