"""Tables and columns of partner mode, profit sharing and onboarding."""

# Columns that came after the first release of these tables; a folder of an older simulator gets them on opening.
ADDED_COLUMNS = {
    "orders": {
        "mchid": "TEXT NOT NULL DEFAULT ''",
        "sub_mchid": "TEXT NOT NULL DEFAULT ''",
        "sub_appid": "TEXT NOT NULL DEFAULT ''",
        "pay_appid": "TEXT NOT NULL DEFAULT ''",
        "sharing": "INTEGER NOT NULL DEFAULT 0",
        "sharing_over": "INTEGER NOT NULL DEFAULT 0",
    },
    "share_orders": {"product": "TEXT NOT NULL DEFAULT 'partner'"},
    "share_returns": {"due_at": "REAL NOT NULL DEFAULT 0"},
    "notices": {"mchid": "TEXT NOT NULL DEFAULT ''"},
}

SCHEMA = """
CREATE TABLE IF NOT EXISTS sub_merchants (
  sub_mchid TEXT PRIMARY KEY, sp_mchid TEXT NOT NULL, name TEXT NOT NULL, short_name TEXT NOT NULL,
  sub_appid TEXT NOT NULL DEFAULT '', refund_allowed INTEGER NOT NULL DEFAULT 1,
  sharing_allowed INTEGER NOT NULL DEFAULT 1, active INTEGER NOT NULL DEFAULT 1,
  returns_allowed INTEGER NOT NULL DEFAULT 1,
  max_ratio INTEGER NOT NULL CHECK (max_ratio BETWEEN 0 AND 10000), created_at REAL NOT NULL);
CREATE TABLE IF NOT EXISTS share_receivers (
  mchid TEXT NOT NULL, sub_mchid TEXT NOT NULL, type TEXT NOT NULL, account TEXT NOT NULL,
  appid TEXT NOT NULL, name TEXT NOT NULL, relation_type TEXT NOT NULL, custom_relation TEXT NOT NULL DEFAULT '',
  PRIMARY KEY (mchid, sub_mchid, type, account));
CREATE TABLE IF NOT EXISTS share_orders (
  mchid TEXT NOT NULL, out_order_no TEXT NOT NULL, order_id TEXT NOT NULL UNIQUE,
  sub_mchid TEXT NOT NULL, out_trade_no TEXT NOT NULL REFERENCES orders(out_trade_no), request TEXT NOT NULL,
  kind TEXT NOT NULL CHECK (kind IN ('share', 'unfreeze')), unfreeze INTEGER NOT NULL,
  state TEXT NOT NULL CHECK (state IN ('PROCESSING', 'FINISHED')), created_at REAL NOT NULL, due_at REAL NOT NULL,
  PRIMARY KEY (mchid, out_order_no));
CREATE INDEX IF NOT EXISTS share_orders_due ON share_orders (due_at) WHERE state = 'PROCESSING';
CREATE TABLE IF NOT EXISTS share_lines (
  detail_id TEXT PRIMARY KEY, order_id TEXT NOT NULL REFERENCES share_orders(order_id), type TEXT NOT NULL,
  account TEXT NOT NULL, amount INTEGER NOT NULL CHECK (amount >= 1), description TEXT NOT NULL,
  result TEXT NOT NULL CHECK (result IN ('PENDING', 'SUCCESS', 'CLOSED')), fail_reason TEXT NOT NULL DEFAULT '',
  finished_at REAL);
CREATE INDEX IF NOT EXISTS share_lines_by_order ON share_lines (order_id);
CREATE TABLE IF NOT EXISTS share_returns (
  mchid TEXT NOT NULL, out_return_no TEXT NOT NULL, return_id TEXT NOT NULL UNIQUE,
  order_id TEXT NOT NULL REFERENCES share_orders(order_id), request TEXT NOT NULL, return_mchid TEXT NOT NULL,
  amount INTEGER NOT NULL CHECK (amount >= 1), description TEXT NOT NULL,
  result TEXT NOT NULL CHECK (result IN ('PROCESSING', 'SUCCESS', 'FAILED')), fail_reason TEXT NOT NULL DEFAULT '',
  created_at REAL NOT NULL, finished_at REAL, PRIMARY KEY (mchid, out_return_no));
CREATE TABLE IF NOT EXISTS share_movements (
  id INTEGER PRIMARY KEY, at REAL NOT NULL, kind TEXT NOT NULL CHECK (kind IN ('share', 'return', 'unfreeze')),
  out_trade_no TEXT NOT NULL, number TEXT NOT NULL, from_account TEXT NOT NULL, to_account TEXT NOT NULL,
  amount INTEGER NOT NULL CHECK (amount >= 1), UNIQUE (kind, number));
CREATE INDEX IF NOT EXISTS share_movements_by_order ON share_movements (out_trade_no);
CREATE TABLE IF NOT EXISTS applyments (
  applyment_id INTEGER PRIMARY KEY, sp_mchid TEXT NOT NULL, business_code TEXT NOT NULL, request TEXT NOT NULL,
  state TEXT NOT NULL, audit TEXT NOT NULL DEFAULT '[]', sub_mchid TEXT NOT NULL DEFAULT '', created_at REAL NOT NULL,
  UNIQUE (sp_mchid, business_code));
CREATE TABLE IF NOT EXISTS media (
  media_id TEXT PRIMARY KEY, mchid TEXT NOT NULL, filename TEXT NOT NULL, sha256 TEXT NOT NULL, size INTEGER NOT NULL,
  at REAL NOT NULL);
"""

# Sub-merchants stay, as people do: the product still knows their numbers. Children come before their parents.
FORGOTTEN_ON_RESET = (
    "share_movements", "share_returns", "share_lines", "share_orders", "share_receivers", "applyments", "media",
)  # fmt: skip
