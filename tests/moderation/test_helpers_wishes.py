"""A helper's publication or edit that waited for the check is carried out while they still have the right, and not afterwards."""

from __future__ import annotations

from typing import Any

import pytest
from contentworld import Hall
from test_kept_edits import body_of, words

import factories
from fulfilment.tradeworld import Caller
from yantuan.catalog.models import Product
from yantuan.identity import sessions
from yantuan.identity.models import Channel
from yantuan.kernel import outbox
from yantuan.kernel.clock import now
from yantuan.moderation.models import Submission
from yantuan.staff.models import StaffMember
from yantuan.stores import staff_actions as staff


def helper(hall: Hall) -> Caller:
    """Somebody who helps with goods and sales, in the mini-program."""
    person = factories.person("小帮手")
    appid = hall.world.credentials.mini_appid
    openid = hall.world.openid_of(appid, "小帮手")
    Channel.objects.create(person=person, kind="mini", appid=appid, openid=openid, created_at=now())
    hall.control("POST", "/content/seen", openid=openid, seconds_ago=0)
    _, token = staff.invite(hall.boss.who, hall.store, ["goods"], "")
    staff.accept(person, token)
    return Caller(person, sessions.start(person, "mp", ""))


def revoke(hall: Hall) -> None:
    staff.revoke(
        hall.boss.who, hall.store, StaffMember.objects.get(store_id=hall.store.id, revoked_at=None).id
    )


def state_of(kind: str, subject_id: int) -> tuple[str, str]:
    found = Submission.objects.get(kind=kind, subject_id=subject_id)
    return str(found.state), found.reason


@pytest.mark.parametrize("stays", [True, False])
def test_an_edit_of_a_sale(hall: Hall, stays: bool) -> None:
    sale = hall.opened(words("今早现摘"))
    one = helper(hall)
    one.ok(
        "PUT",
        f"/leader/group-buys/{sale['id']}",
        body_of(sale, title="周日水果团", blocks=[words("皮薄多汁")]),
    )
    if not stays:
        revoke(hall)
    outbox.drain()
    found: Any = hall.sale(sale)
    if stays:
        assert (found["title"], found["blocks"][0]["text"], found["review"]) == (
            "周日水果团",
            "皮薄多汁",
            None,
        )
    else:
        assert (found["title"], found["blocks"][0]["text"]) == ("周末水果团", "今早现摘")
        assert state_of("groupbuy", int(sale["id"]))[0] == "rejected"


@pytest.mark.parametrize("stays", [True, False])
def test_a_publication(hall: Hall, stays: bool) -> None:
    sale = hall.draft("周末水果团", words("今早现摘"))
    one = helper(hall)
    one.ok("POST", f"/leader/group-buys/{sale['id']}/publish")
    if not stays:
        revoke(hall)
    outbox.drain()
    hall.judge_pictures()
    assert hall.sale(sale)["status"] == ("open" if stays else "draft")


@pytest.mark.parametrize("stays", [True, False])
def test_an_edit_of_goods(hall: Hall, stays: bool) -> None:
    product = hall.goods()
    sale = hall.publish(hall.draft("周末水果团", words("今早现摘"), product=product))
    hall.judge_pictures()
    assert hall.sale(sale)["status"] == "open"
    one = helper(hall)
    sku = product.skus.get()
    body = {
        "title": "丹东草莓", "description": "", "picture_media_ids": [str(m) for m in product.picture_media_ids],
        "skus": [{"id": str(sku.id), "name": sku.name, "price_fen": sku.price_fen}],
    }  # fmt: skip
    one.ok("PUT", f"/leader/products/{product.id}", body)
    if not stays:
        revoke(hall)
    outbox.drain()
    assert (Product.objects.get(id=product.id).title == "丹东草莓") is stays
