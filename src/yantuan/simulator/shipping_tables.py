"""Tables of the shipping desk and of message push."""

SCHEMA = """
CREATE TABLE IF NOT EXISTS desk_settings (name TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS pushes (
  id INTEGER PRIMARY KEY, at REAL NOT NULL, event TEXT NOT NULL, message TEXT NOT NULL,
  state TEXT NOT NULL CHECK (state IN ('waiting', 'accepted', 'given_up')),
  attempts INTEGER NOT NULL DEFAULT 0, next_at REAL NOT NULL, answers TEXT NOT NULL DEFAULT '[]');
CREATE INDEX IF NOT EXISTS pushes_due ON pushes (next_at) WHERE state = 'waiting';
CREATE TABLE IF NOT EXISTS shipping (
  out_trade_no TEXT PRIMARY KEY REFERENCES orders(out_trade_no),
  logistics_type INTEGER NOT NULL, delivery_mode INTEGER NOT NULL, parcels TEXT NOT NULL,
  finished INTEGER NOT NULL DEFAULT 0, times INTEGER NOT NULL DEFAULT 0, chance_used INTEGER NOT NULL DEFAULT 0,
  uploaded_at REAL NOT NULL, shipped_at REAL NOT NULL, reminded INTEGER NOT NULL DEFAULT 0,
  confirmed_at REAL, confirm_method INTEGER, settle_due_at REAL, settled_at REAL);
CREATE TABLE IF NOT EXISTS special_orders (
  out_trade_no TEXT PRIMARY KEY REFERENCES orders(out_trade_no), kind INTEGER NOT NULL, delay_to INTEGER, at REAL NOT NULL);
"""

FORGOTTEN_ON_RESET = ("desk_settings", "pushes", "special_orders", "shipping")
