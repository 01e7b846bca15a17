"""How long a sheet of 5,000 tracking numbers takes: `python -m bench.shipping_import [rows] [sqlite|postgres]`.

Two baselines in the same process and run, so that figures of different machines can be compared: reading the same file with openpyxl and
nothing else, and inserting the rows a booking leaves behind in portions of the same size and nothing else. Prints JSON, medians of 3.
"""

from __future__ import annotations

import io
import json
import os
import resource
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from statistics import median
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT / "tests"), str(ROOT / "src")]
from pgserver import postgres  # noqa: E402

_STACK = ExitStack()
_FOLDER = _STACK.enter_context(tempfile.TemporaryDirectory(prefix="yantuan-import-"))
os.environ |= {
    "DJANGO_SETTINGS_MODULE": "yantuan.settings", "YANTUAN_DATA": _FOLDER, "YANTUAN_RATE_LIMIT_TIMES": "1000",
    "YANTUAN_DATABASE_URL": _STACK.enter_context(postgres()) if "postgres" in sys.argv else "",
    "YANTUAN_SECRET_KEY": "bench-only-secret-that-is-long-enough-0123456789",
}  # fmt: skip

import django  # noqa: E402

django.setup()

# Importable only when Django is set up.
import openpyxl  # noqa: E402
from django.core.management import call_command  # noqa: E402
from django.db import connections, transaction  # noqa: E402
from django.db.models import F  # noqa: E402

from orders.orderworld import World, make_world  # noqa: E402
from yantuan.fulfilment.imports import actions, booking  # noqa: E402
from yantuan.fulfilment.models import ShipImport, ShipImportRow, Shipment, ShipmentLine  # noqa: E402
from yantuan.identity.models import Address, Person  # noqa: E402
from yantuan.identity.phones import seal_phone  # noqa: E402
from yantuan.kernel.clock import now  # noqa: E402
from yantuan.kernel.ids import new_id  # noqa: E402
from yantuan.kernel.models import OutboxEvent  # noqa: E402
from yantuan.kernel.sheets.writing import book  # noqa: E402
from yantuan.orders.drafts import Placed  # noqa: E402
from yantuan.orders.models import Order, OrderEvent  # noqa: E402
from yantuan.orders.placing import place_orders  # noqa: E402

ROUNDS, BATCH = 3, 128
HEAD = ("订单号", "快递公司", "运单号", "收件人", "收件人手机", "收件地址", "物品", "备注")


def filled(orders: int) -> World:
    """Paid orders of so many different people, each of two goods."""
    world = make_world(offers=2, stock_units=orders * 4)
    for begin in range(0, orders, BATCH):
        pairs = _buyers(begin, min(BATCH, orders - begin))
        lines = tuple((offer, 1) for offer in world.offers)
        drafts = [world.draft(pair, lines=lines, payment_method="offline") for pair in pairs]
        assert all(isinstance(outcome, Placed) for outcome in place_orders(drafts))
    Order.objects.update(payment="paid", paid_fen=F("total_fen"), paid_at=now())
    return world


def _buyers(first: int, count: int) -> list[tuple[Person, Address]]:
    people = Person.objects.bulk_create([Person(id=new_id(), nickname=f"邻居{first + n}", created_at=now()) for n in range(count)])  # fmt: skip
    rows = [
        Address(
            id=new_id(), person=person, name=person.nickname, phone_sealed=seal_phone(f"139{first + n:08d}"),
            phone_last4=f"{first + n:08d}"[-4:], province="浙江省", city="杭州市", district="西湖区", detail=f"文三路 {first + n} 号", created_at=now(),
        )
        for n, person in enumerate(people)
    ]  # fmt: skip
    return list(zip(people, Address.objects.bulk_create(rows), strict=True))


def sheet(ids: list[int], first: int) -> bytes:
    """The sheet a courier's tool would make of these orders."""
    out = io.BytesIO()
    with book(out) as made:
        table = made.sheet("发货", [(name, 12) for name in HEAD])
        for n, order_id in enumerate(ids, first):
            table.row([str(order_id), "圆通速递", f"YT{n:013d}", f"邻居{n}", f"139{n:08d}", f"浙江省杭州市西湖区文三路 {n} 号", "红富士苹果 5斤 ×1", "放门口"])  # fmt: skip
    return out.getvalue()


def timed(taken: dict[str, float], name: str, work: Callable[[], Any]) -> None:
    """Seconds by the clock, seconds of this process's own work, and MiB by which its peak has grown."""
    peak, began, cpu = peak_mib(), time.perf_counter(), time.process_time()
    work()
    taken[name] = time.perf_counter() - began
    taken[f"{name}_cpu"] = time.process_time() - cpu
    taken[f"{name}_grown_mib"] = peak_mib() - peak


def bare_read(data: bytes) -> int:
    """openpyxl alone, reading only."""
    made = openpyxl.load_workbook(io.BytesIO(data), read_only=True, data_only=True)
    return sum(1 for _ in made.active.iter_rows(values_only=True))


KINDS = (Shipment, ShipmentLine, OrderEvent, OutboxEvent)


def left_behind() -> list[list[Any]]:
    """The rows one booking wrote, taken out again."""
    first = Shipment.objects.earliest("id").created_at
    kept: list[list[Any]] = [
        list(Shipment.objects.order_by("id")), list(ShipmentLine.objects.order_by("id")),
        list(OrderEvent.objects.filter(at__gte=first).order_by("id")), list(OutboxEvent.objects.filter(topic="order.shipped").order_by("id")),
    ]  # fmt: skip
    ShipmentLine.objects.all().delete()
    OutboxEvent.objects.filter(topic="order.shipped").delete()
    Shipment.objects.all().delete()
    for event in kept[2]:
        event.id = new_id()
    return kept


def insert(kept: list[list[Any]]) -> None:
    """These rows in portions as a booking writes them, and nothing else."""
    count = len(kept[0])
    for start in range(0, count, booking.PORTION):
        with transaction.atomic():
            for kind, rows in zip(KINDS, kept, strict=True):
                each = len(rows) // count
                kind.objects.bulk_create(rows[start * each : (start + booking.PORTION) * each])  # type: ignore[attr-defined]


def one_round(world: World, ids: list[int], first: int) -> dict[str, float]:
    """Upload, judge, confirm, book; every row must be booked."""
    data = sheet(ids, first)
    taken: dict[str, float] = {}
    boss, store = world.leader_person, world.store
    batch, _ = actions.receive(boss, store, "a.xlsx", [data], carrier="", fresh=False)
    timed(taken, "preview", lambda: actions.read(batch.id))
    before = ShipImport.objects.get(id=batch.id)
    assert (before.state, ShipImportRow.objects.filter(batch=batch, severity="ok").count()) == (
        "preview",
        len(ids),
    ), before.error
    actions.confirm(boss, batch.id, [])
    timed(taken, "booked", lambda: booking.book(batch.id))
    assert ShipImport.objects.get(id=batch.id).state == "booked"
    assert (
        ShipImportRow.objects.filter(batch=batch, result="booked").count()
        == len(ids)
        == Shipment.objects.count()
    )
    timed(taken, "openpyxl_alone", lambda: bare_read(data))
    kept = left_behind()
    timed(taken, "bare_inserts", lambda: insert(kept))
    ShipmentLine.objects.all().delete()
    OutboxEvent.objects.all().delete()
    Shipment.objects.all().delete()
    return taken


def peak_mib() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def _times(middle: dict[str, float], what: str, base: str) -> dict[str, float]:
    """By the clock, and by this process's own work, which a busy machine disturbs less."""
    return {
        "clock": round(middle[what] / middle[base], 2),
        "cpu": round(middle[f"{what}_cpu"] / middle[f"{base}_cpu"], 2),
    }


def main(rows: int) -> None:
    call_command("migrate", verbosity=0, interactive=False)
    world = filled(rows * ROUNDS)
    ids = list(Order.objects.order_by("id").values_list("id", flat=True))
    one_round(world, ids[:50], 0)
    Order.objects.filter(id__in=ids[:50]).update(delivery="none", version=0)
    # What a first round leaves shipped is shipped for good: each has orders of its own.
    rounds = [
        one_round(world, ids[n * rows + 50 * (n == 0) : (n + 1) * rows], n * rows + 50 * (n == 0))
        for n in range(ROUNDS)
    ]
    middle = {name: round(median(one[name] for one in rounds), 3) for name in rounds[0] if "_mib" not in name}
    grown = {name: round(rounds[0][f"{name}_grown_mib"], 1) for name in ("preview", "booked")}
    result = {
        "database": "postgres" if os.environ["YANTUAN_DATABASE_URL"] else "sqlite", "rows": rows, "seconds": middle,
        "preview_per_openpyxl": _times(middle, "preview", "openpyxl_alone"), "booked_per_bare_inserts": _times(middle, "booked", "bare_inserts"), "grown_mib": grown, "load": os.getloadavg()[0],
    }  # fmt: skip
    sys.stdout.write(json.dumps(result, indent=1) + "\n")
    connections.close_all()
    _STACK.close()


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 and sys.argv[1].isdigit() else 5_000)
