"""Codes to print: the sign at a door, the label on a bag, and what who scans them sees."""

from __future__ import annotations

import io
from collections.abc import Iterator

import pytest
from django.http import HttpResponse
from django.test import Client
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

import factories as make
from sharing.miniworld import Platform
from stores.shop_kit import Caller, caller
from yantuan.kernel.config import config
from yantuan.kernel.errors import NotFound
from yantuan.orders.models import Order
from yantuan.sharing import scenes
from yantuan.sharing.sign_drawing import Door, Label, draw_door, draw_label
from yantuan.stores.models import PickupPoint

pytestmark = [pytest.mark.django_db, pytest.mark.urls("stores.shop_urls")]
CODES = "/wxa/getwxacodeunlimit"


@pytest.fixture
def placed() -> Iterator[Order]:
    """A pick-up order that was paid."""
    store = make.store(make.leader())
    sale = make.group_buy(store, [make.product(store)])
    yield make.paid(make.order(sale, make.person("王小雁"), method="pickup"))


def boss(order: Order) -> Caller:
    return caller(make.owner_of(order))


def look(url: str) -> HttpResponse:
    return Client().get("/" + url.split("/", 3)[3])


def size(answer: HttpResponse) -> tuple[int, int]:
    assert answer.status_code == 200 and answer["Content-Type"] == "image/jpeg"
    return Image.open(io.BytesIO(answer.content)).size


@given(st.integers(0, 2**63 - 1))
def test_a_door_comes_back_from_its_scene_and_from_no_other(number: int) -> None:
    scene = scenes.of_point(number)
    assert scenes.point_of(scene) == number and scenes.page_of(scene) == scenes.HERE_PAGE
    assert scenes.resolve(scene) == scenes.Target(scenes.HERE_PAGE, {"door": scene})
    for other in (scenes.of_order(number), scenes.of_pickup(number)):
        assert scenes.order_of(other) == number
        with pytest.raises(NotFound):
            scenes.point_of(other)
    for wrong in ("o" + scene[1:], scene[:-1] + ("0" if scene[-1] != "0" else "1")):
        with pytest.raises(NotFound):
            scenes.order_of(wrong)
        with pytest.raises(NotFound):
            scenes.resolve(wrong)


def test_the_leader_prints_the_sign_of_a_door(placed: Order) -> None:
    sign = boss(placed).ok("GET", f"/leader/pickup-points/{placed.pickup_point_id}/sign")
    scene = scenes.of_point(placed.pickup_point_id or 0)
    assert sign["link"].endswith(f"/buyer/pickup-here/index?scene={scene}")
    assert sign["picture_url"].endswith(f"/share/door/{scene}.jpg")
    first = look(sign["picture_url"])
    assert size(first) == (1240, 1754)
    assert Client().get(f"/share/door/{scene}.jpg", HTTP_IF_NONE_MATCH=first["ETag"]).status_code == 304


def test_the_leader_prints_the_label_of_an_order(placed: Order) -> None:
    sign = boss(placed).ok("GET", f"/leader/orders/{placed.id}/sign")
    assert sign["picture_url"].endswith(f"/share/label/{scenes.of_pickup(placed.id)}.jpg")
    assert size(look(sign["picture_url"])) == (480, 320)
    sent = make.paid(make.order(placed.group_buy, make.person("李阿姨")))
    sign = boss(placed).ok("GET", f"/leader/orders/{sent.id}/sign")
    assert sign["link"].endswith(f"/pages/order/index?scene={scenes.of_order(sent.id)}")


def test_signs_of_others_are_not_to_be_had(placed: Order) -> None:
    other = caller(make.leader())
    for path in (f"/leader/pickup-points/{placed.pickup_point_id}/sign", f"/leader/orders/{placed.id}/sign"):
        assert other.refused("GET", path) == (404, "not_found")
    for path in ("door/d1.0000000000", "label/o1.0000000000", f"label/{scenes.of_point(1)}", f"label/{scenes.of_order(1)}",
                 f"door/{scenes.of_point(1)}", f"door/{scenes.of_order(placed.id)}"):  # fmt: skip
        assert Client().get(f"/share/{path}.jpg").status_code == 404


def test_who_scans_the_door_sees_what_is_theirs_to_fetch(placed: Order) -> None:
    scene = scenes.of_point(placed.pickup_point_id or 0)
    point = PickupPoint.objects.get(id=placed.pickup_point_id)
    buyer = caller(placed.person)
    here = buyer.ok("GET", f"/pickup-here/{scene}")
    assert here == {
        "store_name": placed.store.name, "name": point.name, "address": point.address, "hours": point.hours,
        "orders": [
            {"id": str(placed.id), "number": placed.number, "title": placed.group_buy.title, "goods": placed.goods_text}
        ],
    }  # fmt: skip
    assert caller(make.person("李阿姨")).ok("GET", f"/pickup-here/{scene}")["orders"] == []
    assert Client().get(f"/api/pickup-here/{scene}").status_code == 401
    Order.objects.filter(id=placed.id).update(delivery="picked")
    assert buyer.ok("GET", f"/pickup-here/{scene}")["orders"] == []


@pytest.mark.parametrize("payment", ["unpaid", "refunded", "closed"])
def test_what_is_not_to_be_handed_out_is_not_listed(placed: Order, payment: str) -> None:
    Order.objects.filter(id=placed.id).update(payment=payment)
    scene = scenes.of_point(placed.pickup_point_id or 0)
    assert caller(placed.person).ok("GET", f"/pickup-here/{scene}")["orders"] == []


def test_a_point_that_was_taken_down_has_no_door(placed: Order) -> None:
    scene = scenes.of_point(placed.pickup_point_id or 0)
    PickupPoint.objects.filter(id=placed.pickup_point_id).update(archived_at=placed.placed_at)
    assert caller(placed.person).refused("GET", f"/pickup-here/{scene}") == (404, "not_found")
    assert Client().get(f"/share/door/{scene}.jpg").status_code == 404


def test_with_a_mini_program_its_own_code_is_printed(platform: Platform, placed: Order) -> None:
    plain = config().wechat_mini_appid
    assert plain
    scene = scenes.of_point(placed.pickup_point_id or 0)
    assert size(Client().get(f"/share/door/{scene}.jpg")) == (1240, 1754)
    assert size(Client().get(f"/share/label/{scenes.of_pickup(placed.id)}.jpg")) == (480, 320)
    assert platform.calls(CODES) == 2
    Client().get(f"/share/door/{scene}.jpg")
    assert platform.calls(CODES) == 2


def test_without_an_answer_of_wechat_the_links_own_code_is_printed(platform: Platform, placed: Order) -> None:
    platform.fault("wechat_unpublished", times=0)
    scene = scenes.of_point(placed.pickup_point_id or 0)
    assert size(Client().get(f"/share/door/{scene}.jpg")) == (1240, 1754)


@pytest.mark.parametrize("number", [1, 12, 12345, 9_223_372_036_854_775_807])
def test_long_words_stay_on_the_paper(number: int) -> None:
    long = "一二三四五六七八九十" * 20
    drawn = draw_door(Door(long, long, long, long, "https://shop.example/x"))
    assert Image.open(io.BytesIO(drawn)).size == (1240, 1754)
    drawn = draw_label(Label(long, long, number, True, "https://shop.example/x"))
    assert Image.open(io.BytesIO(drawn)).size == (480, 320)
