"""Tables of the tracking services."""

SCHEMA = """
CREATE TABLE IF NOT EXISTS waybills (
  number TEXT PRIMARY KEY, com TEXT NOT NULL, phone_tail TEXT NOT NULL DEFAULT '', steps TEXT NOT NULL DEFAULT '[]',
  asked_at REAL, locked_until REAL);
CREATE TABLE IF NOT EXISTS waybill_watches (
  id INTEGER PRIMARY KEY, provider TEXT NOT NULL, number TEXT NOT NULL, com TEXT NOT NULL, callback TEXT NOT NULL,
  salt TEXT NOT NULL DEFAULT '', token TEXT NOT NULL DEFAULT '', state TEXT NOT NULL DEFAULT 'polling',
  ended_at REAL, UNIQUE (provider, number, com));
"""

FORGOTTEN_ON_RESET = ("waybills", "waybill_watches")
