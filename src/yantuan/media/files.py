"""Picture files on disk: `media/<first two of key>/<key>.webp` and `…_t.webp`, whole or absent."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path

from yantuan.kernel.config import data_folder

KEY = re.compile(r"[0-9A-Za-z]{20,32}")


def root() -> Path:
    """The folder that holds all pictures."""
    return data_folder() / "media"


def path_of(key: str, *, thumb: bool = False) -> Path:
    """Where a picture lies. Raises ValueError for a text that is no key, so that no path can be smuggled in."""
    if not KEY.fullmatch(key):
        raise ValueError("not a media key")
    return root() / key[:2] / f"{key}{'_t' if thumb else ''}.webp"


def write(path: Path, data: bytes) -> None:
    """Write beside, sync, rename: a reader never sees half a picture, a crash leaves only a `.part` file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f"{path.name}.{os.getpid()}.part")
    with part.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    part.replace(path)


def every_file() -> Iterator[Path]:
    """All files below the folder, unfinished ones included."""
    folder = root()
    if folder.is_dir():
        yield from (path for path in folder.glob("*/*") if path.is_file())
