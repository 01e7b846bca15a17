"""What a leader's larger pages take: `python -m bench.leader_pages [orders] [members]`, on SQLite.

The dashboard over a past of a hundred thousand orders, and over as many in its thirty days alone; the list of a hundred thousand members
and searches in it; the preview of refunds for a whole batch; a supplier's text read into a sale. Each beside a baseline of the same
process and run: reading the same number of rows from the database and nothing else, or walking over the text. Prints JSON, medians of 5: by the clock, and the process's own work.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from statistics import median
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT / "tests"), str(ROOT / "src")]
_FOLDER = tempfile.TemporaryDirectory(prefix="yantuan-pages-")
os.environ |= {
    "DJANGO_SETTINGS_MODULE": "yantuan.settings", "YANTUAN_DATA": _FOLDER.name, "YANTUAN_DATABASE_URL": "",
    "YANTUAN_SECRET_KEY": "bench-only-secret-that-is-long-enough-0123456789",
}  # fmt: skip

# Reads the settings named above.
import django  # noqa: E402

django.setup()

# Importable only when Django is set up.
from django.core.management import call_command  # noqa: E402
from django.db import connection  # noqa: E402
from django.db.models import Count  # noqa: E402

from bench.orders_seed import fill  # noqa: E402
from yantuan.batchrefunds import queries as batches  # noqa: E402
from yantuan.batchrefunds.schemas import SpecIn  # noqa: E402
from yantuan.dashboard.queries import dashboard  # noqa: E402
from yantuan.dashboard.rules import Length  # noqa: E402
from yantuan.groupbuys.models import GroupBuy, Offer  # noqa: E402
from yantuan.groupbuys.pasting import read_pasted  # noqa: E402
from yantuan.identity.models import Person  # noqa: E402
from yantuan.kernel.clock import now  # noqa: E402
from yantuan.kernel.ids import new_id  # noqa: E402
from yantuan.members import counting, queries  # noqa: E402
from yantuan.members.models import Member, MemberTag  # noqa: E402
from yantuan.orders.models import Order  # noqa: E402
from yantuan.orders.states import PAID_PAYMENTS  # noqa: E402
from yantuan.reports.checks import run_checks  # noqa: E402
from yantuan.stores.models import Store  # noqa: E402

ROUNDS = 5
FROM, FRUIT = (
    ["赣南", "烟台", "阳山", "丹东", "海南", "云南", "新疆", "陕西"],
    ["脐橙", "苹果", "水蜜桃", "草莓", "芒果", "蓝莓", "香梨"],
)
GOODS = [place + fruit for place in FROM for fruit in FRUIT]
PASTED = "\n".join(
    f"{n}. {name} 5斤装 {20 + n}.9元，10斤 {39 + n}元，限购3份" for n, name in enumerate(GOODS, 1)
)
PASTED += "\n周四晚8点截单，周五到小区\n" + "产地直发，坏果包赔，现摘现发。" * 40
"""Longer than any message a supplier sends: fifty-six goods with two specs each."""


def timed(work: Callable[[], object]) -> list[float]:
    """Median milliseconds by the clock, and of this process's own work (SQLite's included), which a busy machine disturbs
    less; after one run to warm up."""
    clock, own = [], []
    work()
    for _ in range(ROUNDS):
        began, busy = time.perf_counter(), time.process_time()
        work()
        clock.append((time.perf_counter() - began) * 1000)
        own.append((time.process_time() - busy) * 1000)
    return [round(median(clock), 1), round(median(own), 1)]


def members(store: Store, wanted: int) -> None:
    """As many members as wanted: those who bought are counted from their orders, the others have rows alone."""
    people = set(Order.objects.filter(store=store, paid_at__isnull=False).values_list("person_id", flat=True))
    counting.count(store.id, people)
    moment = now()
    more = [
        Person(id=new_id(), nickname=f"邻居{n}号", phone_last4=f"{n % 10_000:04d}", created_at=moment)
        for n in range(wanted - len(people))
    ]
    Person.objects.bulk_create(more, 2000)
    rows = [
        Member(
            id=new_id(), store_id=store.id, person=one, orders=n % 40 + 1, paid_fen=(n * 7919) % 900_000, first_at=moment,
            last_at=moment - timedelta(minutes=n), door=f"{n % 30 + 1}-{n % 3 + 1}-{n % 25 + 1}01",
        )
        for n, one in enumerate(more)
    ]  # fmt: skip
    Member.objects.bulk_create(rows, 2000)
    MemberTag.objects.bulk_create(
        [MemberTag(member=row, store_id=store.id, name=f"{n % 20}期") for n, row in enumerate(rows) if n % 3 == 0], 2000
    )  # fmt: skip


def member_pages(store: Store) -> dict[str, Any]:
    """First pages and searches; `bare_page` reads thirty-one rows by an index, `bare_walk` looks at every row, and nothing else."""

    def page(**how: Any) -> Callable[[], object]:
        given = {"q": "", "tag": "", "blocked": False, "sort": "last", "cursor": "", **how}
        return lambda: queries.member_rows(store, **given)

    deep = queries.member_rows(store, q="", tag="", blocked=False, sort="paid", cursor="")
    return {
        "bare_page": timed(
            lambda: list(Member.objects.filter(store_id=store.id).order_by("-last_at", "-id")[:31])
        ),
        "bare_walk": timed(lambda: Member.objects.filter(store_id=store.id, note__contains="没有").count()),
        "head": timed(lambda: queries.head(store)),
        "first_page_by_last_order": timed(page()),
        "first_page_by_paid": timed(page(sort="paid")),
        "second_page_by_paid": timed(page(sort="paid", cursor=deep.next or "")),
        "search_a_name": timed(page(q="邻居4711")),
        "search_a_phone_tail": timed(page(q="4711")),
        "search_a_door": timed(page(q="7-2-")),
        "search_nothing": timed(page(q="没有这个人")),
        "one_tag": timed(page(tag="7期")),
    }


def dashboards(store: Store) -> dict[str, Any]:
    """All three lengths; `bare_rows` reads time and sum of the orders of the longest and nothing else."""
    since = now() - timedelta(days=30)
    mine = Order.objects.filter(store=store, paid_at__gte=since)
    lengths: tuple[Length, ...] = ("today", "week", "month")
    found: dict[str, Any] = {"orders_of_the_month": mine.count()}
    found["bare_rows"] = timed(lambda: list(mine.values_list("paid_at", "paid_fen")))
    return found | {length: timed(lambda length=length: dashboard(store, length)) for length in lengths}


def crowd(store: Store) -> None:
    """Move every payment of the store into the last thirty days."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            UPDATE orders_order SET paid_at = strftime('%%Y-%%m-%%d %%H:%%M:%%S', 'now', '-' || (id %% 43000) || ' minutes')
            WHERE store_id = %s AND paid_at IS NOT NULL
            """,
            [store.id],
        )


def batch(store: Store) -> dict[str, Any]:
    """The preview for everybody of the largest sale; `bare_rows` reads these orders and lines and nothing else."""
    paid = Order.objects.filter(store=store, payment__in=PAID_PAYMENTS)
    largest = (
        paid.values("group_buy_id")
        .annotate(n=Count("id"))
        .order_by("-n")
        .values_list("group_buy_id", flat=True)
    )
    sale = GroupBuy.objects.get(id=largest[0])
    offers = list(Offer.objects.filter(group_buy=sale).values_list("id", flat=True))
    spec = SpecIn(offer_ids=[str(i) for i in offers], percent=30)
    orders = paid.filter(group_buy=sale)
    return {
        "orders": orders.count(),
        "bare_rows": timed(lambda: list(orders.prefetch_related("lines"))),
        "preview": timed(lambda: batches.preview_out(batches.plan(sale, spec))),
    }


def main(orders: int, wanted: int) -> None:
    call_command("migrate", verbosity=0, interactive=False)
    store = Store.objects.get(id=int(fill(orders).store_id))
    past = dashboards(store)
    members(store, wanted)
    check = run_checks(["ME1"]).took_ms["ME1"]
    crowd(store)
    result = {
        "orders": orders, "members": Member.objects.filter(store_id=store.id).count(), "load": os.getloadavg()[0], "milliseconds": {
            "dashboard_of_half_a_year": past, "dashboard_with_all_in_its_month": dashboards(store),
            "members": member_pages(store), "check_members": check, "batch_refund": batch(store),
            "pasted_sale": {"characters": len(PASTED), "walk": timed(lambda: sum(c == "元" for c in PASTED)),
                            "read": timed(lambda: read_pasted(store, PASTED)), "goods": len(read_pasted(store, PASTED).goods)},
        },
    }  # fmt: skip
    sys.stdout.write(json.dumps(result, indent=1) + "\n")


if __name__ == "__main__":
    given = [int(one) for one in sys.argv[1:]]
    main(*(given + [100_000, 100_000][len(given) :]))
