"""Money is integer fen (分). Floats never touch it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NewType

from yantuan.kernel.errors import Invalid

Fen = NewType("Fen", int)
"""An amount in fen; 1 yuan is 100 fen."""

MAX_FEN = 100_000_000_00
"""Cap of any single amount: one hundred million yuan."""

_YUAN = re.compile(r"(0|[1-9]\d{0,8})(?:\.(\d{1,2}))?")


def yuan_text(fen: int) -> str:
    """`3990` → `39.90`; negative amounts keep their sign."""
    sign = "-" if fen < 0 else ""
    whole, rest = divmod(abs(fen), 100)
    return f"{sign}{whole}.{rest:02d}"


def price_text(fen: int) -> str:
    """`3990` → `¥39.90`."""
    return "¥" + yuan_text(fen)


def parse_yuan(text: str) -> Fen:
    """Read a plain decimal yuan text exactly. Raises Invalid for anything else (exponents, commas, full-width, more than two decimals)."""
    match = _YUAN.fullmatch(text)
    if match is None:
        raise Invalid("amount_invalid", "金额格式不对，例如 39.90", "Not a plain amount such as 39.90.")
    fen = int(match[1]) * 100 + int((match[2] or "").ljust(2, "0"))
    if fen > MAX_FEN:
        raise Invalid("amount_too_large", "金额太大了", "The amount is too large.")
    return Fen(fen)


def split_by_weight(total: int, weights: Sequence[int]) -> list[Fen]:
    """Split `total` fen in proportion to `weights` by largest remainder: exact sum, each share ≥ 0, ties to the earlier index.

    With all weights zero the total goes to the first share. Raises ValueError for negative input or no weights.
    """
    if total < 0 or not weights or any(w < 0 for w in weights):
        raise ValueError("split needs a non-negative total and non-negative weights")
    if len(weights) == 1:
        return [Fen(total)]
    whole = sum(weights)
    if whole == 0:
        return [Fen(total)] + [Fen(0)] * (len(weights) - 1)
    shares = [total * w // whole for w in weights]
    by_remainder = sorted(range(len(weights)), key=lambda i: (-(total * weights[i] % whole), i))
    for i in by_remainder[: total - sum(shares)]:
        shares[i] += 1
    return [Fen(s) for s in shares]
