"""Fills an empty database for a soak: leaders with a store and a sale each, buyers with addresses and sessions. Prints JSON."""

from __future__ import annotations

import json
import os
import sys
from datetime import timedelta
from typing import Any

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "yantuan.settings")
django.setup()

# Importable only when Django is set up.
from django.conf import settings  # noqa: E402
from django.core.management import call_command  # noqa: E402
from django.db import transaction  # noqa: E402
from django.utils.crypto import get_random_string  # noqa: E402
from tests.console_login import signed_in_operator  # noqa: E402

from yantuan.catalog import stock  # noqa: E402
from yantuan.catalog.models import Product, Sku  # noqa: E402
from yantuan.groupbuys.models import GroupBuy, GroupCounter, Offer  # noqa: E402
from yantuan.identity.models import Address, Channel, Person, Session  # noqa: E402
from yantuan.identity.phones import seal_phone  # noqa: E402
from yantuan.kernel.actors import SYSTEM  # noqa: E402
from yantuan.kernel.clock import now  # noqa: E402
from yantuan.kernel.config import config  # noqa: E402
from yantuan.kernel.ids import new_id, new_token, short_code  # noqa: E402
from yantuan.kernel.tokens import seal, token_hash  # noqa: E402
from yantuan.leaders.models import Leader  # noqa: E402
from yantuan.notices.models import Consent, LeaderChannel  # noqa: E402
from yantuan.simulator.credentials import ensure_credentials  # noqa: E402
from yantuan.stores.models import Store  # noqa: E402

PHONE = "139{:08d}"
"""Phones of the buyers; no log may ever hold one."""
NAME = "雁小客{}"
"""Recipients' names; no log may ever hold one."""
HOT_STOCK, STOCK = 4000, 400
PERMITS = 10_000
"""Subscription messages each leader allows."""


def _session(person: Person) -> tuple[Session, str]:
    token, moment = new_token(), now()
    row = Session(
        token_hash=token_hash(token), person=person, client="mp", created_at=moment, seen_at=moment,
        expires_at=moment + timedelta(days=30),
    )  # fmt: skip
    return row, token


def _leader(number: int) -> tuple[Person, str, Store]:
    moment = now()
    person = Person.objects.create(nickname=f"团长{number}", created_at=moment)
    leader = Leader.objects.create(
        person=person, display_name=f"团长{number}", certification="approved", certified_at=moment,
        created_at=moment,
    )  # fmt: skip
    session, token = _session(person)
    session.save()
    store = Store.objects.create(
        leader=leader, code=short_code(), name=f"雁来小铺{number}", freight_fen=300, wechatpay_enabled=True,
        offline_enabled=True, created_at=moment, updated_at=moment,
    )  # fmt: skip
    return person, token, store


def _sale(store: Store, offers: int, hot: bool) -> dict[str, Any]:
    moment = now()
    sale = GroupBuy.objects.create(
        store=store, code=short_code(), title="秋天的第一箱苹果", state="published",
        starts_at=moment - timedelta(hours=1), ends_at=moment + timedelta(days=1), created_at=moment, published_at=moment,
        updated_at=moment,
    )  # fmt: skip
    GroupCounter.objects.create(group_buy_id=sale.id)
    made = []
    for n in range(offers):
        product = Product.objects.create(store=store, title=f"好物{n}", created_at=moment, updated_at=moment)
        pool = stock.create_pool(store.id, HOT_STOCK if hot and n == 0 else STOCK, SYSTEM)
        price = 990 + 10 * n
        sku = Sku.objects.create(
            product=product, store_id=store.id, name="一份", price_fen=price, pool_id=pool
        )
        offer = Offer.objects.create(
            group_buy=sale, store_id=store.id, sku=sku, product=product, price_fen=price, pool_id=pool
        )
        made.append({"id": str(offer.id), "pool": str(pool), "price": price})
    return {"group_buy_id": str(sale.id), "code": sale.code, "offers": made}


def _channels(person: Person, store: Store, openid: str, *, robot: bool) -> None:
    """Mail and subscription messages on for the leader, who signed in by the mini-program and gave many permits.

    The simulator has one robot, which takes twenty messages a minute: one store has it.
    """
    moment, cfg = now(), config()
    key = ensure_credentials(settings.DATA / "simulator").wecom_robot_key
    ways = [
        ("email", f"leader{store.id}@example.com"),
        ("subscribe", ""),
        *([("wecom", key)] if robot else []),
    ]
    for kind, target in ways:
        LeaderChannel.objects.create(
            store_id=store.id, kind=kind, target_sealed=seal("channel", target) if target else "",
            target_hint="…", created_at=moment, updated_at=moment,
        )  # fmt: skip
    Channel.objects.create(
        person=person, kind="mini", appid=cfg.wechat_mini_appid, openid=openid, created_at=moment
    )
    Consent.objects.create(
        person_id=person.id, template_id=cfg.wechat_template_new_order, permits=PERMITS, updated_at=moment
    )


def _buyers(first: int, count: int) -> list[dict[str, str]]:
    moment = now()
    people = [Person(id=new_id(), nickname=f"买家{first + i}", created_at=moment) for i in range(count)]
    made = [_session(person) for person in people]
    addresses = [
        Address(
            person=p, name=NAME.format(first + i), phone_sealed=seal_phone(PHONE.format(first + i)),
            phone_last4=PHONE.format(first + i)[-4:], province="浙江省", city="杭州市", district="西湖区",
            detail="文三路 1 号", building="3", unit="2", room="501", created_at=moment,
        )
        for i, p in enumerate(people)
    ]  # fmt: skip
    Person.objects.bulk_create(people, 500)
    Address.objects.bulk_create(addresses, 500)
    Session.objects.bulk_create([row for row, _ in made], 500)
    return [
        {"id": str(p.id), "address": str(a.id), "token": token}
        for p, a, (_, token) in zip(people, addresses, made, strict=True)
    ]


def _operator() -> dict[str, str]:
    """Signed in to the console with both steps: the cookies, and the form token that goes with the second of them."""
    client, _ = signed_in_operator(new_token())
    token = get_random_string(32)
    return {
        "cookie": f"{settings.SESSION_COOKIE_NAME}={client.session.session_key}",
        "csrf_cookie": f"{settings.CSRF_COOKIE_NAME}={token}", "csrf": token,
    }  # fmt: skip


def main(offers: int, buyers: int, openids: list[str]) -> None:
    """Migrate, fill, print."""
    call_command("migrate", verbosity=0, interactive=False)
    shops = []
    with transaction.atomic():
        for n, openid in enumerate(openids):
            person, token, store = _leader(n)
            _channels(person, store, openid, robot=n == 0)
            shop = _sale(store, offers, hot=n == 0)
            ids = {"store_id": str(store.id), "token": token, "leader": str(person.id), "permits": PERMITS}
            shops.append(ids | shop)
        people = _buyers(0, buyers)
        operator = _operator()
    sys.stdout.write(json.dumps({"shops": shops, "buyers": people, "operator": operator}))


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]), sys.argv[3:])
