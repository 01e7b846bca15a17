"""Uploaded sheets, kept only until they are read: they hold names, phones and addresses."""

from __future__ import annotations

from typing import Final

from yantuan.kernel.sheets.keeping import Keep

_KEEP: Final = Keep("imports")
folder = _KEEP.folder
path_of = _KEEP.path_of
keep = _KEEP.keep
drop = _KEEP.drop
sweep = _KEEP.sweep
