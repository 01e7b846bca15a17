"""接龙 of a sale over HTTP: a pasted text beside what is booked, and the clean list written out of the orders."""

from __future__ import annotations

from typing import Any

import pytest
from orderworld import World, footprint, make_address, make_person, make_world
from test_routes import Caller, pay, placed

from yantuan.groupbuys.models import Offer
from yantuan.identity.models import Person
from yantuan.kernel.clock import now
from yantuan.orders.jielong import MOST_LINE, MOST_TEXT
from yantuan.orders.models import Order


@pytest.fixture
def named(db: None) -> World:
    """A sale of two goods with names of their own."""
    world = make_world(offers=2)
    for offer, title in zip(world.offers, ("蓝莓 125g", "香蕉 5斤装"), strict=True):
        offer.product.title = title
        offer.product.save(update_fields=["title"])
        offer.sku.name = ""
        offer.sku.save(update_fields=["name"])
    return world


def _buyer(nickname: str, recipient: str) -> Any:
    person = make_person(nickname)
    return person, make_address(person, name=recipient)


def _path(world: World, verb: str) -> str:
    return f"/api/leader/group-buys/{world.group_buy.id}/jielong/{verb}"


def _read(world: World, text: str, person: Person | None = None) -> Any:
    return Caller(person or world.leader_person).send("post", _path(world, "read"), {"text": text})


def test_a_pasted_list_stands_beside_the_orders_and_books_nothing(named: World) -> None:
    a, b = named.offers[:2]
    same = placed(named, _buyer("小王", "王大雁"), lines=((a, 2),))
    pay(same)
    changed = placed(named, _buyer("阿芳", "李姐"), lines=((b, 1),))
    gone = placed(named, _buyer("走了的", "赵六"), lines=((a, 1),))
    before = footprint(), list(Order.objects.order_by("id").values())
    answer = _read(
        named, "#接龙\n1. 小王 蓝莓2\n2. 李姐 香蕉3\n3. 新来的 蓝莓1\n4. 阿May 香蕉1-2份\n团长辛苦"
    )
    assert answer.status_code == 200, answer.content
    body = answer.json()
    assert [(p["mark"], p["name"], p["numbers"]) for p in body["people"]] == [
        ("same", "小王", [same.number]),
        ("changed", "李姐", [changed.number]),
        ("new", "新来的", []),
        ("vanished", "走了的", [gone.number]),
    ]
    assert [(a["line"], a["number"]) for a in body["ambiguous"]] == [("4. 阿May 香蕉1-2份", 5)]
    assert [(o["code"], o["name"], o["wanted"], o["booked"]) for o in body["offers"]] == [
        ("A", "蓝莓 125g", 3, 3),
        ("B", "香蕉 5斤装", 3, 1),
    ]
    assert body["people"][1]["wanted"] == [{"offer_id": str(b.id), "quantity": 3}]
    assert body["people"][1]["booked"] == [{"offer_id": str(b.id), "quantity": 1}]
    assert body["wanted_fen"] == 3 * a.price_fen + 3 * b.price_fen
    assert body["booked_fen"] == same.total_fen + changed.total_fen + gone.total_fen
    assert body["unpaid_fen"] == changed.total_fen + gone.total_fen
    assert (body["used_lines"], body["ignored_lines"]) == (3, 2)
    assert (footprint(), list(Order.objects.order_by("id").values())) == before


def test_two_orders_of_one_buyer_are_one_person(named: World) -> None:
    a, b = named.offers[:2]
    pair = _buyer("小王", "王大雁")
    placed(named, pair, lines=((a, 1),))
    placed(named, pair, lines=((a, 1), (b, 1)))
    people = _read(named, "1. 小王 蓝莓2 香蕉1").json()["people"]
    assert [(p["mark"], len(p["numbers"])) for p in people] == [("same", 1)]


def test_what_was_written_out_of_the_orders_reads_back_as_the_same(named: World) -> None:
    a, b = named.offers[:2]
    placed(named, _buyer("小王", "王大雁"), lines=((a, 2), (b, 1)))
    placed(named, _buyer("李姐", "李大雁"), lines=((b, 3),))
    leader = Caller(named.leader_person)
    masked = leader.get(_path(named, "text")).json()
    assert masked["people"] == 2
    assert "1. 小* A×2 B×1" in masked["text"].splitlines()
    assert "小王" not in masked["text"]
    full = leader.get(_path(named, "text"), full="true").json()["text"]
    assert "2. 李姐 3-2-501 B×3" in full.splitlines()
    body = _read(named, full).json()
    assert [p["mark"] for p in body["people"]] == ["same", "same"]
    assert body["ambiguous"] == []


def test_who_asked_not_to_be_listed_is_not_named_in_the_text(named: World) -> None:
    person, address = _buyer("害羞的人", "王大雁")
    Person.objects.filter(id=person.id).update(show_in_lists=False)
    placed(named, (person, address), lines=((named.offers[0], 1),))
    text = Caller(named.leader_person).get(_path(named, "text")).json()["text"]
    assert "匿名团员" in text
    assert "害*" not in text


def test_only_the_leader_of_the_sale_may(named: World) -> None:
    stranger = make_person("路人")
    assert _read(named, "小王: +1", stranger).status_code == 404
    assert Caller(stranger).get(_path(named, "text")).status_code == 404


def test_too_much_text_and_a_sale_without_goods_are_refused(named: World) -> None:
    long = _read(named, "雁\n" * MOST_TEXT)
    assert (long.status_code, long.json()["code"]) == (422, "text_too_long")
    line = _read(named, "雁" * (MOST_LINE + 1))
    assert (line.status_code, line.json()["code"]) == (422, "line_too_long")
    Offer.objects.filter(group_buy_id=named.group_buy.id).update(removed_at=now())
    empty = _read(named, "小王: +1")
    assert (empty.status_code, empty.json()["code"]) == (422, "nothing_on_sale")


def test_marks_that_show_nothing_do_no_harm(named: World) -> None:
    body = _read(named, "\u202e1.\u200b 小王 蓝莓2\r\n\ufeff2. 李姐 香蕉1").json()
    assert [(p["mark"], p["name"]) for p in body["people"]] == [("new", "小王"), ("new", "李姐")]
