"""A restored copy keeps quiet: no messages, refunds or calls to anybody until an operator releases it.

The mark is a file in the data folder, written before the first restored byte and looked for before every remote call.
"""

from __future__ import annotations

import json
from pathlib import Path

from yantuan.kernel.config import data_folder

MARK = "restored.json"


def mark_path(folder: Path | None = None) -> Path:
    """Where the mark lies."""
    return (folder or data_folder()) / MARK


def is_held() -> bool:
    """Whether this instance was restored and not yet released."""
    return mark_path().exists()


def hold(facts: dict[str, str], folder: Path | None = None) -> None:
    """Put the mark down; `facts` (source, made_at …) are shown to the operator."""
    mark_path(folder).write_text(json.dumps(facts, ensure_ascii=False))


def facts() -> dict[str, str]:
    """What `hold` was told; empty when not held."""
    try:
        found: dict[str, str] = json.loads(mark_path().read_text())
    except (FileNotFoundError, ValueError):
        return {}
    return found


def release() -> bool:
    """Take the mark away; False when there was none."""
    try:
        mark_path().unlink()
    except FileNotFoundError:
        return False
    return True
