"""Where finished drawings are kept, and for how long. Apart from drawing, so that the worker need not load the picture library."""

from __future__ import annotations

import os
import tempfile
import time
from pathlib import Path
from typing import Final

from yantuan.kernel.config import data_folder

KEEP_SECONDS: Final = 7 * 86400


def folder() -> Path:
    """Where drawn pictures are kept; safe to delete at any time."""
    return data_folder() / "cache" / "posters"


def write_whole(path: Path, data: bytes) -> None:
    """Put a file there at once, so that nobody reads half of it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(dir=path.parent, suffix=".part")
    with os.fdopen(handle, "wb") as file:
        file.write(data)
    Path(temporary).replace(path)


def clear_old() -> int:
    """Delete drawings older than a week; they are drawn anew when asked for. Answers how many went."""
    # Ages of files are compared with the file system's clock, not the trade's.
    before = time.time() - KEEP_SECONDS
    gone = 0
    for path in folder().glob("*/*"):
        if path.stat().st_mtime < before:
            path.unlink(missing_ok=True)
            gone += 1
    return gone
