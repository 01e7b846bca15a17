"""What the database itself gives: the same statements per order, one order per transaction, by pgbench in C."""

from __future__ import annotations

import re
import subprocess
import tempfile
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from pgserver import binaries

SCRIPT = r"""
\set n random(1, {buyers})
\set order_id random(1, 9000000000000000000)
\set line_id random(1, 9000000000000000000)
\set event_id random(1, 9000000000000000000)
\set move_id random(1, 9000000000000000000)
\set join_id random(1, 9000000000000000000)
SELECT b.person_id, b.address_id FROM bench_buyer b WHERE b.n = :n \gset
SELECT s.person_id FROM identity_session s JOIN identity_person p ON p.id = s.person_id WHERE s.token_hash = (SELECT token_hash FROM bench_buyer WHERE n = :n) AND s.revoked_at IS NULL;
BEGIN;
SELECT id, available AS left FROM catalog_stockpool WHERE id = {pool} FOR NO KEY UPDATE \gset
SELECT g.id, g.state, g.ends_at, s.freight_fen, l.certification, o.price_fen, p.title, k.name FROM groupbuys_groupbuy g JOIN stores_store s ON s.id = g.store_id JOIN leaders_leader l ON l.id = s.leader_id JOIN groupbuys_offer o ON o.group_buy_id = g.id JOIN catalog_sku k ON k.id = o.sku_id JOIN catalog_product p ON p.id = o.product_id WHERE g.id = {group} AND o.id = {offer};
SELECT id, number FROM orders_participation WHERE group_buy_id = {group} AND person_id = :person_id;
SELECT id, body_hash FROM orders_order WHERE store_id = {store} AND person_id = :person_id AND idempotency_key = :order_id::text;
SELECT * FROM identity_address WHERE id = :address_id;
UPDATE catalog_stockpool SET available = available - 1, held = held + 1 WHERE id = {pool} AND available >= 1;
UPDATE groupbuys_groupcounter SET last_number = last_number + 1, orders = orders + 1 WHERE group_buy_id = {group} RETURNING last_number AS number \gset
INSERT INTO orders_participation (id, store_id, group_buy_id, person_id, number, anonymous, created_at) VALUES (:join_id, {store}, {group}, :person_id, :number, false, now()) ON CONFLICT (group_buy_id, person_id) DO UPDATE SET anonymous = false RETURNING id AS joined \gset
INSERT INTO orders_order (id, store_id, group_buy_id, person_id, participation_id, number, payment, delivery, aftersale, payment_method, delivery_method, pickup_snapshot, pickup_code, recipient_name, phone_sealed, phone_last4, province, city, district, detail, building, unit, room, goods_fen, freight_fen, discount_fen, total_fen, paid_fen, refunded_fen, remark, answers, private_note, anonymous, goods_text, idempotency_key, body_hash, flags, version, placed_at, expires_at, close_reason) VALUES (:order_id, {store}, {group}, :person_id, :joined, :number, 'unpaid', 'none', 'none', 'offline', 'courier', '{{}}', '', '王小雁', 'sealed-phone-sealed-phone-sealed-phone-sealed', '1234', '浙江省', '杭州市', '西湖区', '文三路 1 号', '3', '2', '501', 3990, 0, 0, 3990, 0, 0, '', '[]', '', false, '红富士苹果 5斤×1', :order_id::text, repeat('a', 64), '[]', 0, now(), now() + interval '1 day', '');
INSERT INTO orders_orderline (id, order_id, store_id, offer_id, pool_id, product_id, position, title, sku_name, sku_code, price_fen, quantity, amount_fen, discount_share_fen, freight_share_fen, shipped_quantity, picked_quantity, refunded_quantity, refunded_goods_fen, refunded_freight_fen, snapshot_hash) VALUES (:line_id, :order_id, {store}, {offer}, {pool}, {product}, 0, '红富士苹果', '5斤', '', 3990, 1, 3990, 0, 0, 0, 0, 0, 0, 0, repeat('b', 64));
INSERT INTO orders_orderevent (id, order_id, store_id, at, actor_kind, actor_id, axis, event, before, after, data) VALUES (:event_id, :order_id, {store}, now(), 'buyer', :person_id, 'note', 'placed', '', '', '{{"amount_fen":3990}}');
INSERT INTO catalog_stockmovement (id, store_id, pool_id, kind, quantity, order_line_id, cause_id, actor_kind, actor_id, created_at) VALUES (:move_id, {store}, {pool}, 'hold', 1, :line_id, 0, 'buyer', :person_id, now());
INSERT INTO orders_limituse (offer_id, person_id, quantity) VALUES ({offer}, :person_id, 1) ON CONFLICT (offer_id, person_id) DO UPDATE SET quantity = orders_limituse.quantity + 1;
{outbox}
COMMIT;
"""

_OUTBOX = r"""\set outbox_{i} random(1, 9000000000000000000)
INSERT INTO kernel_outboxevent (id, topic, payload, store_id, state, attempts, available_at, last_error, created_at) VALUES (:outbox_{i}, 'order.placed', '{{"order_id":1}}', {store}, 'pending', 0, now(), '', now());"""

_PREPARE = """
CREATE TABLE bench_buyer AS
SELECT (row_number() OVER ())::int AS n, a.person_id, a.id AS address_id, s.token_hash
FROM identity_address a JOIN identity_session s ON s.person_id = a.person_id;
CREATE UNIQUE INDEX ON bench_buyer (n); ANALYZE;
"""


def database_limit(
    url: str, seed: dict[str, Any], *, clients: int, seconds: int, handlers: int
) -> dict[str, Any]:
    """Orders per second and latency of one hot offer; `handlers` is how many outbox rows one order writes."""
    home, parts = binaries(), urlsplit(url)
    address = ["-h", str(parts.hostname), "-p", str(parts.port), "-U", str(parts.username)]
    name = parts.path.lstrip("/")
    subprocess.run([home / "psql", *address, "-q", "-c", _PREPARE, name], check=True, capture_output=True)
    outbox = "\n".join(_OUTBOX.format(i=i, store=seed["store_id"]) for i in range(handlers))
    script = SCRIPT.format(
        buyers=len(seed["buyers"]), pool=seed["pool_id"], group=seed["group_buy_id"], offer=seed["offer_id"],
        store=seed["store_id"], product=seed["product_id"], outbox=outbox,
    )  # fmt: skip
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "order.sql"
        path.write_text(script)
        logs = Path(folder) / "log"
        done = subprocess.run(
            [home / "pgbench", *address, "-n", "-f", path, "-c", str(clients), "-j", "2", "-T", str(seconds),
             "-M", "prepared", "-l", "--log-prefix", str(logs), name],
            check=True, capture_output=True, text=True,
        )  # fmt: skip
        waits = sorted(
            int(line.split()[2]) / 1000
            for log in Path(folder).glob("log*")
            for line in log.read_text().splitlines()
        )
    rate = re.search(r"tps = ([0-9.]+)", done.stdout)
    return {
        "per_second": round(float(rate[1]), 1) if rate else 0,
        "p50_ms": round(waits[len(waits) // 2], 2),
        "p99_ms": round(waits[int(len(waits) * 0.99)], 2),
        "clients": clients,
    }
