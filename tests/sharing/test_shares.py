from __future__ import annotations

import io
import json
from datetime import timedelta
from typing import Any

import pytest
from django.db import DatabaseError
from django.test import Client
from PIL import Image

from stores.shop_kit import Shop, caller, offer, person, public, shop
from yantuan.gateways.wechat_oa import JsSignature
from yantuan.groupbuys.models import GroupBuy, Offer
from yantuan.kernel.clock import frozen, now
from yantuan.kernel.config import config
from yantuan.kernel.ids import new_id
from yantuan.media.actions import store_picture
from yantuan.orders.models import Order, Participation
from yantuan.orders.parts import share_ids
from yantuan.sharing import actions, drawings, pictures
from yantuan.sharing.models import Share, ShareOpen
from yantuan.sharing.queries import preview
from yantuan.stores.models import Store

pytestmark = [pytest.mark.django_db, pytest.mark.urls("stores.shop_urls")]


def share(mine: Shop, sale: dict[str, Any] | None = None, **body: str) -> dict[str, Any]:
    path = f"/leader/group-buys/{sale['id']}" if sale else mine.path
    made: dict[str, Any] = mine.boss.ok(
        "POST", f"{path}/shares", {"kind": "link", "label": "三期业主群", **body}
    )
    return made


def order(sale: dict[str, Any], share_id: int | None, payment: str) -> None:
    group = GroupBuy.objects.get(id=sale["id"])
    buyer = person()
    joined = Participation.objects.create(
        store_id=group.store_id, group_buy=group, person=buyer, number=new_id(), created_at=now()
    )
    Order.objects.create(
        store_id=group.store_id, group_buy=group, person=buyer, participation=joined, number=1, payment=payment,
        payment_method="offline", delivery_method="courier", recipient_name="王五", phone_sealed="x", phone_last4="0000",
        goods_fen=100, total_fen=100, share_id=share_id, idempotency_key="k", body_hash="h", placed_at=now(),
        paid_at=now() if payment == "paid" else None,
    )  # fmt: skip


def test_a_share_has_words_link_pictures_and_path() -> None:
    mine = shop()
    rice = mine.product(
        {"name": "5斤", "price_fen": 1, "stock": 1}, {"name": "10斤", "price_fen": 1, "stock": 1}
    )
    sale = mine.sale(
        offer(rice, 0, price_fen=3990), offer(rice, 1, price_fen=6990), ends_at="2026-12-25T20:00:00+08:00"
    )
    made = share(mine, sale)
    base, token = config().public_url, made["token"]
    assert len(token) == 11
    assert made["url"] == f"{base}/g/{sale['code']}?t={token}"
    assert made["mini_path"] == f"pages/g/index?code={sale['code']}&t={token}"
    assert [made[k] for k in ("poster_url", "qr_url", "card_url")] == [
        f"{base}/share/{token}/{n}" for n in ("poster.jpg", "qr.png", "card.jpg")
    ]
    assert made["text"].split("\n") == [
        "【周末鲜果团】雁团小铺", "· 五常大米 ¥39.90 起", "配送：快递", "时间：12月25日 20:00 截止", f"跟团：{made['url']}",
    ]  # fmt: skip
    assert (made["opens"], made["orders"], made["paid_orders"], made["label"]) == (0, 0, 0, "三期业主群")


def test_one_share_per_act() -> None:
    mine = shop()
    sale = mine.sale()
    first = share(mine, sale)
    assert share(mine, sale)["token"] == first["token"]
    other = share(mine, sale, label="妈妈群")
    poster = share(mine, sale, kind="poster")
    assert len({first["token"], other["token"], poster["token"], share(mine)["token"]}) == 4
    assert [s["token"] for s in mine.boss.ok("GET", f"/leader/group-buys/{sale['id']}/shares")] == [
        poster["token"], other["token"], first["token"],
    ]  # fmt: skip
    assert len(mine.boss.ok("GET", f"{mine.path}/shares")) == 1


def test_drafts_and_others_sales_are_not_shared() -> None:
    mine, other = shop(), shop()
    draft, sale = mine.draft(), mine.sale()
    body = {"kind": "link"}
    assert mine.boss.refused("POST", f"/leader/group-buys/{draft['id']}/shares", body) == (
        409,
        "not_published",
    )
    for who in (other.boss, caller(person())):
        for path in (f"/leader/group-buys/{sale['id']}/shares", f"{mine.path}/shares"):
            assert who.refused("POST", path, body) == (404, "not_found")
            assert who.refused("GET", path) == (404, "not_found")
    assert mine.boss.refused("POST", f"{mine.path}/shares", {"kind": "reward"})[0] == 422
    assert Share.objects.count() == 0


def test_a_store_shares_its_running_sales_and_shelf() -> None:
    mine = shop()
    rice = mine.product()
    mine.sale(offer(rice))
    shelf = mine.boss.ok("GET", f"{mine.path}/shelf")
    mine.boss.ok(
        "PUT", f"/leader/group-buys/{shelf['id']}", mine.sale_body(offer(rice, price_fen=4500), ends_at=None)
    )
    made = share(mine)
    lines = made["text"].split("\n")
    assert lines[0] == "【雁团小铺】"
    assert lines[1].startswith("· 周末鲜果团 ¥35.00（")
    assert lines[2:] == [
        "· 五常大米 ¥45.00",
        f"进店看看：{config().public_url}/s/{mine.store['code']}?t={made['token']}",
    ]


def test_numbers_come_from_orders_that_name_the_share() -> None:
    mine = shop()
    sale = mine.sale()
    made = share(mine, sale)
    known = share_ids({made["token"], "nothing1", "'; drop"})
    assert known == {made["token"]: int(made["id"])}
    for payment in ("paid", "paid", "unpaid", "closed"):
        order(sale, int(made["id"]), payment)
    order(sale, None, "paid")
    row = mine.boss.ok("GET", f"/leader/group-buys/{sale['id']}/shares")[0]
    assert (row["orders"], row["paid_orders"]) == (3, 2)


def test_a_visitor_counts_once_a_day_and_is_forgotten() -> None:
    mine = shop()
    made = share(mine, mine.sale())
    token = made["token"]
    assert [
        actions.count_open(token, who) for who in ("1.2.3.4 Firefox", "1.2.3.4 Firefox", "5.6.7.8 Safari")
    ] == [True, False, True]
    assert actions.count_open("unknown1", "1.2.3.4") is False
    assert actions.count_open("../../etc", "1.2.3.4") is False
    first = set(ShareOpen.objects.values_list("visitor", flat=True))
    assert all("1.2.3.4" not in v for v in first)
    with frozen(now() + timedelta(days=1)):
        assert actions.count_open(token, "1.2.3.4 Firefox") is True
        assert len(set(ShareOpen.objects.values_list("visitor", flat=True))) == 3
    assert Share.objects.get().opens == 3
    with frozen(now() + timedelta(days=4)):
        assert actions.forget_visitors() == 3
    assert (Share.objects.get().opens, ShareOpen.objects.count()) == (3, 0)


def test_two_shares_of_one_visitor_cannot_be_joined() -> None:
    mine = shop()
    sale = mine.sale()
    for label in ("甲群", "乙群"):
        actions.count_open(share(mine, sale, label=label)["token"], "1.2.3.4")
    assert len(set(ShareOpen.objects.values_list("visitor", flat=True))) == 2


def test_opening_is_public_and_says_the_same_for_all_tokens(monkeypatch: pytest.MonkeyPatch) -> None:
    mine = shop()
    token = share(mine, mine.sale())["token"]
    for sent in (token, "unknown1"):
        answer = Client().post(f"/api/shares/{sent}/open")
        assert (answer.status_code, json.loads(answer.content)) == (200, {"ok": True})
    assert Share.objects.get().opens == 1
    monkeypatch.setattr("yantuan.sharing.api.OPENS_PER_HOUR", 2)
    assert Client().post(f"/api/shares/{token}/open").status_code == 429


def test_a_count_that_fails_costs_nobody_the_page(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(token: str, visitor: str) -> bool:
        raise DatabaseError("locked")

    monkeypatch.setattr(actions, "_count_open", broken)
    assert actions.count_open("abcdef", "x") is False


def real_picture(mine: Shop, colour: str = "orange", purpose: str = "product") -> str:
    out = io.BytesIO()
    Image.new("RGB", (400, 300), colour).save(out, "PNG")
    return str(store_picture(mine.boss.who.id, purpose, out.getvalue()).id)


def test_posters_cards_and_codes_are_drawn_and_kept() -> None:
    mine = shop()
    body = {
        "title": "丹东草莓",
        "picture_media_ids": [real_picture(mine)],
        "skus": [{"price_fen": 1, "stock": 3}],
    }
    berries = mine.boss.ok("POST", f"{mine.path}/products", body)
    sale = mine.sale(offer(berries))
    made = share(mine, sale, kind="poster")
    for name, size, kind in (
        ("poster.jpg", (750, 1334), "JPEG"),
        ("card.jpg", (500, 400), "JPEG"),
        ("qr.png", (480, 480), "PNG"),
    ):
        answer = Client().get(f"/share/{made['token']}/{name}")
        assert answer.status_code == 200
        drawn = Image.open(io.BytesIO(answer.content))
        assert (drawn.size, drawn.format) == (size, kind)
        assert answer["X-Content-Type-Options"] == "nosniff"
    own = Client().get(f"/share/g/{sale['code']}/card.jpg")
    assert Image.open(io.BytesIO(own.content)).size == (500, 400)
    assert Client().get("/share/g/unknown/card.jpg").status_code == 404
    kept = sorted(p.name for p in pictures.folder().glob("*/*.jpg"))
    first = Client().get(f"/share/{made['token']}/poster.jpg")
    assert sorted(p.name for p in pictures.folder().glob("*/*.jpg")) == kept
    again = Client().get(f"/share/{made['token']}/poster.jpg", HTTP_IF_NONE_MATCH=first["ETag"])
    assert (again.status_code, again.content) == (304, b"")
    mine.boss.ok("POST", f"/leader/group-buys/{sale['id']}/close")
    ended = Client().get(f"/share/{made['token']}/poster.jpg")
    assert ended["ETag"] != first["ETag"]
    assert ended.content != first.content
    assert Client().get("/share/unknown1/poster.jpg").status_code == 404
    assert drawings.clear_old() == 0


def test_a_lost_picture_file_does_not_cost_the_poster() -> None:
    mine = shop()
    made = share(mine, mine.sale())
    assert Client().get(f"/share/{made['token']}/poster.jpg").status_code == 200


def test_a_stores_poster_needs_goods() -> None:
    mine = shop()
    made = share(mine)
    assert Client().get(f"/share/{made['token']}/poster.jpg").status_code == 409
    Store.objects.update(cover_media_id=int(real_picture(mine, "green", "store")))
    code = Store.objects.get().code
    assert Client().get(f"/share/s/{code}/card.jpg").status_code == 409
    mine.sale()
    assert Client().get(f"/share/{made['token']}/poster.jpg").status_code == 200
    assert Client().get(f"/share/s/{code}/card.jpg").status_code == 200


def test_what_a_chat_shows_of_a_link() -> None:
    mine = shop()
    rice = mine.product()
    sale = mine.sale(offer(rice), ends_at="2026-12-25T20:00:00+08:00")
    seen = preview(f"/g/{sale['code']}?t=abc")
    assert seen.title == "周末鲜果团｜雁团小铺"
    assert seen.description == "¥35.00 · 进行中 · 12月25日 20:00 截止"
    assert seen.image_url == rice["pictures"][0]["url"]
    assert seen.state == "进行中"
    assert preview(f"/s/{mine.store['code']}").title == "雁团小铺"
    plain = preview("/nothing")
    assert plain.title == "雁团"
    for path in ("/g/unknown", "/s/unknown", f"/g/{mine.draft()['code']}", "/g/../etc"):
        assert preview(path) == plain
    Offer.objects.update(removed_at=now())
    assert preview(f"/g/{sale['code']}").description == "进行中 · 12月25日 20:00 截止"


def test_signatures_for_own_pages_only(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []

    class Double:
        def js_signature(self, url: str) -> JsSignature:
            asked.append(url)
            return JsSignature("wx1", 1700000000, "n", "s")

    monkeypatch.setattr(actions, "official", Double)
    base = config().public_url
    found = public(f"/wechat/js-signature?url={base}/g/abc%3Ft%3D1%23top")
    assert found == {"app_id": "wx1", "timestamp": 1700000000, "nonce": "n", "signature": "s"}
    assert asked == [f"{base}/g/abc?t=1"]
    answer = Client().get("/api/wechat/js-signature?url=https://evil.example/")
    assert (answer.status_code, json.loads(answer.content)["code"]) == (422, "url_foreign")


def test_without_an_official_account_it_says_so() -> None:
    answer = Client().get(f"/api/wechat/js-signature?url={config().public_url}/")
    assert (answer.status_code, json.loads(answer.content)["code"]) == (503, "not_configured")
