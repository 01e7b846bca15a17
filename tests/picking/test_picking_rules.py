"""Counting pieces: whatever way they are gathered, none is lost and none counted twice."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from yantuan.picking import rules
from yantuan.picking.rules import COURIER, Piece

PIECE = Piece(
    order_id=1, number=1, offer_id=10, title="五常大米", sku_name="5斤", sku_code="R5", quantity=1, place=7, place_name="东门岗亭",
    recipient="小王", phone_last4="1234", address="", building="3号楼", unit="2", room="501", remark="",
)  # fmt: skip


@st.composite
def pieces(draw: st.DrawFn) -> list[Piece]:
    """Orders of a few buyers; an order has one place, address and remark, an offer one name."""
    found = []
    for order_id in range(draw(st.integers(0, 12))):
        place = draw(st.sampled_from([COURIER, 7, 8]))
        head = replace(
            PIECE, order_id=order_id, number=draw(st.integers(1, 4)), place=place, place_name=f"点{place}",
            building=draw(st.sampled_from(["", "2", "2栋", "10号楼", "A座"])), room=draw(st.sampled_from(["", "501", "1201"])),
            remark=draw(st.sampled_from(["", "放门口"])),
        )  # fmt: skip
        for offer_id in draw(st.sets(st.integers(10, 13), min_size=1)):
            found.append(replace(head, offer_id=offer_id, quantity=draw(st.integers(1, 9))))
    return found


@given(pieces())
def test_every_piece_is_in_one_bag_one_place_and_one_total(given_pieces: list[Piece]) -> None:
    whole = sum(piece.quantity for piece in given_pieces)
    packed = rules.bags(given_pieces)
    goods = rules.goods(given_pieces, packed)
    places = rules.places(packed)
    assert sum(bag.quantity for bag in packed) == whole
    assert sum(row.quantity for row in goods) == whole == sum(row.by_place.total() for row in goods)
    assert sum(row.quantity for row in places) == whole and sum(row.bags for row in places) == len(packed)
    for place in places:
        assert place.quantity == sum(row.by_place[place.id] for row in goods)
    pickups = sum(piece.quantity for piece in given_pieces if piece.place != COURIER)
    buildings = rules.buildings(packed)
    assert sum(row.quantity for row in buildings) == pickups == sum(row.goods.total() for row in buildings)
    assert sum(bag.orders for bag in packed) == len({piece.order_id for piece in given_pieces})


@given(pieces())
def test_bags_of_one_number_are_told_apart(given_pieces: list[Piece]) -> None:
    packed = rules.bags(given_pieces)
    labels = [(bag.number, bag.part) for bag in packed]
    assert len(set(labels)) == len(labels)
    for bag in packed:
        assert 1 <= bag.part <= bag.parts == sum(other.number == bag.number for other in packed)
    assert sorted(map(id, rules.in_walking_order(packed))) == sorted(map(id, packed))


def test_orders_of_one_buyer_go_into_one_bag() -> None:
    first = replace(PIECE, remark="放门口")
    later = replace(PIECE, order_id=2, quantity=2, building="3栋")
    other = replace(PIECE, order_id=3, offer_id=11, title="鸡蛋", sku_name="", remark="轻放")
    bag = rules.bags([first, later, other])
    assert len(bag) == 1
    assert (bag[0].orders, dict(bag[0].goods), bag[0].remarks, bag[0].home) == (
        3,
        {10: 3, 11: 1},
        ("放门口", "轻放"),
        "3-2-501",
    )


def test_orders_to_other_rooms_are_bags_of_their_own() -> None:
    packed = rules.bags([PIECE, replace(PIECE, order_id=2, room="502"), replace(PIECE, order_id=3, place=8)])
    assert [(bag.number, bag.part, bag.parts) for bag in packed] == [(1, 1, 3), (1, 2, 3), (1, 3, 3)]


def test_buildings_and_rooms_are_walked_by_number() -> None:
    rooms = [("10号楼", "201"), ("2", "1101"), ("", ""), ("2栋", "302"), ("A座", "101")]
    packed = rules.bags(
        replace(PIECE, number=n, order_id=n, building=b, unit="", room=r) for n, (b, r) in enumerate(rooms)
    )
    worded = rules.bags([replace(PIECE, unit="2单元", room="501室")])[0]
    assert worded.home == "3-2-501"
    assert [bag.home for bag in rules.in_walking_order(packed)] == ["2-302", "2-1101", "10-201", "A-101", ""]
    assert [row.name for row in rules.buildings(packed)] == ["2", "10", "A", ""]


@pytest.mark.parametrize(
    ("text", "plain"), [("3号楼", "3"), ("3栋", "3"), (" a座", "A"), ("12#", "12"), ("", ""), ("号", "")]
)
def test_a_building_has_one_name(text: str, plain: str) -> None:
    assert rules.plain_building(text) == plain


def test_what_is_brought_by_distance_goes_from_near_to_far_before_the_rest() -> None:
    ways = (None, 2279, 812, None, 0)
    rows = [
        replace(PIECE, place=COURIER, place_name="快递", order_id=n, number=n, room=str(9 - n), metres=metres)
        for n, metres in enumerate(ways, 1)
    ]
    assert [bag.metres for bag in rules.in_walking_order(rules.bags(rows))] == [0, 812, 2279, None, None]
    assert [bag.number for bag in rules.in_walking_order(rules.bags(rows))] == [5, 3, 2, 4, 1]


def test_the_courier_is_no_building_and_comes_last() -> None:
    packed = rules.bags(
        [replace(PIECE, place=COURIER, place_name="快递"), replace(PIECE, order_id=2, number=2)]
    )
    assert [row.name for row in rules.places(packed)] == ["东门岗亭", "快递"]
    assert [(row.place_name, row.bags) for row in rules.buildings(packed)] == [("东门岗亭", 1)]
    assert [bag.number for bag in rules.in_walking_order(packed)] == [2, 1]
