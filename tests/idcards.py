"""Identity card numbers of nobody."""

from __future__ import annotations

import random

_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_drawn = random.Random()


def id_number() -> str:
    """A made-up number with a valid check digit, another one each time."""
    first = f"1101051949{_drawn.randint(1, 12):02d}{_drawn.randint(1, 28):02d}{_drawn.randint(0, 999):03d}"
    return first + "10X98765432"[sum(int(d) * w for d, w in zip(first, _WEIGHTS, strict=True)) % 11]
