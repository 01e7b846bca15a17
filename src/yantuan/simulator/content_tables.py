"""Tables of content checks."""

SCHEMA = """
CREATE TABLE IF NOT EXISTS content_seen (openid TEXT PRIMARY KEY, at REAL NOT NULL);
CREATE TABLE IF NOT EXISTS content_checks (
  trace_id TEXT PRIMARY KEY, kind TEXT NOT NULL CHECK (kind IN ('text', 'picture')), openid TEXT NOT NULL, content TEXT NOT NULL,
  scene INTEGER NOT NULL, at REAL NOT NULL, suggest TEXT NOT NULL DEFAULT '', label INTEGER NOT NULL DEFAULT 0,
  errcode INTEGER NOT NULL DEFAULT 0, push_id INTEGER);
CREATE INDEX IF NOT EXISTS content_unjudged ON content_checks (at) WHERE kind = 'picture' AND suggest = '' AND errcode = 0;
"""
FORGOTTEN_ON_RESET = ("content_seen", "content_checks")
