"""Uploaded sheets of goods, kept until they are booked or dropped: their pictures are read only then."""

from __future__ import annotations

from typing import Final

from yantuan.kernel.sheets.keeping import Keep

KEEP: Final = Keep("goods-imports")
