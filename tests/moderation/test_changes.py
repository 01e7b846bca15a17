"""Changes of what everybody sees: the old stays until the new has passed; and the operator's queue in the console."""

from __future__ import annotations

import pytest
from contentworld import Hall
from django.test import Client
from django.urls import reverse

import factories
from console_login import signed_in_operator
from yantuan.catalog.models import Product
from yantuan.groupbuys.models import GroupBuy
from yantuan.kernel import outbox
from yantuan.kernel.models import AuditEntry
from yantuan.moderation.models import Submission
from yantuan.notices.models import InboxMessage


def words(text: str) -> dict[str, str]:
    return {"kind": "text", "text": text}


def edit(
    hall: Hall, sale: dict[str, object], *blocks: dict[str, str], price: int = 3990, title: str = "周末水果团"
) -> dict[str, object]:
    """Save the sale with these blocks; answers it as the leader sees it then."""
    offers = sale["offers"]
    assert isinstance(offers, list)
    body = {
        "title": title, "blocks": list(blocks), "starts_at": sale["starts_at"], "ends_at": sale["ends_at"],
        "offers": [{"sku_id": offers[0]["sku_id"], "price_fen": price}],
    }  # fmt: skip
    answer = hall.boss.ok("PUT", f"/leader/group-buys/{sale['id']}", body)
    assert isinstance(answer, dict)
    return answer


def seen(sale: dict[str, object]) -> tuple[list[str], int]:
    """The texts and the price everybody sees."""
    page = Client().get(f"/api/g/{sale['code']}").json()
    return [b["text"] for b in page["blocks"]], page["products"][0]["price_min_fen"]


def test_the_old_words_stay_until_the_new_have_passed(hall: Hall) -> None:
    sale = hall.opened(words("今早现摘"))
    answer = edit(hall, sale, words("今早现摘，皮薄"), price=2990)
    assert answer["review"]["sentence"] == "内容审核中，一般几分钟，通过后自动生效"  # type: ignore[index]
    assert (answer["status"], answer["status_label"]) == ("open", "进行中")
    assert seen(sale) == (["今早现摘"], 3990)
    outbox.drain()
    assert seen(sale) == (["今早现摘，皮薄"], 2990)
    assert hall.sale(sale)["review"] is None


def test_the_leader_is_told_what_became_of_it(hall: Hall) -> None:
    hall.publish(hall.draft("卖烟花", words("违禁烟花")))
    hall.judge_pictures()
    outbox.drain()
    hall.opened(words("今早现摘"))
    outbox.drain()
    told = InboxMessage.objects.filter(person_id=hall.boss.who.id, kind="selling").order_by("id")
    assert [m.title for m in told] == [
        "「卖烟花」内容审核未通过，请修改后重新提交",
        "「周末水果团」内容审核通过，已经公开",
    ]


def test_a_risky_change_is_never_seen(hall: Hall) -> None:
    sale = hall.opened(words("今早现摘"))
    edit(hall, sale, words("违禁烟花"))
    outbox.drain()
    found = hall.sale(sale)["review"]
    assert (found["state"], found["problems"]) == (
        "rejected",
        [
            {
                "place": "介绍第 1 段",
                "place_en": "introduction, part 1",
                "label": "违法犯罪",
                "label_en": "illegal",
            }
        ],
    )
    assert seen(sale) == (["今早现摘"], 3990)


def test_a_change_of_price_alone_takes_effect_at_once_and_ends_what_waited(hall: Hall) -> None:
    sale = hall.opened(words("今早现摘"))
    edit(hall, sale, words("今早现摘，皮薄"))
    answer = edit(hall, sale, words("今早现摘"), price=1990)
    assert answer["review"] is None and seen(sale) == (["今早现摘"], 1990)
    outbox.drain()
    assert seen(sale) == (["今早现摘"], 1990)


def test_the_newest_of_two_changes_counts(hall: Hall) -> None:
    sale = hall.opened(words("今早现摘"))
    edit(hall, sale, words("第一种说法"))
    edit(hall, sale, words("第二种说法"))
    outbox.drain()
    assert seen(sale)[0] == ["第二种说法"]


def test_goods_on_a_page_wait_and_goods_nobody_sees_do_not(hall: Hall) -> None:
    sale = hall.opened()
    product = Product.objects.get(id=int(sale["offers"][0]["product_id"]))
    sku = product.skus.get()
    body = {
        "title": "违禁大米", "description": "", "picture_media_ids": [str(i) for i in product.picture_media_ids],
        "skus": [{"id": str(sku.id), "name": sku.name, "price_fen": 3990}],
    }  # fmt: skip
    answer = hall.boss.ok("PUT", f"/leader/products/{product.id}", body)
    assert (answer["title"], answer["review"]["state"]) == ("五常大米", "waiting")
    outbox.drain()
    product.refresh_from_db()
    assert product.title == "五常大米"
    hall.boss.ok("PUT", f"/leader/products/{product.id}", {**body, "title": "响水大米"})
    outbox.drain()
    product.refresh_from_db()
    assert product.title == "响水大米"
    lonely = factories.product(hall.store, title="没人看见")
    skus = [{"id": str(lonely.skus.get().id), "price_fen": 1}]
    pictures = [str(i) for i in lonely.picture_media_ids]
    hall.boss.ok(
        "PUT", f"/leader/products/{lonely.id}", {**body, "picture_media_ids": pictures, "skus": skus}
    )
    lonely.refresh_from_db()
    assert lonely.title == "违禁大米"


def test_the_words_of_a_store(hall: Hall) -> None:
    shop = hall.boss.ok("GET", "/leader/stores")[0]
    body = {
        k: shop[k]
        for k in ("name", "introduction", "freight_fen", "contact_phone", "offline_enabled", "pickup_enabled")
    }
    body |= {"collection_code_media_id": shop["collection_code"]["id"], "notice": "违禁烟花有售"}
    answer = hall.boss.ok("PUT", f"/leader/stores/{hall.store.id}", body)
    assert (answer["notice"], answer["review"]["state"]) == ("", "waiting")
    outbox.drain()
    hall.store.refresh_from_db()
    assert (
        hall.store.notice == "" and hall.boss.ok("GET", "/leader/stores")[0]["review"]["state"] == "rejected"
    )
    hall.boss.ok("PUT", f"/leader/stores/{hall.store.id}", {**body, "notice": "周六休息"})
    outbox.drain()
    hall.store.refresh_from_db()
    assert hall.store.notice == "周六休息"


@pytest.mark.parametrize("field", ["contact_wechat", "offline_note"])
def test_small_words_of_a_store_are_words_too(hall: Hall, field: str) -> None:
    shop = hall.boss.ok("GET", "/leader/stores")[0]
    names = ("name", "introduction", "freight_fen", "contact_phone", "offline_enabled", "pickup_enabled")
    body = {name: shop[name] for name in names} | {"collection_code_media_id": shop["collection_code"]["id"]}
    answer = hall.boss.ok("PUT", f"/leader/stores/{hall.store.id}", {**body, field: "违禁小号"})
    assert (answer[field], answer["review"]["state"]) == ("", "waiting")
    outbox.drain()
    shown = hall.boss.ok("GET", "/leader/stores")[0]
    assert (shown[field], shown["review"]["state"]) == ("", "rejected")
    hall.boss.ok("PUT", f"/leader/stores/{hall.store.id}", {**body, field: "xiaoman_fruit"})
    outbox.drain()
    assert hall.boss.ok("GET", "/leader/stores")[0][field] == "xiaoman_fruit"


def test_a_new_store_is_seen_when_it_has_passed(hall: Hall) -> None:
    made = hall.boss.ok("POST", "/leader/stores", {"name": "违禁铺子"})
    outbox.drain()
    assert Client().get(f"/api/s/{made['code']}").status_code == 404
    hall.boss.ok("PUT", f"/leader/stores/{made['id']}", {"name": "小满的菜园"})
    outbox.drain()
    assert Client().get(f"/api/s/{made['code']}").json()["store"]["name"] == "小满的菜园"


def test_a_nickname_is_shown_when_it_has_passed(hall: Hall) -> None:
    before = hall.boss.who.nickname
    hall.boss.ok("PATCH", "/me", {"nickname": "违禁小满"})
    outbox.drain()
    hall.boss.who.refresh_from_db()
    assert hall.boss.who.nickname == before
    hall.boss.ok("PATCH", "/me", {"nickname": "小满"})
    outbox.drain()
    hall.boss.who.refresh_from_db()
    assert hall.boss.who.nickname == "小满"


def test_the_operators_queue(hall: Hall) -> None:
    media = hall.picture("green")
    sale = hall.publish(
        hall.draft("周末水果团", words("疑似文字"), {"kind": "picture", "media_id": str(media)})
    )
    hall.judge_pictures()
    row = Submission.objects.get(kind="groupbuy", subject_id=int(sale["id"]))
    desk, _ = signed_in_operator()
    listed = desk.get(reverse("admin:moderation_submission_changelist") + "?state=doubtful").content.decode()
    assert "周末水果团" in listed and "待人工审核" in listed
    page = desk.get(reverse("admin:moderation_submission_change", args=[row.id])).content.decode()
    assert "疑似文字" in page and "低俗" in page and "介绍第 1 段" in page
    assert "待人工审核的内容" in desk.get(reverse("admin:index")).content.decode()
    reject = reverse("admin:moderation_submission_reject", args=[row.id])
    approve = reverse("admin:moderation_submission_approve", args=[row.id])
    assert desk.post(reject, {"reason": ""}).status_code == 200
    row.refresh_from_db()
    assert row.state == "doubtful"
    assert desk.post(reject, {"reason": "请写清产地"}).status_code == 302
    assert "请写清产地" in hall.sale(sale)["review"]["sentence"] and hall.reachable(sale) == []
    assert desk.post(approve, {"reason": "电话里说清了"}).status_code == 302
    assert hall.sale(sale)["status"] == "open"
    kept = AuditEntry.objects.filter(action__startswith="content.").order_by("seq")
    assert [(e.action, e.reason) for e in kept] == [
        ("content.reject", "请写清产地"), ("content.approve", "电话里说清了"),
    ]  # fmt: skip
    assert desk.post(approve, {"reason": "再一次"}).status_code in (302, 403, 404)
    assert GroupBuy.objects.filter(id=int(sale["id"]), state="published").count() == 1
