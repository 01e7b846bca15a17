"""A small shop to place orders in: rows made directly, so that these tests depend on no other floor's verbs."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from itertools import count
from typing import Any

from django.db import transaction

from yantuan.catalog import stock
from yantuan.catalog.models import Product, Sku, StockPool
from yantuan.groupbuys.models import GroupBuy, GroupCounter, Offer
from yantuan.identity.models import Address, Person
from yantuan.identity.phones import seal_phone
from yantuan.kernel.actors import SYSTEM, Actor
from yantuan.kernel.clock import now
from yantuan.kernel.ids import new_id, short_code
from yantuan.leaders.models import Leader
from yantuan.orders.drafts import Draft, DraftLine, Outcome, Placed, Recipient, Refused
from yantuan.orders.models import LimitUse, Order
from yantuan.stores.models import PickupPoint, Store

_serial = count(1)


def make_person(nickname: str = "王小雁") -> Person:
    return Person.objects.create(nickname=nickname, created_at=now())


def make_address(
    person: Person, name: str = "王小雁", phone: str = "13812341234", room: str = "501"
) -> Address:
    return Address.objects.create(
        person=person, name=name, phone_sealed=seal_phone(phone), phone_last4=phone[-4:], province="浙江省",
        city="杭州市", district="西湖区", detail="文三路 1 号", building="3", unit="2", room=room, created_at=now(),
    )  # fmt: skip


@dataclass
class World:
    leader_person: Person
    leader: Leader
    store: Store
    group_buy: GroupBuy
    point: PickupPoint
    offers: list[Offer]
    buyers: list[tuple[Person, Address]] = field(default_factory=list)

    def buyer(self) -> tuple[Person, Address]:
        person = make_person(f"买家{next(_serial)}")
        pair = (person, make_address(person))
        self.buyers.append(pair)
        return pair

    def draft(self, pair: tuple[Person, Address] | None = None, **changes: Any) -> Draft:
        """A good checkout of one piece of the first offer, paid by WeChat Pay, sent by courier."""
        person, address = pair or self.buyer()
        lines = changes.pop("lines", ((self.offers[0], 1),))
        values: dict[str, Any] = {
            "person_id": person.id,
            "group_buy_id": self.group_buy.id,
            "lines": tuple(DraftLine(offer.id, quantity) for offer, quantity in lines),
            "delivery_method": "courier",
            "payment_method": "wechatpay",
            "expected_total_fen": sum(o.price_fen * q for o, q in lines) + self.store.freight_fen,
            "idempotency_key": f"key-{new_id()}",
            "body_hash": "a" * 64,
            "actor": Actor("buyer", person.id),
            "address_id": address.id,
        }
        if changes.get("delivery_method") == "pickup":
            values |= {
                "pickup_point_id": self.point.id,
                "address_id": None,
                "contact": Recipient("王小雁", address.phone_sealed, "1234", room="501"),
                "expected_total_fen": values["expected_total_fen"] - self.store.freight_fen,
            }
        return Draft(**(values | changes))


def make_world(
    *, stock_units: int = 10, offers: int = 1, price_fen: int = 3990, freight_fen: int = 800, limit: int = 0
) -> World:
    """A certified leader's open sale with `offers` goods of `stock_units` each; courier and pick-up, both ways to pay."""
    moment = now()
    person = make_person("李团长")
    leader = Leader.objects.create(
        person=person, display_name="李团长", certification="approved", certified_at=moment, created_at=moment
    )
    store = Store.objects.create(
        leader=leader, code=short_code(), name="雁来小铺", freight_fen=freight_fen, pickup_enabled=True,
        offline_enabled=True, created_at=moment, updated_at=moment,
    )  # fmt: skip
    point = PickupPoint.objects.create(store=store, name="东门", address="文三路 1 号东门", created_at=moment)
    group_buy = GroupBuy.objects.create(
        store=store, code=short_code(), title="秋天的第一箱苹果", state="published",
        starts_at=moment - timedelta(hours=1), ends_at=moment + timedelta(days=1), pickup_enabled=True,
        pickup_point_ids=[str(point.id)], created_at=moment, updated_at=moment,
    )  # fmt: skip
    GroupCounter.objects.create(group_buy_id=group_buy.id)
    world = World(person, leader, store, group_buy, point, [])
    for position in range(offers):
        world.offers.append(add_offer(world, position, stock_units, price_fen + position, limit))
    return world


def add_offer(world: World, position: int, units: int, price_fen: int, limit: int = 0) -> Offer:
    moment = now()
    product = Product.objects.create(
        store=world.store,
        title=f"红富士苹果{position}",
        picture_media_ids=[],
        created_at=moment,
        updated_at=moment,
    )
    with transaction.atomic():
        pool_id = stock.create_pool(world.store.id, units, SYSTEM)
    sku = Sku.objects.create(
        product=product, store_id=world.store.id, name="5斤", price_fen=price_fen, pool_id=pool_id
    )
    return Offer.objects.create(
        group_buy=world.group_buy, store_id=world.store.id, sku=sku, product=product, price_fen=price_fen,
        limit_per_person=limit, pool_id=pool_id, position=position,
    )  # fmt: skip


def pool(offer: Offer) -> StockPool:
    return StockPool.objects.get(id=offer.pool_id)


def counts(offer: Offer) -> tuple[int, int, int]:
    """(available, held, sold)."""
    row = pool(offer)
    assert row.total == row.available + row.held + row.sold
    return row.available, row.held, row.sold


def footprint() -> tuple[int, int, tuple[tuple[int, int, int], ...]]:
    """What placing may change; equal before and after a refusal."""
    pools = StockPool.objects.order_by("id").values_list("available", "held", "sold")
    return Order.objects.count(), LimitUse.objects.count(), tuple(pools)


def order_of(outcome: Outcome) -> Order:
    assert isinstance(outcome, Placed), outcome
    return Order.objects.get(id=outcome.order.id)


def refusal(outcome: Outcome) -> str:
    assert isinstance(outcome, Refused), outcome
    return outcome.error.code
