"""私密团: a sale for members with chosen tags, checked when orders are placed and nowhere later."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import transaction

from orders.orderworld import World, footprint, make_person, make_world, order_of, refusal
from yantuan.groupbuys.limiting import check_limits
from yantuan.groupbuys.models import GroupBuy
from yantuan.groupbuys.options import SaleOptions, packed, sale_options_of
from yantuan.groupbuys.options.limits import SaleLimits
from yantuan.groupbuys.queries import group_buy_page, store_page
from yantuan.groupbuys.schemas import GroupBuyIn
from yantuan.identity.models import Person
from yantuan.kernel.actors import SYSTEM
from yantuan.kernel.clock import now
from yantuan.members.models import Member, MemberTag
from yantuan.orders import actions
from yantuan.orders.drafts import Placed
from yantuan.orders.placing import place_orders
from yantuan.orders.quoting import quote
from yantuan.orders.schemas import QuoteIn

pytestmark = pytest.mark.django_db


@pytest.fixture
def world() -> World:
    return make_world(offers=1, stock_units=50)


def private(world: World, *tags: str) -> None:
    world.group_buy.options = packed(SaleOptions(limits=SaleLimits(member_tags=tags)))
    world.group_buy.save(update_fields=["options"])


def member(world: World, person: Person, *tags: str, into: Member | None = None) -> Member:
    row = Member.objects.create(
        store_id=world.store.id, person=person, first_at=now(), last_at=now(), merged_into=into
    )
    MemberTag.objects.bulk_create(MemberTag(member=row, store_id=world.store.id, name=tag) for tag in tags)
    return row


def quoted(world: World, person: Person) -> Any:
    lines = [{"offer_id": str(world.offers[0].id), "quantity": 1}]
    body = {"group_buy_id": str(world.group_buy.id), "lines": lines, "delivery_method": "courier"}
    return quote(person.id, QuoteIn.model_validate(body))


def test_any_one_of_the_tags_opens_the_sale(world: World) -> None:
    private(world, "老邻居", "会员")
    friend, other, stranger = world.buyer(), world.buyer(), world.buyer()
    member(world, friend[0], "会员")
    member(world, other[0], "退款多")
    for pair in (other, stranger):
        before = footprint()
        assert refusal(place_orders([world.draft(pair, payment_method="offline")])[0]) == "invited_only"
        assert footprint() == before
        shown = quoted(world, pair[0])
        assert not shown.orderable and shown.demand.startswith("这个团购是私密团")
        assert "会员" not in shown.demand and shown.demand_en.isascii()
    assert quoted(world, friend[0]).orderable
    # One batch: everybody gets their own answer.
    done = place_orders(
        [world.draft(stranger, payment_method="offline"), world.draft(friend, payment_method="offline")]
    )
    assert refusal(done[0]) == "invited_only" and isinstance(done[1], Placed)


def test_a_tag_of_another_store_opens_nothing(world: World) -> None:
    private(world, "会员")
    buyer, elsewhere = world.buyer(), make_world(offers=1)
    member(elsewhere, buyer[0], "会员")
    assert refusal(place_orders([world.draft(buyer, payment_method="offline")])[0]) == "invited_only"
    private(elsewhere, "会员")
    assert isinstance(place_orders([elsewhere.draft(buyer, payment_method="offline")])[0], Placed)


def test_an_account_merged_into_a_tagged_one_counts(world: World) -> None:
    private(world, "会员")
    kept, twin = world.buyer(), world.buyer()
    row = member(world, kept[0], "会员")
    member(world, twin[0], into=row)
    assert isinstance(place_orders([world.draft(twin, payment_method="offline")])[0], Placed)


def test_a_tag_taken_away_leaves_placed_orders_alone(world: World) -> None:
    private(world, "会员")
    friend = world.buyer()
    row = member(world, friend[0], "会员")
    order = order_of(place_orders([world.draft(friend, payment_method="offline")])[0])
    row.tags.all().delete()
    with transaction.atomic():
        paid = actions.mark_paid(order.id, order.total_fen, SYSTEM)
    assert (paid.payment, paid.paid_fen) == ("paid", order.total_fen)
    assert refusal(place_orders([world.draft(friend, payment_method="offline")])[0]) == "invited_only"


def test_the_store_does_not_name_it_and_its_page_keeps_the_tags_to_itself(world: World) -> None:
    assert [row.code for row in store_page(world.store.code).groups] == [world.group_buy.code]
    private(world, "会员")
    assert store_page(world.store.code).groups == []
    page = group_buy_page(world.group_buy.code)
    assert page.demands is not None and page.demands.invited_only
    assert "会员" not in page.model_dump_json()
    private(world)
    assert [row.code for row in store_page(world.store.code).groups] == [world.group_buy.code]
    world.group_buy.options = packed(SaleOptions(limits=SaleLimits(hide_sold=True)))
    world.group_buy.save(update_fields=["options"])
    shown = group_buy_page(world.group_buy.code).demands
    assert shown is not None and not shown.invited_only
    assert [row.code for row in store_page(world.store.code).groups] == [world.group_buy.code]


def test_repeated_tags_are_kept_once() -> None:
    body = GroupBuyIn.model_validate(
        {
            "title": "邻居团", "offers": [], "starts_at": now(), "ends_at": now(),
            "options": {"limits": {"member_tags": ["会员", "会员 ", "老邻居"]}},
        }
    )  # fmt: skip
    assert check_limits(body, now().date()).limits.member_tags == ("会员", "老邻居")


def test_the_options_survive_their_row(world: World) -> None:
    private(world, "会员")
    row = GroupBuy.objects.get(id=world.group_buy.id)
    assert sale_options_of(row.options).limits.member_tags == ("会员",)
    assert not quoted(world, make_person()).orderable
