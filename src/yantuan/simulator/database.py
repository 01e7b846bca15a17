"""The simulator's own SQLite file."""

import json
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from yantuan.simulator import content_tables, courier_tables, links_tables, partner_tables, shipping_tables
from yantuan.simulator.files import OWNER_ONLY

Row = sqlite3.Row
SCHEMA_VERSION = 1

SCHEMA = """
CREATE TABLE IF NOT EXISTS kv (name TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS people (
  name TEXT PRIMARY KEY, phone TEXT NOT NULL DEFAULT '', created_at REAL NOT NULL);
CREATE TABLE IF NOT EXISTS openids (
  openid TEXT PRIMARY KEY, appid TEXT NOT NULL, person TEXT NOT NULL REFERENCES people(name));
CREATE TABLE IF NOT EXISTS orders (
  out_trade_no TEXT PRIMARY KEY, trade_type TEXT NOT NULL, request TEXT NOT NULL, appid TEXT NOT NULL,
  description TEXT NOT NULL, attach TEXT NOT NULL, notify_url TEXT NOT NULL,
  total INTEGER NOT NULL CHECK (total >= 1), openid TEXT, created_at REAL NOT NULL, expires_at REAL NOT NULL,
  state TEXT NOT NULL CHECK (state IN ('NOTPAY', 'SUCCESS', 'REFUND', 'CLOSED')),
  transaction_id TEXT UNIQUE, paid_at REAL, payer_openid TEXT, payer TEXT);
CREATE TABLE IF NOT EXISTS prepays (
  prepay_id TEXT PRIMARY KEY, pr TEXT NOT NULL UNIQUE,
  out_trade_no TEXT NOT NULL REFERENCES orders(out_trade_no), created_at REAL NOT NULL);
CREATE TABLE IF NOT EXISTS refunds (
  out_refund_no TEXT PRIMARY KEY, refund_id TEXT NOT NULL UNIQUE,
  out_trade_no TEXT NOT NULL REFERENCES orders(out_trade_no), request TEXT NOT NULL,
  amount INTEGER NOT NULL CHECK (amount >= 1), notify_url TEXT NOT NULL, created_at REAL NOT NULL,
  due_at REAL NOT NULL, outcome TEXT NOT NULL, finished_at REAL,
  status TEXT NOT NULL CHECK (status IN ('PROCESSING', 'SUCCESS', 'CLOSED', 'ABNORMAL')));
CREATE INDEX IF NOT EXISTS refunds_by_order ON refunds (out_trade_no);
CREATE INDEX IF NOT EXISTS refunds_due ON refunds (due_at) WHERE status = 'PROCESSING';
CREATE TABLE IF NOT EXISTS movements (
  id INTEGER PRIMARY KEY, at REAL NOT NULL, kind TEXT NOT NULL CHECK (kind IN ('pay', 'refund')),
  out_trade_no TEXT NOT NULL, out_refund_no TEXT, from_account TEXT NOT NULL, to_account TEXT NOT NULL,
  amount INTEGER NOT NULL CHECK (amount >= 1), UNIQUE (kind, out_trade_no, out_refund_no));
CREATE UNIQUE INDEX IF NOT EXISTS one_payment_per_order ON movements (out_trade_no) WHERE kind = 'pay';
CREATE TABLE IF NOT EXISTS notices (
  id TEXT PRIMARY KEY, event_type TEXT NOT NULL, original_type TEXT NOT NULL, summary TEXT NOT NULL,
  out_trade_no TEXT NOT NULL, out_refund_no TEXT, url TEXT NOT NULL, resource TEXT NOT NULL,
  flaws TEXT NOT NULL, created_at REAL NOT NULL, attempts INTEGER NOT NULL DEFAULT 0, next_at REAL,
  state TEXT NOT NULL CHECK (state IN ('waiting', 'held', 'accepted', 'given_up', 'suppressed')));
CREATE INDEX IF NOT EXISTS notices_due ON notices (next_at) WHERE state = 'waiting';
CREATE TABLE IF NOT EXISTS deliveries (
  id INTEGER PRIMARY KEY, notice_id TEXT NOT NULL REFERENCES notices(id), at REAL NOT NULL,
  status INTEGER, milliseconds INTEGER NOT NULL, answer TEXT NOT NULL);
CREATE INDEX IF NOT EXISTS deliveries_by_notice ON deliveries (notice_id);
CREATE TABLE IF NOT EXISTS inbox (
  id INTEGER PRIMARY KEY, at REAL NOT NULL, channel TEXT NOT NULL, recipient TEXT NOT NULL,
  title TEXT NOT NULL, body TEXT NOT NULL, code TEXT NOT NULL DEFAULT '', details TEXT NOT NULL);
CREATE INDEX IF NOT EXISTS inbox_by_recipient ON inbox (channel, recipient, at);
CREATE TABLE IF NOT EXISTS tokens (
  token TEXT PRIMARY KEY, kind TEXT NOT NULL, appid TEXT NOT NULL, openid TEXT NOT NULL DEFAULT '',
  scope TEXT NOT NULL DEFAULT '', created_at REAL NOT NULL, expires_at REAL NOT NULL);
CREATE TABLE IF NOT EXISTS codes (
  code TEXT PRIMARY KEY, kind TEXT NOT NULL, appid TEXT NOT NULL, person TEXT NOT NULL,
  scope TEXT NOT NULL DEFAULT '', snapshot INTEGER NOT NULL DEFAULT 0, phone TEXT NOT NULL DEFAULT '',
  expires_at REAL NOT NULL, used INTEGER NOT NULL DEFAULT 0);
CREATE TABLE IF NOT EXISTS consents (
  openid TEXT NOT NULL, template_id TEXT NOT NULL, count INTEGER NOT NULL CHECK (count >= 0),
  PRIMARY KEY (openid, template_id));
CREATE TABLE IF NOT EXISTS seen_nonces (nonce TEXT PRIMARY KEY, at REAL NOT NULL);
"""

# People keep their identities through a reset: the product still knows their openids.
FORGOTTEN_ON_RESET = (
    "deliveries", "notices", "movements", "refunds", "prepays", "orders", "inbox",
    "tokens", "codes", "consents", "seen_nonces",
)  # fmt: skip


class Database:
    """One connection, used from one event loop; the lock makes it safe for a test's thread as well."""

    def __init__(self, path: Path) -> None:
        path.touch(mode=OWNER_ONLY)
        self._connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        self._connection.row_factory = sqlite3.Row
        self._lock = threading.RLock()
        self._connection.execute("PRAGMA journal_mode = WAL")
        self._connection.execute("PRAGMA synchronous = NORMAL")
        self._connection.execute("PRAGMA busy_timeout = 5000")
        self._connection.execute("PRAGMA foreign_keys = ON")
        self._connection.executescript(SCHEMA)
        self._connection.executescript(partner_tables.SCHEMA)
        self._connection.executescript(shipping_tables.SCHEMA)
        self._connection.executescript(courier_tables.SCHEMA)
        self._connection.executescript(links_tables.SCHEMA)
        self._connection.executescript(content_tables.SCHEMA)
        self._grow()
        self._connection.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")

    def _grow(self) -> None:
        for table, columns in partner_tables.ADDED_COLUMNS.items():
            known = {row["name"] for row in self.rows(f"PRAGMA table_info({table})")}
            for name, kind in columns.items():
                if name not in known:
                    self.run(f"ALTER TABLE {table} ADD COLUMN {name} {kind}")

    def close(self) -> None:
        self._connection.close()

    def run(self, sql: str, *values: Any) -> sqlite3.Cursor:
        with self._lock:
            return self._connection.execute(sql, values)

    def rows(self, sql: str, *values: Any) -> list[Row]:
        with self._lock:
            return self._connection.execute(sql, values).fetchall()

    def row(self, sql: str, *values: Any) -> Row | None:
        with self._lock:
            found: Row | None = self._connection.execute(sql, values).fetchone()
            return found

    def number(self, sql: str, *values: Any) -> int:
        """The first column of the first row as an integer; 0 when there is none."""
        found = self.row(sql, *values)
        return int(found[0] or 0) if found is not None else 0

    def insert(self, table: str, **columns: Any) -> int:
        names = ", ".join(columns)
        marks = ", ".join("?" * len(columns))
        cursor = self.run(f"INSERT INTO {table} ({names}) VALUES ({marks})", *columns.values())
        return cursor.lastrowid or 0

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All or nothing; may be nested, the outermost one commits. Never await inside."""
        with self._lock:
            if self._connection.in_transaction:
                yield
                return
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                yield
            except BaseException:
                self._connection.execute("ROLLBACK")
                raise
            self._connection.execute("COMMIT")

    def recall(self, name: str, default: Any) -> Any:
        found = self.row("SELECT value FROM kv WHERE name = ?", name)
        return default if found is None else json.loads(found["value"])

    def remember(self, name: str, value: Any) -> None:
        self.run(
            "INSERT INTO kv (name, value) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value",
            name,
            json.dumps(value, ensure_ascii=False),
        )

    def next_number(self, name: str) -> int:
        """A counter that never goes back, not even at a reset: numbers of WeChat Pay are unique for ever."""
        with self.transaction():
            number = int(self.recall(f"counter:{name}", 0)) + 1
            self.remember(f"counter:{name}", number)
            return number

    def forget_all(self) -> None:
        with self.transaction():
            for table in (
                *shipping_tables.FORGOTTEN_ON_RESET,
                *partner_tables.FORGOTTEN_ON_RESET,
                *courier_tables.FORGOTTEN_ON_RESET,
                *links_tables.FORGOTTEN_ON_RESET,
                *content_tables.FORGOTTEN_ON_RESET,
                *FORGOTTEN_ON_RESET,
            ):
                self.run(f"DELETE FROM {table}")
