"""What a mini-program code stands for, and where its picture comes from."""

from __future__ import annotations

import io
import re

import pytest
from django.test import Client
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from sharing.miniworld import Platform
from sharing.test_shares import share
from stores.shop_kit import offer, public, shop
from yantuan.groupbuys.models import GroupBuy
from yantuan.kernel.config import config
from yantuan.kernel.errors import NotFound
from yantuan.sharing import mini_codes, pictures, scenes
from yantuan.sharing.access import share_by_token
from yantuan.sharing.models import Share

pytestmark = [pytest.mark.django_db, pytest.mark.urls("stores.shop_urls")]
ALLOWED = re.compile(r"[0-9A-Za-z!#$&'()*+,/:;=?@\-._~]{1,32}")
CODES = "/wxa/getwxacodeunlimit"


def asked(scene: str) -> tuple[int, str]:
    answer = Client().get(f"/api/scenes/{scene}")
    return answer.status_code, answer.json()["code"]


@given(st.integers(0, 2**63 - 1))
def test_an_order_comes_back_from_its_scene(order_id: int) -> None:
    for make, page in ((scenes.of_order, scenes.ORDER_PAGE), (scenes.of_pickup, scenes.PICKUP_PAGE)):
        scene = make(order_id)
        assert ALLOWED.fullmatch(scene)
        assert scenes.resolve(scene) == scenes.Target(page, {"id": str(order_id)})


@given(st.integers(0, 2**63 - 1), st.data())
def test_a_scene_of_an_order_can_not_be_made_up(order_id: int, data: st.DataObject) -> None:
    scene = scenes.of_order(order_id)
    place = data.draw(st.integers(0, len(scene) - 1))
    letter = data.draw(
        st.sampled_from("0123456789abcdefghijklmnopqrstuvwxyzABC.").filter(lambda c: c != scene[place])
    )
    with pytest.raises(NotFound):
        scenes.resolve(scene[:place] + letter + scene[place + 1 :])


def test_sales_stores_and_shares_are_opened_by_anybody() -> None:
    mine = shop()
    sale = mine.sale(offer(mine.product(), price_fen=3990))
    made = share(mine, sale)
    whole = share(mine)
    store = Share.objects.get(token=whole["token"]).store
    wanted = {
        scenes.of_sale(sale["code"]): {"page": "pages/g/index", "query": {"code": sale["code"]}},
        scenes.of_store(store.code): {"page": "pages/s/index", "query": {"code": store.code}},
        "t" + made["token"]: {"page": "pages/g/index", "query": {"code": sale["code"], "t": made["token"]}},
        "t" + whole["token"]: {"page": "pages/s/index", "query": {"code": store.code, "t": whole["token"]}},
    }
    for scene, target in wanted.items():
        assert ALLOWED.fullmatch(scene)
        assert public(f"/scenes/{scene}") == target


@pytest.mark.parametrize("scene", ["x", "g", "gnothing", "tabcdefgh", "o1.0000000000", "s" + "1" * 40])
def test_an_unknown_scene_is_said_so(scene: str) -> None:
    assert asked(scene) == (404, "not_found")


def test_a_draft_has_no_scene() -> None:
    mine = shop()
    sale = mine.sale(offer(mine.product(), price_fen=3990))
    GroupBuy.objects.filter(id=sale["id"]).update(state="draft")
    assert asked(scenes.of_sale(sale["code"])) == (404, "not_found")


def test_scenes_are_not_tried_out_by_the_thousand() -> None:
    answers = [asked("gnothing") for _ in range(121)]
    assert answers[119] == (404, "not_found") and answers[120][0] == 429


@pytest.fixture
def shared(platform: Platform) -> Share:
    mine = shop()
    sale = mine.sale(offer(mine.product(), price_fen=3990))
    return share_by_token(share(mine, sale)["token"])


def test_a_poster_carries_the_mini_programs_code_asked_for_once(platform: Platform, shared: Share) -> None:
    name, drawn = pictures.poster(shared)
    assert pictures.poster(shared) == (name, drawn)
    assert platform.calls(CODES) == 1
    assert Image.open(io.BytesIO(drawn)).size == (750, 1334)
    kept = mini_codes.picture(shared)
    assert kept is not None and kept.startswith(b"\x89PNG")


@pytest.mark.parametrize(
    "fault",
    [
        {"kind": "wechat_unpublished"},
        {"kind": "wechat_quota", "times": 2, "operation": "/wxa/getwxacodeunlimit"},
    ],
)
def test_a_refusal_costs_no_poster_and_is_not_repeated_at_once(
    platform: Platform, shared: Share, fault: dict[str, object]
) -> None:
    platform.fault(**fault)  # type: ignore[arg-type]
    plain, _ = pictures.poster(shared)
    asked = platform.calls(CODES)
    assert pictures.poster(shared)[0] == plain and platform.calls(CODES) == asked >= 1
    mini_codes.forget_refusal()
    assert pictures.poster(shared)[0] != plain


def test_before_the_first_release_a_trial_code_needs_no_published_page(
    platform: Platform, shared: Share, monkeypatch: pytest.MonkeyPatch
) -> None:
    platform.control("POST", "/config", pages=["pages/home/index"])
    assert mini_codes.picture(shared) is None
    mini_codes.forget_refusal()
    monkeypatch.setattr(config(), "wechat_mini_version", "trial")
    assert mini_codes.picture(shared) is not None


def test_codes_of_the_simulator_are_on_no_poster(
    platform: Platform, shared: Share, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(config(), "simulator_url", "http://127.0.0.1:8001")
    assert mini_codes.picture(shared) is None and platform.calls(CODES) == 0
