"""How long the lists of a sale of ten thousand orders take: `python -m bench.picking [orders] [sqlite|postgres]`.

The baseline is reading the sale's lines from the database and nothing else, in the same process and run. By the clock, and by this process's own
work, which a busy machine disturbs less. Prints JSON, medians of 3.
"""

from __future__ import annotations

import io
import json
import os
import random
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from statistics import median

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT / "tests"), str(ROOT / "src")]
from pgserver import postgres  # noqa: E402

_STACK = ExitStack()
os.environ |= {
    "DJANGO_SETTINGS_MODULE": "yantuan.settings",
    "YANTUAN_DATA": _STACK.enter_context(tempfile.TemporaryDirectory(prefix="yantuan-picking-")),
    "YANTUAN_DATABASE_URL": _STACK.enter_context(postgres()) if "postgres" in sys.argv else "",
    "YANTUAN_SECRET_KEY": "bench-only-secret-that-is-long-enough-0123456789",
}  # fmt: skip

# Reads the settings named above.
import django  # noqa: E402

django.setup()

# Importable only when Django is set up.
from django.core.management import call_command  # noqa: E402
from django.db import connections  # noqa: E402
from django.db.models import F  # noqa: E402

from orders.orderworld import World, make_world  # noqa: E402
from yantuan.identity.models import Address, Person  # noqa: E402
from yantuan.identity.phones import seal_phone  # noqa: E402
from yantuan.kernel.clock import now  # noqa: E402
from yantuan.kernel.ids import new_id  # noqa: E402
from yantuan.orders.drafts import Placed, Recipient  # noqa: E402
from yantuan.orders.models import Order, OrderLine  # noqa: E402
from yantuan.orders.placing import place_orders  # noqa: E402
from yantuan.picking import answers, book, paper, queries  # noqa: E402
from yantuan.picking.printing import Head  # noqa: E402
from yantuan.stores.models import PickupPoint  # noqa: E402

OFFERS, POINTS, BATCH, ROUNDS, SEED = 20, 6, 128, 3, 20261123


def filled(orders: int) -> World:
    """A sale whose every order is paid: three of four picked up at six points, each with one to four goods."""
    chance = random.Random(SEED)
    world = make_world(offers=OFFERS, stock_units=orders * 40)
    points = [world.point, *(PickupPoint.objects.create(store=world.store, name=f"{n}号门", address="", created_at=now()) for n in range(2, POINTS + 1))]  # fmt: skip
    world.group_buy.pickup_point_ids = [str(point.id) for point in points]
    world.group_buy.save()
    pairs = _buyers(orders)
    for begin in range(0, orders, BATCH):
        drafts = [
            world.draft(pair, lines=_goods(chance, world), payment_method="offline", **_way(chance, points))
            for pair in pairs[begin : begin + BATCH]
        ]
        assert all(isinstance(outcome, Placed) for outcome in place_orders(drafts))
    Order.objects.update(payment="paid", paid_fen=F("total_fen"), paid_at=now())
    return world


def _buyers(count: int) -> list[tuple[Person, Address]]:
    people = Person.objects.bulk_create([Person(id=new_id(), nickname=f"邻居{n}", created_at=now()) for n in range(count)], 1000)  # fmt: skip
    sealed = seal_phone("13812341234")
    rows = [
        Address(
            id=new_id(), person=person, name=person.nickname, phone_sealed=sealed, phone_last4="1234", province="浙江省", city="杭州市",
            district="西湖区", detail="文三路 1 号", building=str(n % 30 + 1), unit="1", room=f"{n % 25 + 1}01", created_at=now(),
        )
        for n, person in enumerate(people)
    ]  # fmt: skip
    return list(zip(people, Address.objects.bulk_create(rows, 1000), strict=True))


def _goods(chance: random.Random, world: World) -> tuple[tuple[object, int], ...]:
    return tuple((offer, chance.randint(1, 3)) for offer in chance.sample(world.offers, chance.randint(1, 4)))


def _way(chance: random.Random, points: list[PickupPoint]) -> dict[str, object]:
    if chance.random() < 0.25:
        return {}
    contact = Recipient("邻居", seal_phone("13812341234"), "1234", building=str(chance.randint(1, 30)), room=f"{chance.randint(1, 25)}01")  # fmt: skip
    return {"delivery_method": "pickup", "pickup_point_id": chance.choice(points).id, "contact": contact}


def timed(work: Callable[[], object]) -> dict[str, float]:
    """Median seconds by the clock, and of this process's own work."""
    clock, cpu = [], []
    for _ in range(ROUNDS):
        began, worked = time.perf_counter(), time.process_time()
        work()
        clock.append(time.perf_counter() - began)
        cpu.append(time.process_time() - worked)
    return {"clock": round(median(clock), 3), "cpu": round(median(cpu), 3)}


def main(orders: int) -> None:
    call_command("migrate", verbosity=0, interactive=False)
    world = filled(orders)
    sale = world.group_buy
    found = queries.lists(sale, "left")
    assert len({piece.order_id for piece in found.pieces}) == orders
    head = Head(sale.title, sale.code, "2026-11-23 08:00")
    point = queries.lists(sale, "left", queries.Part(place=world.point.id))
    seconds = {
        "read_lines": timed(
            lambda: list(OrderLine.objects.filter(order__group_buy_id=sale.id).values_list())
        ),
        "totals": timed(lambda: answers.picking_out(sale, queries.lists(sale, "left"), queries.stale(sale))),
        "page_of_bags": timed(lambda: answers.bags_out(queries.lists(sale, "left"), 5000)),
        "workbook": timed(lambda: book.write(io.BytesIO(), found)),
        "goods_pdf": timed(lambda: paper.draw(head, found, "goods", "a4")),
        "labels_of_a_point": timed(lambda: paper.draw(head, point, "labels", "60x40")),
    }
    base = seconds["read_lines"]
    result = {
        "database": "postgres" if os.environ["YANTUAN_DATABASE_URL"] else "sqlite", "orders": orders, "lines": len(found.pieces), "bags": len(found.bags), "labels": len(point.bags), "seconds": seconds,
        "times_reading": {name: {of: round(took[of] / base[of], 1) for of in took} for name, took in seconds.items()},
        "load": os.getloadavg()[0],
    }  # fmt: skip
    sys.stdout.write(json.dumps(result, indent=1) + "\n")
    connections.close_all()
    _STACK.close()


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 and sys.argv[1].isdigit() else 10_000)
