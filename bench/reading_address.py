"""How fast pasted addresses are read, and how the time grows with the length of the text.

Run: python -m bench.reading_address
Times are printed beside a plain walk over the same characters in the same run, so that they can be compared between machines.
"""

from __future__ import annotations

import time
from collections.abc import Callable

from yantuan.readers.address import read

ONE = "张伟 13800138000 浙江省杭州市西湖区文三路478号华星大厦3栋502室（放门口）"
LONG = {
    "addresses": ONE + "\n",
    "chat": "团长好，麻烦寄到下面这个地址哈，谢谢啦～",
    "regions": "浙江省杭州市西湖区",
    "moved": "原地址不用了，浙江杭州，",
    "digits": "1 3 8 0013-",
    "marks": "\u200b\u202e张",
}
SHORT, FULL = 25_000, 100_000


def _seconds(work: Callable[[], object], times: int = 3) -> float:
    best = float("inf")
    for _ in range(times):
        start = time.perf_counter()
        work()
        best = min(best, time.perf_counter() - start)
    return best


def _walk(text: str) -> int:
    """The yardstick: look at each character once."""
    return sum(char == "号" for char in text)


def main() -> None:
    start = time.perf_counter()
    read(ONE)
    print(f"first reading, with the table: {(time.perf_counter() - start) * 1000:.0f} ms")
    each = _seconds(lambda: [read(ONE) for _ in range(200)]) / 200
    print(f"one address: {each * 1000:.2f} ms")
    print(f"{'text':<10} {'25k chars':>10} {'100k chars':>11} {'growth':>7} {'times a walk':>13}")
    for name, piece in LONG.items():
        short, full = (piece * (size // len(piece) + 1) for size in (SHORT, FULL))
        small, large = _seconds(lambda text=short: read(text)), _seconds(lambda text=full: read(text))
        walk = _seconds(lambda text=full: _walk(text))
        print(f"{name:<10} {small:>9.2f}s {large:>10.2f}s {large / small:>6.1f}x {large / walk:>12.0f}x")


if __name__ == "__main__":
    main()
