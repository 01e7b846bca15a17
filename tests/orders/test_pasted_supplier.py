"""A supplier's text over HTTP: the pieces of a sale beside the goods of the library; nothing is kept."""

from __future__ import annotations

from typing import Any

import pytest
from orderworld import World, make_person, make_world
from test_routes import Caller

from yantuan.catalog.models import Product, Sku
from yantuan.groupbuys.models import GroupBuy
from yantuan.identity.models import Person


@pytest.fixture
def library(db: None) -> World:
    """A store that has 赣南 脐橙 with one variant, 5斤装."""
    world = make_world(offers=1)
    offer = world.offers[0]
    offer.product.title = "赣南 脐橙"
    offer.product.save(update_fields=["title"])
    offer.sku.name = "5斤装"
    offer.sku.save(update_fields=["name"])
    return world


def _read(world: World, text: str, person: Person | None = None) -> Any:
    path = f"/api/leader/stores/{world.group_buy.store_id}/read-supplier"
    return Caller(person or world.leader_person).send("post", path, {"text": text})


def _kept() -> tuple[int, int, int]:
    return Product.objects.count(), Sku.objects.count(), GroupBuy.objects.count()


def test_goods_of_the_library_are_known_again(library: World) -> None:
    before = _kept()
    answer = _read(library, "水果团\n① 赣南脐橙 5斤装 39.9元 10斤 69元\n② 香梨 35元\n顺丰包邮")
    assert answer.status_code == 200, answer.content
    body = answer.json()
    offer = library.offers[0]
    assert (body["title"], body["courier"], body["pickup"]) == ("水果团", True, None)
    orange, pear = body["goods"]
    assert orange["product_id"] == str(offer.product.id) and pear["product_id"] is None
    assert [(s["name"], s["price_fen"], s["sku_id"]) for s in orange["specs"]] == [
        ("5斤装", 3990, str(offer.sku.id)),
        ("10斤", 6900, None),
    ]
    assert orange["specs"][0]["price"] == {"sure": "sure", "source": "赣南脐橙 5斤装 39.9元"}
    assert _kept() == before


def test_only_the_store_and_only_so_much(library: World) -> None:
    assert _read(library, "脐橙 39元", make_person("路人")).status_code == 404
    assert _read(library, "一" * 100_001).status_code == 422
    assert _read(library, "").status_code == 422
    long = _read(library, "一" * 4_001)
    assert (long.status_code, long.json()["code"]) == (422, "line_too_long")
