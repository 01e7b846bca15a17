"""Uploaded sheets, kept only until they are read: they hold names, phones and addresses."""

from __future__ import annotations

from typing import Final

from yantuan.kernel.sheets.keeping import Keep

KEEP: Final = Keep("imports")
