"""Fills an instance with a long past: any number of orders over half a year, most of them in one store.

`python -m bench.orders_seed 1000000` migrates, fills, and prints what a load needs as JSON. The book is whole: lines,
timeline, stock movements, payments, parcels, refunds and cases agree, so `yantuan check` finds nothing.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta

import django

if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "yantuan.settings")
    django.setup()

from django.core.management import call_command
from django.db import connection, transaction

from bench import orders_rows as rows
from bench.orders_rows import BIG_GROUPS, DAY, OFFERS_BIG, OFFERS_SMALL, PHONES, Plan
from yantuan.catalog.models import Product, Sku, StockMovement, StockPool
from yantuan.groupbuys.models import GroupBuy, GroupCounter, Offer
from yantuan.identity import sessions
from yantuan.identity.models import Address, Person
from yantuan.identity.phones import seal_phone
from yantuan.kernel.clock import now
from yantuan.kernel.ids import new_id, short_code
from yantuan.leaders.models import Leader
from yantuan.orders.models import Order
from yantuan.payments import reconcile
from yantuan.payments.models import ProviderNotice
from yantuan.reports.rules.ledger import promise_hash
from yantuan.reports.statements import china_day
from yantuan.stores.models import PickupPoint, Store

DAYS = 180
PORTION = 100_000
"""Orders written in one transaction."""
BUYERS = 100
"""People who get a session and an address, to load the instance with."""
UNITS = 50_000_000
_GOODS = (
    "红富士苹果",
    "五常大米",
    "赣南脐橙",
    "土鸡蛋",
    "手工水饺",
    "山核桃",
    "冷鲜牛腩",
    "阳澄湖蟹",
    "菜籽油",
    "云南菌菇",
)


@dataclass(frozen=True)
class Filled:
    """What is in the instance now. Ids are strings, tokens are bearers (`Authorization: Bearer …`)."""

    orders: int
    store_id: str
    """The big store."""
    store_code: str
    group_buy_id: str
    """A sale of the big store that is open."""
    group_buy_code: str
    offer_id: str
    leader_token: str
    """A session of the big store's leader."""
    buyers: list[tuple[str, str, str]]
    """(person id, address id, session token) of people who may order."""
    sample: dict[str, str]
    """One paid order of the big store by everything a leader searches for."""


@dataclass
class _Shop:
    store: Store
    point: PickupPoint
    skus: list[Sku]


def fill(orders: int, *, stores: int = 50) -> Filled:
    """Write `orders` orders into `stores` stores (at least two) of a migrated instance, and count everything up.

    About four fifths of the orders are the first store's. Safe to call once per instance only.
    """
    with _hurried():
        with transaction.atomic():
            plan, shops = _stage(orders, max(2, stores))
        for first in range(0, orders, PORTION):
            with transaction.atomic():
                rows.write_portion(plan, first, min(orders, first + PORTION))
        with transaction.atomic():
            _count_up()
            _bills(plan)
            filled = _answer(plan, shops[0])
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    return filled


@contextmanager
def _hurried() -> Iterator[None]:
    """Rows that are known to fit are written without foreign-key look-ups and without waiting for the disk."""
    postgres = connection.vendor == "postgresql"
    before = (
        ["SET statement_timeout = 0", "SET synchronous_commit = off", "SET session_replication_role = replica",
         "SET temp_buffers = '128MB'", "SET work_mem = '64MB'"]
        if postgres
        else ["PRAGMA foreign_keys=OFF", "PRAGMA synchronous=OFF", "PRAGMA cache_size=-400000", "PRAGMA temp_store=MEMORY"]
    )  # fmt: skip
    after = (
        ["RESET statement_timeout", "RESET synchronous_commit", "RESET session_replication_role", "RESET work_mem"]
        if postgres
        else ["PRAGMA foreign_keys=ON", "PRAGMA synchronous=FULL", "PRAGMA cache_size=-512", "PRAGMA temp_store=DEFAULT"]
    )  # fmt: skip
    for statement in before:
        rows.run(statement)
    yield
    tables = ("seed_base", "seed_line", "seed_order", "seed_group", "seed_offer", "seed_phone")
    for statement in [f"DROP TABLE IF EXISTS {name}" for name in tables] + after:
        rows.run(statement)


def _stage(orders: int, stores: int) -> tuple[Plan, list[_Shop]]:
    """People, shops, goods and sales; and the tables the rows are made from."""
    moment = now()
    now_ms = int(moment.timestamp() * 1000)
    step_ms = max(1, DAYS * DAY // max(1, orders))
    people = max(500, orders // 4)
    # A person's id must not meet that of a leader made just now.
    person_id = rows.id_at(now_ms - (DAYS + 3) * DAY)
    plan = Plan(
        orders=orders, stores=stores, people=people, person_id=person_id,
        periods=max(1, min(60, orders // 2000)), start_ms=now_ms - orders * step_ms, step_ms=step_ms, now_ms=now_ms,
    )  # fmt: skip
    began = datetime.fromtimestamp(plan.start_ms / 1000, UTC) - timedelta(days=1)
    shops = [_shop(n, began) for n in range(stores)]
    _people(plan)
    _phones()
    _sales(plan, shops)
    return plan, shops


def _shop(number: int, began: datetime) -> _Shop:
    person = Person.objects.create(nickname=f"团长{number}", agreed_terms_at=began, created_at=began)
    leader = Leader.objects.create(
        person=person, display_name=f"团长{number}", certification="approved", certified_at=began, created_at=began
    )  # fmt: skip
    store = Store.objects.create(
        leader=leader, code=short_code(), name=f"枫林里 {number} 号小铺", freight_kind="free_above", freight_fen=600,
        free_above_fen=9900, pickup_enabled=True, offline_enabled=True, created_at=began, updated_at=began,
    )  # fmt: skip
    point = PickupPoint.objects.create(
        store=store, name="东门岗亭", address="文三路 88 号东门", created_at=began
    )
    count = 200 if number == 0 else 20
    products = [
        Product(store=store, title=f"{_GOODS[n % len(_GOODS)]}{n // len(_GOODS) or ''}", created_at=began, updated_at=began)
        for n in range(count)
    ]  # fmt: skip
    pools = [StockPool(store_id=store.id, total=UNITS, available=UNITS) for _ in products]
    skus = [
        Sku(product=p, store_id=store.id, name="5斤", price_fen=990 + n * 37 % 9000, pool_id=pool.id)
        for n, (p, pool) in enumerate(zip(products, pools, strict=True))
    ]
    Product.objects.bulk_create(products)
    StockPool.objects.bulk_create(pools)
    Sku.objects.bulk_create(skus)
    StockMovement.objects.bulk_create(
        StockMovement(
            store_id=store.id, pool_id=pool.id, kind="adjust", quantity=UNITS, actor_kind="system", created_at=began
        )
        for pool in pools
    )  # fmt: skip
    return _Shop(store, point, skus)


def _people(plan: Plan) -> None:
    rows.run(f"""
        INSERT INTO identity_person (id, nickname, phone_sealed, phone_last4, show_in_lists, language, agreed_terms_at, created_at)
        WITH RECURSIVE numbers(n) AS (
            SELECT CAST(0 AS bigint) UNION ALL SELECT n + 1 FROM numbers WHERE n + 1 < {plan.people}
        ) SELECT {plan.person_id} + n, '邻居' || n, '', '', TRUE, 'zh', {rows.moment(str(plan.start_ms))},
            {rows.moment(str(plan.start_ms))} FROM numbers""")


def _phones() -> None:
    rows.run("CREATE TEMP TABLE seed_phone (no integer PRIMARY KEY, sealed text, last4 text)")
    with connection.cursor() as cursor:
        cursor.executemany(
            "INSERT INTO seed_phone VALUES (%s, %s, %s)",
            [(n, seal_phone(f"1381234{n * 7 % 10_000:04d}"), f"{n * 7 % 10_000:04d}") for n in range(PHONES)],
        )


def _sales(plan: Plan, shops: list[_Shop]) -> None:
    """The sales of every period; those of the last one are open."""
    groups: list[GroupBuy] = []
    offers: list[Offer] = []
    staged: list[tuple[object, ...]] = []
    for period in range(plan.periods):
        for place in range(plan.groups):
            shop = shops[0] if place < BIG_GROUPS else shops[place - BIG_GROUPS + 1]
            group = _sale(plan, period, shop)
            mine = _offers(group, shop, period * 7 + place * OFFERS_BIG)
            groups.append(group)
            offers += mine
            staged.append((len(staged), group.id, shop.store.id, shop.point.id, len(mine)))
    GroupBuy.objects.bulk_create(groups, 500)
    GroupCounter.objects.bulk_create([GroupCounter(group_buy_id=g.id) for g in groups], 500)
    Offer.objects.bulk_create(offers, 500)
    _stage_sales(staged, groups, offers)


def _stage_sales(staged: list[tuple[object, ...]], groups: list[GroupBuy], offers: list[Offer]) -> None:
    rows.run(
        "CREATE TEMP TABLE seed_group (gno integer PRIMARY KEY, id bigint, store_id bigint, point_id bigint, offers integer)"
    )
    rows.run(
        "CREATE TEMP TABLE seed_offer (gno integer, pos integer, offer_id bigint, pool_id bigint, product_id bigint,"
        " title text, sku_name text, price bigint, hash text, PRIMARY KEY (gno, pos))"
    )
    gno = {group.id: n for n, group in enumerate(groups)}
    with connection.cursor() as cursor:
        cursor.executemany("INSERT INTO seed_group VALUES (%s, %s, %s, %s, %s)", staged)
        cursor.executemany(
            "INSERT INTO seed_offer VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s)",
            [
                (
                    gno[o.group_buy_id], o.position, o.id, o.pool_id, o.product_id, o.product.title, o.sku.name,
                    o.price_fen, promise_hash(o.id, o.product.title, o.sku.name, o.price_fen),
                )
                for o in offers
            ],
        )  # fmt: skip


def _sale(plan: Plan, period: int, shop: _Shop) -> GroupBuy:
    first, last = period * plan.per_period, min(plan.orders, (period + 1) * plan.per_period)
    starts = datetime.fromtimestamp(plan.at(first) / 1000, UTC) - timedelta(hours=1)
    ends = datetime.fromtimestamp(plan.at(last) / 1000, UTC)
    running = period == plan.periods - 1
    return GroupBuy(
        store=shop.store, code=short_code(), title=f"第 {period + 1} 期鲜果粮油团", starts_at=starts,
        state="published" if running else "closed", ends_at=now() + timedelta(days=2) if running else ends,
        closed_at=None if running else ends, pickup_enabled=True, pickup_point_ids=[str(shop.point.id)],
        published_at=starts, created_at=starts, updated_at=starts,
    )  # fmt: skip


def _offers(group: GroupBuy, shop: _Shop, first: int) -> list[Offer]:
    count = OFFERS_BIG if len(shop.skus) > OFFERS_BIG * BIG_GROUPS else OFFERS_SMALL
    chosen = [shop.skus[(first + n) % len(shop.skus)] for n in range(count)]
    return [
        Offer(
            group_buy=group, store_id=shop.store.id, sku=sku, product=sku.product, price_fen=sku.price_fen,
            pool_id=sku.pool_id, position=n,
        )
        for n, sku in enumerate(chosen)
    ]  # fmt: skip


def _count_up() -> None:
    """Counters from the rows they count."""
    rows.run("""
        UPDATE catalog_stockpool SET available = total - m.held - m.sold, held = m.held, sold = m.sold FROM (
            SELECT pool_id,
                SUM(CASE kind WHEN 'hold' THEN quantity WHEN 'adjust' THEN 0 WHEN 'restock' THEN 0 ELSE -quantity END) AS held,
                SUM(CASE kind WHEN 'sell' THEN quantity WHEN 'restock' THEN -quantity ELSE 0 END) AS sold
            FROM catalog_stockmovement GROUP BY pool_id
        ) m WHERE m.pool_id = catalog_stockpool.id""")
    rows.run("""
        UPDATE groupbuys_groupcounter SET orders = o.live FROM (
            SELECT group_buy_id, SUM(CASE WHEN payment <> 'closed' THEN 1 ELSE 0 END) AS live FROM orders_order GROUP BY group_buy_id
        ) o WHERE o.group_buy_id = groupbuys_groupcounter.group_buy_id""")
    rows.run("""
        UPDATE groupbuys_groupcounter SET last_number = j.people FROM (
            SELECT group_buy_id, COUNT(*) AS people FROM orders_participation GROUP BY group_buy_id
        ) j WHERE j.group_buy_id = groupbuys_groupcounter.group_buy_id""")
    rows.run("""
        INSERT INTO orders_limituse (offer_id, person_id, quantity)
        SELECT l.offer_id, o.person_id, SUM(CASE WHEN o.payment IN ('closed', 'refunded') THEN 0 ELSE l.quantity END)
        FROM orders_orderline l JOIN orders_order o ON o.id = l.order_id GROUP BY l.offer_id, o.person_id""")


def _bills(plan: Plan) -> None:
    """Every day's bill was compared, as the worker does each morning."""
    moment = now()
    days = [china_day(moment) - timedelta(days=back) for back in range(1, DAYS + 2)]
    ProviderNotice.objects.bulk_create(
        ProviderNotice(
            notice_id=f"seed-{day}", event_type=reconcile.CHECKED, business_no=day.isoformat(), body="",
            resource=json.dumps({"day": day.isoformat(), "rows": 0, "differences": 0}), outcome="applied",
            dedupe=reconcile._digest(reconcile.CHECKED, day.isoformat()), received_at=moment, handled_at=moment,
        )
        for day in days
    )  # fmt: skip


def _answer(plan: Plan, shop: _Shop) -> Filled:
    sale = GroupBuy.objects.filter(store=shop.store, state="published").earliest("id")
    offer = Offer.objects.filter(group_buy=sale).earliest("position")
    paid = Order.objects.filter(store=shop.store, payment="paid")
    order = paid.order_by("id")[paid.count() // 2]
    return Filled(
        orders=plan.orders, store_id=str(shop.store.id), store_code=shop.store.code, group_buy_id=str(sale.id),
        group_buy_code=sale.code, offer_id=str(offer.id),
        leader_token=sessions.start(shop.store.leader.person, "mp"), buyers=_buyers(plan),
        sample={
            "id": str(order.id), "number": str(order.number), "recipient_name": order.recipient_name,
            "phone_last4": order.phone_last4, "room": order.room, "pickup_code": order.pickup_code,
            "group_buy_id": str(order.group_buy_id),
        },
    )  # fmt: skip


def _buyers(plan: Plan) -> list[tuple[str, str, str]]:
    moment, sealed = now(), seal_phone("13812341234")
    chosen = Person.objects.filter(id__gte=plan.person_id, id__lt=plan.person_id + BUYERS).order_by("id")
    found = []
    for person in chosen:
        address = Address.objects.create(
            id=new_id(), person=person, name="王小雁", phone_sealed=sealed, phone_last4="1234", province="浙江省",
            city="杭州市", district="西湖区", detail="文三路 1 号", building="3", unit="2", room="501", created_at=moment,
        )  # fmt: skip
        found.append((str(person.id), str(address.id), sessions.start(person, "mp")))
    return found


def main(orders: int) -> None:
    """Migrate, fill, print."""
    call_command("migrate", verbosity=0, interactive=False)
    sys.stdout.write(json.dumps(asdict(fill(orders))))


if __name__ == "__main__":
    main(int(sys.argv[1]))
