"""Fills an empty database: one sale with one hot offer, and buyers with addresses and sessions. Prints what the load needs as JSON."""

from __future__ import annotations

import json
import os
import sys
from datetime import timedelta

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "yantuan.settings")
django.setup()

from django.core.management import call_command  # noqa: E402
from django.db import transaction  # noqa: E402

from yantuan.catalog import stock  # noqa: E402
from yantuan.catalog.models import Product, Sku  # noqa: E402
from yantuan.groupbuys.models import GroupBuy, GroupCounter, Offer  # noqa: E402
from yantuan.identity.models import Address, Person, Session  # noqa: E402
from yantuan.identity.phones import seal_phone  # noqa: E402
from yantuan.kernel.actors import SYSTEM  # noqa: E402
from yantuan.kernel.clock import now  # noqa: E402
from yantuan.kernel.ids import new_id, new_token, short_code  # noqa: E402
from yantuan.kernel.tokens import token_hash  # noqa: E402
from yantuan.leaders.models import Leader  # noqa: E402
from yantuan.stores.models import Store  # noqa: E402


def _sale(units: int) -> tuple[GroupBuy, Offer]:
    moment = now()
    person = Person.objects.create(nickname="李团长", created_at=moment)
    leader = Leader.objects.create(
        person=person, display_name="李团长", certification="approved", certified_at=moment, created_at=moment
    )
    store = Store.objects.create(
        leader=leader, code=short_code(), name="雁来小铺", freight_fen=0, wechatpay_enabled=False,
        offline_enabled=True, created_at=moment, updated_at=moment,
    )  # fmt: skip
    sale = GroupBuy.objects.create(
        store=store, code=short_code(), title="秋天的第一箱苹果", state="published",
        starts_at=moment - timedelta(hours=1), ends_at=moment + timedelta(days=1), created_at=moment,
        updated_at=moment,
    )  # fmt: skip
    GroupCounter.objects.create(group_buy_id=sale.id)
    product = Product.objects.create(store=store, title="红富士苹果", created_at=moment, updated_at=moment)
    pool_id = stock.create_pool(store.id, units, SYSTEM)
    sku = Sku.objects.create(product=product, store_id=store.id, name="5斤", price_fen=3990, pool_id=pool_id)
    offer = Offer.objects.create(
        group_buy=sale, store_id=store.id, sku=sku, product=product, price_fen=3990, pool_id=pool_id
    )
    return sale, offer


def _buyers(count: int) -> list[tuple[str, str, str]]:
    moment, sealed = now(), seal_phone("13812341234")
    people = [Person(id=new_id(), nickname=f"买家{i}", created_at=moment) for i in range(count)]
    tokens = [new_token() for _ in people]
    addresses = [
        Address(
            person=p, name="王小雁", phone_sealed=sealed, phone_last4="1234", province="浙江省", city="杭州市",
            district="西湖区", detail="文三路 1 号", building="3", unit="2", room="501", created_at=moment,
        )
        for p in people
    ]  # fmt: skip
    sessions = [
        Session(
            token_hash=token_hash(token), person=person, client="mp", created_at=moment, seen_at=moment,
            expires_at=moment + timedelta(days=30),
        )
        for person, token in zip(people, tokens, strict=True)
    ]  # fmt: skip
    Person.objects.bulk_create(people, 500)
    Address.objects.bulk_create(addresses, 500)
    Session.objects.bulk_create(sessions, 500)
    return [(str(p.id), str(a.id), t) for p, a, t in zip(people, addresses, tokens, strict=True)]


def main(buyers: int, units: int) -> None:
    """Migrate, fill, print."""
    call_command("migrate", verbosity=0, interactive=False)
    with transaction.atomic():
        sale, offer = _sale(units)
        people = _buyers(buyers)
    answer = {
        "group_buy_id": str(sale.id),
        "code": sale.code,
        "store_id": str(sale.store_id),
        "offer_id": str(offer.id),
        "product_id": str(offer.product_id),
        "pool_id": str(offer.pool_id),
        "buyers": people,
    }
    sys.stdout.write(json.dumps(answer))


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]))
