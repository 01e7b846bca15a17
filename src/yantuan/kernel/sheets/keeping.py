"""Uploaded sheets, kept in a folder of the data folder for as long as somebody works on them."""

from __future__ import annotations

import hashlib
import os
import secrets
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path

from yantuan.kernel.config import data_folder
from yantuan.kernel.sheets.cells import Limits, too_large


class Keep:
    """One such folder; each file has a key nobody can guess."""

    def __init__(self, name: str) -> None:
        self._name = name

    def folder(self) -> Path:
        """Where they lie."""
        return data_folder() / self._name

    def path_of(self, key: str) -> Path:
        return self.folder() / f"{key}.sheet"

    def keep(self, chunks: Iterable[bytes], limits: Limits) -> tuple[str, str, int]:
        """Write a new file: (key, SHA-256, bytes). Raises SheetRefused `sheet_too_large`; then nothing is left behind."""
        self.folder().mkdir(mode=0o700, exist_ok=True)
        key, digest, size = secrets.token_urlsafe(32), hashlib.sha256(), 0
        path = self.path_of(key)
        try:
            with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
                for data in chunks:
                    size += len(data)
                    if size > limits.file_bytes:
                        raise too_large("bytes")
                    digest.update(data)
                    file.write(data)
        except BaseException:
            path.unlink(missing_ok=True)
            raise
        return key, digest.hexdigest(), size

    def drop(self, key: str) -> None:
        """Delete one, if it is there."""
        if key:
            self.path_of(key).unlink(missing_ok=True)

    def sweep(self, kept: set[str], older: datetime) -> int:
        """Delete every file written before `older` whose key is not kept; answers how many."""
        gone = [
            path
            for path in self.folder().glob("*.sheet")
            if path.stem not in kept and path.stat().st_mtime < older.timestamp()
        ]
        for path in gone:
            path.unlink(missing_ok=True)
        return len(gone)
