"""How a floor says what personal data and secrets its rows hold: why, on what basis, for how long, and who sees it how.

Every column whose name looks like one of a person or a secret is declared, as one or as something else; a test walks all tables
and fails on one that isn't. The declarations themselves stand in `yantuan.privacy.inventory`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Final


class Basis(StrEnum):
    """Why it may be held: the numbers of article 13 of the Personal Information Protection Law."""

    CONSENT = "本人同意（第一项）"
    CONTRACT = "履行合同所必需（第二项）"
    LAW = "履行法定义务所必需（第三项）"
    SECRET = "不是个人信息，是密钥或口令"


class Leaving(StrEnum):
    """What becomes of it when its person leaves."""

    ERASED = "注销时删除或清空"
    EXPIRES = "到期自动删除，注销时不必另动"
    STAYS = "注销后保留"
    OTHERS = "不是注销的人的"


@dataclass(frozen=True)
class Held:
    """Columns of one table (`app.Model`) that belong together. `keep`: for how long; `shown`: who sees it, and how much of it."""

    model: str
    fields: tuple[str, ...]
    what: str
    purpose: str
    basis: Basis
    keep: str
    shown: str
    leaving: Leaving


@dataclass(frozen=True)
class Harmless:
    """Columns whose names look personal and that aren't, and what they are."""

    model: str
    fields: tuple[str, ...]
    what: str


_WHOLE: Final = frozenset(
    {
        "name", "nickname", "address", "province", "city", "district", "detail", "building",
        "unit", "room", "ip", "birthday", "gender", "remark", "note", "answers",
        "email", "key", "keys", "username", "password", "token", "person_name", "description",
        "contact", "payer", "telephone", "tel", "resource", "body", "headers", "request_body",
        "text", "latest",
    }
)  # fmt: skip
_PART: Final = re.compile(
    r"phone|mobile|openid|unionid|sealed|secret|avatar|id_number|id_card|licen[cs]e|legal_name|real_name|(?:first|last|display|account|"
    r"contact|recipient|return|legal|carrier|store|user|sku)_?name|contact_|recipient_|return_|user_agent|_ip$|^ip_|email|passw|token|"
    r"last4|_tail$|_hint$|media_id|papers|visitor|wechat_id|snapshot|session_(?:key|data)"
)


def looks_personal(field: str) -> bool:
    """Whether a column of this name may hold something of a person, or a secret."""
    return field in _WHOLE or _PART.search(field) is not None


@dataclass(frozen=True)
class Inventory:
    """Everything that is declared."""

    held: tuple[Held, ...]
    harmless: tuple[Harmless, ...]

    def columns(self) -> list[tuple[str, str]]:
        """Every declared (model, field), in order; twice what stands there twice."""
        rows: list[Held | Harmless] = [*self.held, *self.harmless]
        return [(row.model, field) for row in rows for field in row.fields]

    def missing(self, tables: Iterable[tuple[str, Iterable[str]]]) -> list[str]:
        """`app.Model.field` of every column of these tables that looks personal and isn't declared."""
        known = set(self.columns())
        return [
            f"{model}.{field}"
            for model, fields in tables
            for field in fields
            if looks_personal(field) and (model, field) not in known
        ]
