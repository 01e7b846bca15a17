"""Words shared by what is drawn and what is said."""

from __future__ import annotations

from typing import Literal

SaleState = Literal["upcoming", "open", "sold_out", "ended", "suspended"]
