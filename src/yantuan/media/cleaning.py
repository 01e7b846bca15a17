"""Clearing files no row names, or whose row says they are gone. Apart from storing, so that the worker need not load the picture library."""

from __future__ import annotations

import time

from yantuan.media import files
from yantuan.media.models import Media
from yantuan.media.rules import ORPHAN_HOURS


def clear_orphans(*, older_than_hours: float = ORPHAN_HOURS, limit: int = 5000) -> int:
    """Delete files no row names (a crash between file and row). Young files are left: their row may be on its way."""
    # File ages are read from the file system, so they are compared with its clock and not the trade's.
    before = time.time() - older_than_hours * 3600
    old = []
    for path in files.every_file():
        if path.stat().st_mtime < before:
            old.append(path)
        if len(old) == limit:
            break
    keys = {path.name.split(".")[0].removesuffix("_t") for path in old}
    standing = Media.objects.filter(key__in=keys, removed_at=None)
    known = set(standing.values_list("key", flat=True)) if keys else set()
    gone = 0
    for path in old:
        if path.suffix == ".part" or path.name.split(".")[0].removesuffix("_t") not in known:
            path.unlink(missing_ok=True)
            gone += 1
    return gone
