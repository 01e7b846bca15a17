"""An edit that waits, or was refused, comes back into the editor; what happened meanwhile is not undone by it."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from contentworld import Hall
from django.test import Client

import factories
from yantuan.catalog.models import Product
from yantuan.groupbuys.models import GroupBuy
from yantuan.kernel import outbox
from yantuan.kernel.clock import now
from yantuan.moderation.models import Submission
from yantuan.notices.models import InboxMessage


def words(text: str) -> dict[str, str]:
    return {"kind": "text", "text": text}


def body_of(sale: Any, **changes: Any) -> dict[str, Any]:
    """What the editor sends for a sale as it stands, with changes."""
    offers = [{"sku_id": o["sku_id"], "price_fen": o["price_fen"]} for o in sale["offers"]]
    return {
        "title": sale["title"], "blocks": [words(b["text"]) for b in sale["blocks"] if b["kind"] == "text"],
        "offers": offers, "starts_at": sale["starts_at"], "ends_at": sale["ends_at"], **changes,
    }  # fmt: skip


def edit(hall: Hall, sale: Any, **changes: Any) -> Any:
    return hall.boss.ok("PUT", f"/leader/group-buys/{sale['id']}", body_of(sale, **changes))


def test_the_sale_comes_back_as_it_was_typed(hall: Hall) -> None:
    sale = hall.opened(words("今早现摘"))
    sku = factories.product(hall.store, title="土鸡蛋").skus.get()
    media = hall.picture("green")
    offers = [{"sku_id": sale["offers"][0]["sku_id"], "price_fen": 2990}, {"sku_id": str(sku.id), "price_fen": 100, "stock": 7}]  # fmt: skip
    blocks = [words("违禁烟花"), {"kind": "picture", "media_id": str(media)}]
    edit(hall, sale, title="周末鸡蛋团", blocks=blocks, offers=offers)
    outbox.drain()
    found = hall.sale(sale)
    assert (found["title"], found["review"]["state"]) == ("周末水果团", "rejected")
    kept = found["wanted"]
    assert kept["title"] == "周末鸡蛋团" and kept["blocks"][0]["text"] == "违禁烟花"
    assert kept["blocks"][1]["picture"]["id"] == str(media)
    assert [(o["id"] != "", o["title"], o["price_fen"], o["available"]) for o in kept["offers"]] == [
        (True, "五常大米", 2990, 200), (False, "土鸡蛋", 100, 7),
    ]  # fmt: skip
    assert kept["wanted"] is None and kept["review"] is None


def test_given_up_by_saving_what_stands_there(hall: Hall) -> None:
    sale = hall.opened(words("今早现摘"))
    edit(hall, sale, blocks=[words("违禁烟花")])
    outbox.drain()
    answer = edit(hall, sale)
    assert (answer["review"], answer["wanted"]) == (None, None)
    assert hall.submission(sale).state == "passed"


def test_mended_from_what_was_kept(hall: Hall) -> None:
    sale = hall.opened(words("今早现摘"))
    edit(hall, sale, title="周末烟花团", blocks=[words("违禁烟花")])
    outbox.drain()
    kept = hall.sale(sale)["wanted"]
    edit(hall, kept, blocks=[words("烟台苹果")])
    outbox.drain()
    found = hall.sale(sale)
    assert (found["title"], found["blocks"][0]["text"], found["review"]) == ("周末烟花团", "烟台苹果", None)


def test_extended_while_an_edit_waits_stays_extended(hall: Hall) -> None:
    sale = hall.opened(words("今早现摘"))
    edit(hall, sale, blocks=[words("今早现摘，皮薄")])
    later = now().replace(microsecond=0) + timedelta(days=5)
    answer = hall.boss.ok("POST", f"/leader/group-buys/{sale['id']}/extend", {"ends_at": later.isoformat()})
    assert datetime.fromisoformat(answer["wanted"]["ends_at"]) == later
    outbox.drain()
    row = GroupBuy.objects.get(id=int(sale["id"]))
    assert (row.blocks[0]["text"], row.ends_at, hall.sale(sale)["review"]) == ("今早现摘，皮薄", later, None)


def test_the_goods_come_back_with_their_new_variant(hall: Hall) -> None:
    sale = hall.opened()
    product = Product.objects.get(id=int(sale["offers"][0]["product_id"]))
    sku = product.skus.get()
    body = {
        "title": "违禁大米", "description": "新米", "picture_media_ids": [str(i) for i in product.picture_media_ids],
        "skus": [
            {"id": str(sku.id), "name": "5kg", "price_fen": 3990},
            {"name": "10kg", "price_fen": 6990, "stock": 9},
        ],
    }  # fmt: skip
    hall.boss.ok("PUT", f"/leader/products/{product.id}", body)
    outbox.drain()
    found = hall.boss.ok("GET", f"/leader/products/{product.id}")
    assert (found["title"], found["review"]["state"], len(found["skus"])) == ("五常大米", "rejected", 1)
    kept = found["wanted"]
    assert (kept["title"], kept["description"]) == ("违禁大米", "新米")
    assert [(s["id"], s["name"], s["price_fen"], s["available"]) for s in kept["skus"]] == [
        (str(sku.id), "5kg", 3990, 200), ("", "10kg", 6990, 9),
    ]  # fmt: skip


def test_the_store_comes_back_with_its_new_cover(hall: Hall) -> None:
    shop = hall.boss.ok("GET", "/leader/stores")[0]
    cover = hall.picture("green", "store")
    body = {k: shop[k] for k in ("name", "introduction", "freight_fen", "offline_enabled", "pickup_enabled")}
    body |= {
        "collection_code_media_id": shop["collection_code"]["id"], "cover_media_id": str(cover),
        "notice": "违禁烟花有售",
    }  # fmt: skip
    hall.boss.ok("PUT", f"/leader/stores/{hall.store.id}", body)
    outbox.drain()
    hall.judge_pictures()
    found = hall.boss.ok("GET", f"/leader/stores/{hall.store.id}")
    assert (found["notice"], found["cover"], found["review"]["state"]) == ("", None, "rejected")
    kept = found["wanted"]
    assert (kept["notice"], kept["cover"]["id"]) == ("违禁烟花有售", str(cover))
    assert kept["collection_code"]["id"] == shop["collection_code"]["id"]


def test_what_a_new_store_waits_for_is_said_rightly(hall: Hall) -> None:
    made = hall.boss.ok("POST", "/leader/stores", {"name": "小满的菜园"})
    assert (made["review"]["sentence"], made["wanted"]) == ("内容审核中，一般几分钟，通过后自动公开", None)
    assert made["review"]["sentence_en"].endswith("then it is shown by itself.")


def me(hall: Hall, **changes: Any) -> Any:
    return hall.boss.ok("PATCH", "/me", changes)["person"]


def test_a_name_that_waits_is_told_and_a_picture_after_it_does_not_lose_it(hall: Hall) -> None:
    before = hall.boss.who.nickname
    found = me(hall, nickname="小满姐")
    assert (found["nickname"], found["wanted_nickname"]) == (before, "小满姐")
    assert found["review"]["state"] == "waiting"
    face = hall.picture("green", "avatar")
    found = me(hall, avatar_media_id=str(face))
    assert (found["wanted_nickname"], found["wanted_avatar_url"] != "") == ("小满姐", True)
    outbox.drain()
    hall.judge_pictures()
    hall.boss.who.refresh_from_db()
    assert (hall.boss.who.nickname, hall.boss.who.avatar_media_id) == ("小满姐", face)


def test_a_refused_name_is_told_to_its_owner_alone(hall: Hall) -> None:
    before = hall.boss.who.nickname
    me(hall, nickname="违禁小满")
    outbox.drain()
    found = hall.boss.ok("GET", "/me")["person"]
    assert (found["nickname"], found["wanted_nickname"]) == (before, "违禁小满")
    assert found["review"]["state"] == "rejected" and "昵称（违法犯罪）" in found["review"]["sentence"]
    outbox.drain()
    told = InboxMessage.objects.get(person_id=hall.boss.who.id, kind="profile")
    assert (told.role, told.title, told.link) == (
        "buyer", "新的昵称或头像审核未通过，别人看到的还是原来的", "/pages/me/index",
    )  # fmt: skip
    card = Client().get(f"/api/s/{hall.store.code}").json()["store"]
    assert "违禁" not in str(card)
    found = me(hall, nickname=before, avatar_media_id=None)
    assert (found["review"], found["wanted_nickname"]) == (None, "")
    assert Submission.objects.get(kind="person").state == "withdrawn"


def test_giving_up_a_name_that_waits(hall: Hall) -> None:
    before = hall.boss.who.nickname
    me(hall, nickname="小满姐")
    assert me(hall, nickname=before, avatar_media_id=None)["review"] is None
    outbox.drain()
    hall.boss.who.refresh_from_db()
    assert hall.boss.who.nickname == before


def test_a_switch_is_saved_while_a_name_waits(hall: Hall) -> None:
    me(hall, nickname="小满姐")
    found = me(hall, show_in_lists=False)
    assert (found["show_in_lists"], found["wanted_nickname"]) == (False, "小满姐")


def test_what_stood_in_its_way_is_told_in_both_languages(hall: Hall) -> None:
    sale = hall.publish(hall.draft("周末水果团", {"kind": "picture", "media_id": str(hall.picture("green"))}))
    GroupBuy.objects.filter(id=int(sale["id"])).update(
        starts_at=now() - timedelta(2), ends_at=now() - timedelta(1)
    )
    hall.judge_pictures()
    found = hall.sale(sale)["review"]
    row = hall.submission(sale)
    assert found["state"] == "rejected" and row.reason and row.reason_en
    assert row.reason in found["sentence"] and row.reason_en in found["sentence_en"]
