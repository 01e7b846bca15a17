"""Carriers as sheets name them: full names, short names, codes; or nothing at all."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

from yantuan.fulfilment.carriers import CARRIERS, Carrier
from yantuan.kernel.sheets.cells import plain

_TAIL = re.compile(r"(股份)?(有限)?(责任)?公司$|集团$|\(.*?\)|[-_·].*$")
_SHORT: Final = {
    "顺丰": "SF", "顺丰标快": "SF", "顺丰特快": "SF", "顺丰快递": "SF", "中通": "ZTO", "中通速递": "ZTO", "圆通": "YTO", "圆通快递": "YTO",
    "韵达": "YD", "韵达速递": "YD", "韵达快运": "YDKY", "申通": "STO", "申通速递": "STO", "极兔": "JTSD", "极兔快递": "JTSD", "j&t": "JTSD",
    "邮政": "YZPY", "中国邮政": "YZPY", "邮政包裹": "YZPY", "邮政快递": "YZPY", "邮政小包": "YZPY", "邮政速递": "EMS", "邮政特快": "EMS",
    "中国邮政速递": "EMS", "京东": "JD", "京东物流": "JD", "德邦": "DBL", "德邦快运": "DBLKY", "百世": "HTKY", "百世汇通": "HTKY", "优速": "UC",
    "天天": "HHTT", "跨越": "KYSY", "安能": "ANE", "菜鸟": "DNWL", "菜鸟直送": "DNWL", "丹鸟": "DNWL", "丰网": "FWX", "品骏": "PJ", "信丰": "XFEX",
    "京广": "JGSD", "顺心": "SX",
}  # fmt: skip


def _known() -> dict[str, Carrier]:
    by_code = {carrier.code: carrier for carrier in CARRIERS}
    names = {carrier.name.lower(): carrier for carrier in CARRIERS}
    names |= {word.lower(): carrier for carrier in CARRIERS for word in (carrier.code, carrier.kuaidi100)}
    return names | {short: by_code[code] for short, code in _SHORT.items()}


_BY_NAME: Final = _known()


def named(text: str) -> Carrier | None:
    """The carrier a sheet means; None when the name is not known."""
    word = plain(text).lower().replace(" ", "")
    return _BY_NAME.get(word) or _BY_NAME.get(_TAIL.sub("", word))


_WEAK: Final = {"EMS": re.compile(r"[0-9]{13}"), "SF": re.compile(r"[0-9]{12}")}
"""Digits alone, as many other carriers have them: a reason to guess only where nothing better fits."""


def fitting_all(numbers: Iterable[str]) -> list[Carrier]:
    """Carriers every one of these numbers looks like."""
    every = set(numbers)
    found = [carrier for carrier in CARRIERS if carrier.pattern and all(carrier.fits(one) for one in every)]
    strong = [
        carrier
        for carrier in found
        if not (weak := _WEAK.get(carrier.code)) or not any(map(weak.fullmatch, every))
    ]
    return (strong or found) if every else []


def whole_sheet(numbers: Iterable[str]) -> Carrier | None:
    """The one carrier a sheet that names none must be of; None when there is none or more than one.

    A whole sheet tells more than one row: 77… may be 中通 or 申通, but a neighbour that begins with 75 can't be 申通's.
    """
    found = fitting_all(numbers)
    return found[0] if len(found) == 1 else None
