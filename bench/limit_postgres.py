"""What PostgreSQL itself gives: the rows one order of the product writes, one order per transaction, by pgbench in C."""

from __future__ import annotations

import os
import re
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from bench import world
from bench.recording import BUYER, KEY, OFFER, Recording, Written
from bench.stage import Copy
from pgserver import binaries

CLIENTS = (4, 64)
_PLANS = "-c enable_seqscan=off -c random_page_cost=1.1 -c jit=off"
"""As the product books: plans of foreign keys made on empty tables would walk through them as they fill."""
_ROW_IDS = 64
"""Ids set aside per order; they grow with time, as the product's do."""

UPDATED = {
    "catalog_stockpool": "UPDATE catalog_stockpool SET available = available - 1, held = held + 1"
    " WHERE id = :pool AND available >= 1;",
    "groupbuys_groupcounter": "UPDATE groupbuys_groupcounter SET last_number = last_number + 1, orders = orders + 1"
    r" WHERE group_buy_id = :sale RETURNING last_number AS number \gset",
    "orders_limituse": "INSERT INTO orders_limituse (offer_id, person_id, quantity) VALUES (:offer, :person, 1)"
    " ON CONFLICT (offer_id, person_id) DO UPDATE SET quantity = orders_limituse.quantity + 1;",
}
"""Rows that are changed, not added: written here by hand. A test compares them with what an order really changes."""

_BEGIN = r"""\set seq :seq + 1
\set base 4000000000000000000 + :seq * 65536 + :client_id * {row_ids}
\set buyer random(0, {buyers} - 1)
\set person {person_0} + :buyer
\set address {address_0} + :buyer
\set index {index}
\set sale {sale}
\set store {store}
\set offer {offer_0} + :index
\set product {product_0} + :index
\set pool {pool_0} + :index
SELECT s.person_id, s.seen_at FROM identity_session s JOIN identity_person p ON p.id = s.person_id WHERE s.token_hash = encode(sha256(convert_to('bench-buyer-' || :buyer, 'UTF8')), 'hex') AND s.revoked_at IS NULL AND s.expires_at > now() AND p.disabled_at IS NULL;
BEGIN;
SELECT id, available FROM catalog_stockpool WHERE id IN (SELECT pool_id FROM groupbuys_offer WHERE id = :offer) ORDER BY id FOR NO KEY UPDATE;
SELECT g.id, g.store_id, g.kind, g.state, g.starts_at, g.ends_at, g.courier_enabled, g.pickup_enabled, g.pickup_point_ids, g.questions, s.courier_enabled, s.pickup_enabled, s.freight_kind, s.freight_fen, s.free_above_fen, s.wechatpay_enabled, s.offline_enabled, s.suspended_at, l.certification, l.suspended_at, o.id, o.product_id, o.pool_id, o.price_fen, o.limit_per_person, o.removed_at, p.title, k.name, k.code, p.picture_media_ids FROM groupbuys_groupbuy g JOIN stores_store s ON s.id = g.store_id JOIN leaders_leader l ON l.id = s.leader_id LEFT JOIN groupbuys_offer o ON o.group_buy_id = g.id AND o.id = :offer LEFT JOIN catalog_sku k ON k.id = o.sku_id LEFT JOIN catalog_product p ON p.id = o.product_id WHERE g.id = :sale;
SELECT j.id, j.number, e.id, e.body_hash, (SELECT count(*) FROM orders_order u WHERE u.participation_id = j.id AND u.payment IN ('unpaid', 'awaiting_confirmation')), (SELECT count(*) FROM orders_order r WHERE r.person_id = :person AND r.placed_at > now() - interval '1 minute') FROM (SELECT :person::bigint AS person_id) d LEFT JOIN orders_participation j ON j.group_buy_id = :sale AND j.person_id = d.person_id LEFT JOIN orders_order e ON e.store_id = :store AND e.person_id = d.person_id AND e.idempotency_key = :base::text;
SELECT id, person_id, name, phone_sealed, phone_last4, province, city, district, detail, building, unit, room FROM identity_address WHERE id = :address;
SELECT offer_id, person_id, quantity FROM orders_limituse WHERE offer_id = :offer AND person_id = :person;
"""


class Script:
    """Turns a recorded order into a pgbench script."""

    def __init__(self, recording: Recording, *, hot: bool) -> None:
        self._recording = recording
        self._hot = hot
        place = world.place_of(OFFER)
        self._names: dict[Any, str] = {
            place.offer_id: ":offer", place.product_id: ":product", place.pool_id: ":pool", place.sale_id: ":sale",
            place.store_id: ":store", world.BUYER_0 + BUYER: ":person", KEY: ":base::text",
        }  # fmt: skip
        for number, row in enumerate(self._added()):
            self._names[row.columns["id"]] = f":base::bigint + {number}"
        (joined,) = recording.of("orders_participation")
        self._names[joined.columns["id"]] = ":joined"

    def _added(self) -> list[Written]:
        return [row for row in self._recording.rows if row.table not in UPDATED]

    def text(self) -> str:
        """The whole script: one order in one transaction."""
        fixed = world.place_of(OFFER)
        hot = self._hot
        head = _BEGIN.format(
            row_ids=_ROW_IDS, buyers=world.BUYERS, person_0=world.BUYER_0, address_0=world.ADDRESS_0,
            index=OFFER if hot else f"random(0, {world.OFFERS - 1})",
            sale=fixed.sale_id if hot else f"{world.SALE_0} + :index / {world.OFFERS_PER_SALE}",
            store=fixed.store_id
            if hot
            else f"{world.STORE_0} + :index / {world.OFFERS_PER_SALE * world.SALES_PER_STORE}",
            offer_0=world.OFFER_0, product_0=world.PRODUCT_0, pool_0=world.POOL_0,
        )  # fmt: skip
        written = [UPDATED[t] for t in ("catalog_stockpool", "groupbuys_groupcounter")]
        written += [self._insert(row) for row in self._added()]
        return "\n".join([head + written[0], *written[1:], UPDATED["orders_limituse"], "COMMIT;", ""])

    def tables(self) -> set[str]:
        """What the script writes to."""
        return set(UPDATED) | {row.table for row in self._added()}

    def _insert(self, row: Written) -> str:
        columns = ", ".join(f'"{name}"' for name in row.columns)
        values = ", ".join(self._value(name, value) for name, value in row.columns.items())
        statement = f'INSERT INTO "{row.table}" ({columns}) VALUES ({values})'
        if row.table != "orders_participation":
            return statement + ";"
        return (
            statement.replace(":joined", ":base::bigint + 60")
            + " ON CONFLICT (group_buy_id, person_id) DO UPDATE SET anonymous = false RETURNING id AS joined \\gset"
        )

    def _value(self, column: str, value: Any) -> str:
        if column == "number":
            return ":number"
        if not isinstance(value, bool) and value in self._names:
            return self._names[value]
        if value is None or isinstance(value, bool | int):
            return "NULL" if value is None else str(value).lower()
        # pgbench takes every `:word` for a variable, inside texts as well.
        plain = str(value).replace("\\", "\\\\").replace("'", "''").replace(":", "\\x3a")
        return f"E'{plain}'"


def database_limit(
    copy: Copy, recording: Recording, *, hot: bool, clients: int, seconds: float, orders: int = 0
) -> dict[str, Any]:
    """Orders per second and latency, one order per transaction, prepared, durable; with `orders` that many per client.

    Raises RuntimeError when any statement failed.
    """
    length = ["-t", str(orders)] if orders else ["-T", str(max(1, round(seconds)))]
    parts = urlsplit(copy.url)
    address = ["-h", str(parts.hostname), "-p", str(parts.port), "-U", str(parts.username)]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "order.sql"
        path.write_text(Script(recording, hot=hot).text())
        seq = int(time.time() * 1000) - 1_700_000_000_000
        done = subprocess.run(
            [binaries() / "pgbench", *address, "-n", "-f", path, "-c", str(clients), "-j", "2", "-M", "prepared",
             *length, "-D", f"seq={seq}", "-l", "--log-prefix", f"{folder}/log",
             parts.path.lstrip("/")],
            check=False, capture_output=True, text=True, env={**os.environ, "PGOPTIONS": _PLANS},
        )  # fmt: skip
        waits = sorted(
            int(line.split()[2]) / 1000
            for log in Path(folder).glob("log*")
            for line in log.read_text().splitlines()
        )
    rate = re.search(r"tps = ([0-9.]+)", done.stdout)
    failed = re.search(r"number of failed transactions: ([1-9]\d*)", done.stdout)
    if done.returncode or rate is None or failed or not waits or "ERROR" in done.stderr:
        raise RuntimeError(f"pgbench: {done.stdout[-500:]} {done.stderr[-1500:]}")
    return {
        "per_second": round(float(rate[1]), 1),
        "p50_ms": round(waits[len(waits) // 2], 2),
        "p99_ms": round(waits[int(len(waits) * 0.99)], 2),
    }


def limit_round(copy: Copy, recording: Recording, seconds: float) -> dict[str, Any]:
    """All client counts, spread and hot."""
    return {
        f"{kind}_{clients}": database_limit(
            copy, recording, hot=kind == "hot", clients=clients, seconds=seconds
        )
        for clients in CLIENTS
        for kind in ("hot", "spread")
    }
