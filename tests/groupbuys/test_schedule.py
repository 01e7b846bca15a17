"""定时发布: a draft opens by itself, once, or its leader hears why it did not."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from factories import group_buy, leader, product, sale_body, store
from yantuan.groupbuys import actions
from yantuan.groupbuys.models import GroupBuy, Offer
from yantuan.groupbuys.options import OfferOptions, offer_options_of, packed
from yantuan.groupbuys.options.limits import Flash, OfferLimits
from yantuan.groupbuys.schedule import publish_due
from yantuan.groupbuys.schemas import GroupBuyIn
from yantuan.kernel.clock import frozen, now
from yantuan.kernel.errors import AppError
from yantuan.kernel.models import OutboxEvent
from yantuan.stores.models import Store

pytestmark = pytest.mark.django_db


@pytest.fixture
def shop() -> Store:
    return store(leader())


def planned(shop: Store, at: datetime | None) -> GroupBuyIn:
    return sale_body(shop, [product(shop)]).model_copy(update={"publish_at": at})


def told() -> list[tuple[bool, str]]:
    rows = OutboxEvent.objects.filter(topic="group_buy.scheduled").order_by("id")
    return [(row.payload["published"], row.payload["reason"]) for row in rows]


def test_a_draft_is_published_at_its_time_and_once(shop: Store) -> None:
    at = now() + timedelta(hours=2)
    draft = actions.create_group_buy(shop.leader.person, shop.id, planned(shop, at))
    with frozen(at - timedelta(seconds=1)):
        assert publish_due() == 0
    assert GroupBuy.objects.get(id=draft.id).state == "draft"
    with frozen(at):
        assert publish_due() == 1
        assert publish_due() == 0
    sale = GroupBuy.objects.get(id=draft.id)
    assert (sale.state, sale.published_at, sale.publish_at) == ("published", at, None)
    assert told() == [(True, "")]


def test_what_can_not_be_published_stays_a_draft_and_its_leader_hears_why(shop: Store) -> None:
    at = now() + timedelta(hours=2)
    draft = actions.create_group_buy(shop.leader.person, shop.id, planned(shop, at))
    Store.objects.filter(id=shop.id).update(suspended_at=now())
    with frozen(at):
        assert publish_due() == 1
        assert publish_due() == 0
    sale = GroupBuy.objects.get(id=draft.id)
    assert (sale.state, sale.publish_at) == ("draft", None)
    assert told() == [(False, "卖场已被暂停，请联系平台")]


def test_what_lacks_something_is_told_when_the_time_is_set(shop: Store) -> None:
    before = GroupBuy.objects.count()
    body = planned(shop, now() + timedelta(hours=1)).model_copy(update={"offers": []})
    with pytest.raises(AppError) as refused:
        actions.create_group_buy(shop.leader.person, shop.id, body)
    assert refused.value.code == "offers_missing"
    for at, code in ((now(), "publish_time_past"), (now() + timedelta(days=4), "publish_after_end")):
        with pytest.raises(AppError) as refused:
            actions.create_group_buy(shop.leader.person, shop.id, planned(shop, at))
        assert refused.value.code == code
    assert GroupBuy.objects.count() == before


def test_publishing_by_hand_or_taking_the_time_away_ends_it(shop: Store) -> None:
    at = now() + timedelta(hours=1)
    person = shop.leader.person
    first = actions.create_group_buy(person, shop.id, planned(shop, at))
    second = actions.create_group_buy(person, shop.id, planned(shop, at))
    assert actions.publish_group_buy(person, first.id).publish_at is None
    kept = planned(shop, None).model_copy(update={"offers": []})
    assert actions.update_group_buy(person, second.id, kept).publish_at is None
    with frozen(at):
        assert publish_due() == 0
    assert actions.copy_group_buy(person, first.id).publish_at is None
    assert told() == []


def test_a_copy_keeps_the_demands_and_no_day_of_the_old_sale(shop: Store) -> None:
    limits = OfferLimits(
        least=2,
        ships_on=now().date() + timedelta(days=9),
        flash=Flash(price_fen=1, starts_at=now(), ends_at=now() + timedelta(hours=1)),
    )
    sale = group_buy(shop, [product(shop)])
    Offer.objects.filter(group_buy=sale).update(options=packed(OfferOptions(limits=limits)))
    copy = actions.copy_group_buy(shop.leader.person, sale.id)
    kept = offer_options_of(Offer.objects.get(group_buy=copy).options).limits
    assert kept == OfferLimits(least=2)


def test_a_published_sale_takes_no_time(shop: Store) -> None:
    sale = group_buy(shop, [product(shop)])
    body = sale_body(shop, [product(shop)]).model_copy(
        update={
            "publish_at": now() + timedelta(hours=1),
            "starts_at": sale.starts_at,
            "ends_at": sale.ends_at,
        }
    )
    assert actions.update_group_buy(shop.leader.person, sale.id, body).publish_at is None
