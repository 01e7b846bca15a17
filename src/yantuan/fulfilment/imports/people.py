"""Whether the name and phone a sheet gives can be those of an order: carriers mask both, people write both carelessly."""

from __future__ import annotations

import re
from dataclasses import dataclass

from yantuan.kernel.sheets.cells import plain

_POLITE = re.compile(r"(先生|女士|小姐|老师|同学|师傅)$")
_MASKED = re.compile(r"[*×某●○•]+|(?<=[\u4e00-\u9fff])[xX]+")


@dataclass(frozen=True)
class Agreement:
    """True: can be the same; False: can't; None: nothing to compare."""

    name: bool | None
    phone: bool | None

    @property
    def same_person(self) -> bool:
        """Enough agrees, and nothing speaks against it."""
        return True in (self.name, self.phone) and False not in (self.name, self.phone)

    @property
    def other_person(self) -> bool:
        return False in (self.name, self.phone)


def compare(name: str, phone: str, order_name: str, order_phone: str) -> Agreement:
    """A row's recipient with an order's."""
    return Agreement(names_agree(name, order_name), phones_agree(phone, order_phone))


def names_agree(given: str, known: str) -> bool | None:
    """`张*`, `*三丰`, `张三丰先生` and `张三丰 1栋` all can be 张三丰; a name alone must be the whole name."""
    mine, theirs = _bare(given), _bare(known)
    if not mine or not theirs:
        return None
    if _MASKED.search(mine):
        pattern = ".+".join(re.escape(piece) for piece in _MASKED.split(mine))
        return re.fullmatch(pattern, theirs) is not None
    return mine == theirs or _POLITE.sub("", mine) == _POLITE.sub("", theirs)


def _bare(text: str) -> str:
    return plain(text).replace(" ", "").lower()[:60]


def phones_agree(given: str, known: str) -> bool | None:
    """`138****1234`, `+86 138 1234 1234`, `13812341234-1234` and the last four digits alone."""
    text = re.sub(r"^(\+?86|0086)[- ]?(?=1)", "", plain(given)).replace(" ", "").replace("-", "")
    if re.fullmatch(r"1[0-9]{10}([^0-9].*|[0-9]{1,6})?", text):
        return text[:11] == known
    masked = re.fullmatch(r"([0-9]*)[*×xX]+([0-9]*)", text)
    if masked:
        head, tail = masked[1], masked[2]
        return known.startswith(head) and known.endswith(tail) if len(head) + len(tail) >= 4 else None
    return known.endswith(text) if re.fullmatch(r"[0-9]{4}", text) else None
