"""Tables of links, changing cards and service cards."""

SCHEMA = """
CREATE TABLE IF NOT EXISTS app_links (
  link TEXT PRIMARY KEY, kind TEXT NOT NULL, path TEXT NOT NULL, query TEXT NOT NULL, at REAL NOT NULL, expires_at REAL NOT NULL);
CREATE TABLE IF NOT EXISTS activities (
  activity_id TEXT PRIMARY KEY, at REAL NOT NULL, expires_at REAL NOT NULL, state INTEGER NOT NULL DEFAULT 0,
  shown TEXT NOT NULL DEFAULT '{}', changes INTEGER NOT NULL DEFAULT 0);
CREATE TABLE IF NOT EXISTS service_cards (
  notify_code TEXT NOT NULL, notify_type INTEGER NOT NULL, openid TEXT NOT NULL, state INTEGER NOT NULL, content TEXT NOT NULL,
  at REAL NOT NULL, updates INTEGER NOT NULL DEFAULT 0, PRIMARY KEY (notify_code, notify_type));
"""
FORGOTTEN_ON_RESET = ("app_links", "activities", "service_cards")
