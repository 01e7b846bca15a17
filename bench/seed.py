"""Fills an empty database with the world of `bench.world`. Run as a program with the product's settings."""

from __future__ import annotations

import os
from datetime import timedelta

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "yantuan.settings")
django.setup()

# Importable only when Django is set up.
from django.core.management import call_command  # noqa: E402
from django.db import connection, transaction  # noqa: E402

from bench import world  # noqa: E402
from yantuan.catalog.models import Product, Sku, StockMovement, StockPool  # noqa: E402
from yantuan.groupbuys.models import GroupBuy, GroupCounter, Offer  # noqa: E402
from yantuan.identity.models import Address, Person, Session  # noqa: E402
from yantuan.identity.phones import seal_phone  # noqa: E402
from yantuan.kernel.clock import now  # noqa: E402
from yantuan.kernel.tokens import token_hash  # noqa: E402
from yantuan.leaders.models import Leader  # noqa: E402
from yantuan.stores.models import Store  # noqa: E402

MOMENT = now()
TITLES = (
    "红富士苹果",
    "阳山水蜜桃",
    "赣南脐橙",
    "云南小土豆",
    "舟山带鱼",
    "东北大米",
    "农家土鸡蛋",
    "手工馒头",
)


def _session(person_id: int, token: str) -> Session:
    return Session(
        token_hash=token_hash(token), person_id=person_id, client="mp", created_at=MOMENT, seen_at=MOMENT,
        expires_at=MOMENT + timedelta(days=30),
    )  # fmt: skip


def _stores() -> None:
    people = [
        Person(id=world.LEADER_PERSON_0 + s, nickname=f"团长{s}", created_at=MOMENT)
        for s in range(world.STORES)
    ]
    leaders = [
        Leader(
            id=world.LEADER_0 + s, person=person, display_name=f"团长{s}", certification="approved",
            certified_at=MOMENT, created_at=MOMENT,
        )
        for s, person in enumerate(people)
    ]  # fmt: skip
    stores = [
        Store(
            id=world.STORE_0 + s, leader=leader, code=world.store_code(world.STORE_0 + s), name=f"雁来小铺{s}",
            freight_fen=world.FREIGHT_FEN, wechatpay_enabled=True, offline_enabled=True, created_at=MOMENT,
            updated_at=MOMENT,
        )
        for s, leader in enumerate(leaders)
    ]  # fmt: skip
    Person.objects.bulk_create(people)
    Leader.objects.bulk_create(leaders)
    Store.objects.bulk_create(stores)
    Session.objects.bulk_create(
        [_session(person.id, world.leader_token(s)) for s, person in enumerate(people)]
    )


def _sales() -> None:
    places = [world.place_of(i) for i in range(world.OFFERS + len(world.SPECIAL))]
    sales = {p.sale_id: p.store_id for p in places}
    GroupBuy.objects.bulk_create(
        GroupBuy(
            id=sale_id, store_id=store_id, code=world.sale_code(sale_id), title="秋天的第一箱水果", state="published",
            starts_at=MOMENT - timedelta(hours=1), ends_at=MOMENT + timedelta(days=7), published_at=MOMENT,
            created_at=MOMENT, updated_at=MOMENT,
        )
        for sale_id, store_id in sales.items()
    )  # fmt: skip
    GroupCounter.objects.bulk_create(GroupCounter(group_buy_id=sale_id) for sale_id in sales)
    Product.objects.bulk_create(
        Product(
            id=p.product_id, store_id=p.store_id, title=TITLES[p.product_id % len(TITLES)],
            description="现摘现发，坏果包赔。", created_at=MOMENT, updated_at=MOMENT,
        )
        for p in places
    )  # fmt: skip
    for index, place in enumerate(places):
        _offer(place, world.SMALL_STOCK if index == world.special("small") else world.UNITS)


def _offer(place: world.Place, units: int) -> None:
    StockPool.objects.create(id=place.pool_id, store_id=place.store_id, total=units, available=units)
    StockMovement.objects.create(
        store_id=place.store_id, pool_id=place.pool_id, kind="adjust", quantity=units, actor_kind="system",
        created_at=MOMENT,
    )  # fmt: skip
    Sku.objects.create(
        id=place.sku_id, product_id=place.product_id, store_id=place.store_id, name="5斤",
        price_fen=world.PRICE_FEN, pool_id=place.pool_id,
    )  # fmt: skip
    Offer.objects.create(
        id=place.offer_id, group_buy_id=place.sale_id, store_id=place.store_id, sku_id=place.sku_id,
        product_id=place.product_id, price_fen=world.PRICE_FEN, pool_id=place.pool_id,
        limit_per_person=world.LIMIT_PER_PERSON,
    )  # fmt: skip


def _buyers(count: int) -> None:
    sealed = seal_phone("13812341234")
    Person.objects.bulk_create(
        (Person(id=world.BUYER_0 + n, nickname=f"买家{n}", created_at=MOMENT) for n in range(count)), 1000
    )
    addresses = (
        Address(
            id=world.ADDRESS_0 + n, person_id=world.BUYER_0 + n, name="王小雁", phone_sealed=sealed,
            phone_last4="1234", province="浙江省", city="杭州市", district="西湖区", detail="文三路 1 号",
            building="3", unit="2", room=f"{n % 900 + 100}", created_at=MOMENT,
        )
        for n in range(count)
    )  # fmt: skip
    Address.objects.bulk_create(addresses, 1000)
    Session.objects.bulk_create(
        (_session(world.BUYER_0 + n, world.buyer_token(n)) for n in range(count)), 1000
    )


def main() -> None:
    """Migrate and fill."""
    call_command("migrate", verbosity=0, interactive=False)
    with transaction.atomic():
        _stores()
        _sales()
        _buyers(world.BUYERS)
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE")


if __name__ == "__main__":
    main()
