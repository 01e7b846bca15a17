"""The shop of one story: two sales that share a hot pool, a limit, a gift, freight that ends at a sum, three buyers."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from machine.model import Model, Offer, Sale
from machine.provider import PEOPLE, Provider
from orders.orderworld import make_address, make_person, make_world
from yantuan.catalog import stock
from yantuan.catalog.models import Product, Sku
from yantuan.groupbuys import models as sales
from yantuan.identity.models import Address, Channel, Person
from yantuan.identity.phones import seal_phone
from yantuan.kernel.actors import SYSTEM
from yantuan.kernel.clock import now
from yantuan.kernel.config import config
from yantuan.kernel.ids import short_code
from yantuan.leaders.models import Leader
from yantuan.orders.drafts import Recipient
from yantuan.stores.models import PickupPoint, Store

FREIGHT = 700
FREE_ABOVE = 8000
WINDOWS = (timedelta(days=40), timedelta(days=2))


@dataclass
class Shop:
    boss: Person
    leader: Leader
    store: Store
    point: PickupPoint
    buyers: list[tuple[Person, Address]]
    contact: Recipient


def open_shop(provider: Provider, hot: int) -> tuple[Shop, Model]:
    """Rows of the shop, and the model that knows the same facts. `hot`: units in the pool three offers draw from."""
    world = make_world(stock_units=hot, price_fen=1999, freight_fen=FREIGHT, limit=0)
    moment = now()
    Store.objects.filter(id=world.store.id).update(freight_kind="free_above", free_above_fen=FREE_ABOVE)
    second = sales.GroupBuy.objects.create(
        store=world.store, code=short_code(), title="第二团", state="published",
        starts_at=moment - timedelta(hours=1), ends_at=moment + WINDOWS[1], published_at=moment,
        pickup_enabled=True, pickup_point_ids=[str(world.point.id)], created_at=moment, updated_at=moment,
    )  # fmt: skip
    sales.GroupCounter.objects.create(group_buy_id=second.id)
    first = world.group_buy
    sales.GroupBuy.objects.filter(id=first.id).update(ends_at=moment + WINDOWS[0], published_at=moment)
    model = Model(freight=FREIGHT, free_above=FREE_ABOVE)
    for sale, window in zip((first, second), WINDOWS, strict=True):
        model.sales[sale.id] = Sale(sale.id, moment + window)
    known = world.offers[0]
    model.add_pool(known.pool_id, hot)
    model.offers[known.id] = Offer(known.id, first.id, known.pool_id, known.price_fen, 0)
    for sale, pool, units, price, limit in (
        (first, known.pool_id, 0, 1333, 0),
        (first, None, 12, 2501, 4),
        (first, None, 6, 0, 2),
        (second, known.pool_id, 0, 1750, 3),
    ):
        _add_offer(world.store, sale, pool, units, price, limit, model)
    people = [_buyer(provider, name) for name in PEOPLE]
    contact = Recipient("王小雁", seal_phone("13812341234"), "1234", room="501")
    return Shop(world.leader_person, world.leader, world.store, world.point, people, contact), model


def _add_offer(
    store: Store, sale: sales.GroupBuy, pool: int | None, units: int, price: int, limit: int, model: Model
) -> None:
    moment = now()
    own = stock.create_pool(store.id, units, SYSTEM)
    product = Product.objects.create(
        store=store, title=f"红富士{price}", picture_media_ids=[], created_at=moment, updated_at=moment
    )
    sku = Sku.objects.create(
        product=product, store_id=store.id, name="5斤", price_fen=max(price, 1), pool_id=own
    )
    made = sales.Offer.objects.create(
        group_buy=sale, store_id=store.id, sku=sku, product=product, price_fen=price, limit_per_person=limit,
        pool_id=pool or own, position=len(model.offers),
    )  # fmt: skip
    if pool is None:
        model.add_pool(own, units)
    model.offers[made.id] = Offer(made.id, sale.id, pool or own, price, limit)


def _buyer(provider: Provider, name: str) -> tuple[Person, Address]:
    person = make_person(name)
    appid = config().wechat_mini_appid
    Channel.objects.create(
        person=person,
        kind="mini",
        appid=appid,
        openid=provider.world.openid_of(appid, name),
        created_at=now(),
    )
    return person, make_address(person, name=name)
