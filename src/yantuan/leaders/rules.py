"""Pure decisions about invite codes and papers."""

from __future__ import annotations

import re
from datetime import date

from yantuan.kernel.errors import Invalid
from yantuan.leaders.models import Certification

JOIN_LIMITS = ((5, 60), (20, 86400))
"""(most tries, seconds) to use an invite code, per person and per address."""
CERTIFICATION_LIMIT = (10, 86400)
MAX_USES = 10_000

_ID_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_ID_CHECKS = "10X98765432"
_ID_SHAPE = re.compile(r"[1-9]\d{16}[\dX]")
_CREDIT_ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"
_CREDIT_SHAPE = re.compile(rf"[{_CREDIT_ALPHABET}]{{2}}\d{{6}}[{_CREDIT_ALPHABET}]{{10}}")


def id_card_check(first17: str) -> str:
    """The eighteenth character of a resident identity card number (GB 11643, ISO 7064 MOD 11-2)."""
    total = sum(int(digit) * weight for digit, weight in zip(first17, _ID_WEIGHTS, strict=True))
    return _ID_CHECKS[total % 11]


def is_id_card(number: str, today: date) -> bool:
    """Whether `number` (18 characters, X upper case) is well formed, with a real birthday before `today` and a right check digit."""
    if not number.isascii() or not _ID_SHAPE.fullmatch(number):
        return False
    try:
        born = date(int(number[6:10]), int(number[10:12]), int(number[12:14]))
    except ValueError:
        return False
    return date(1900, 1, 1) <= born < today and id_card_check(number[:17]) == number[17]


def credit_code_check(first17: str) -> str:
    """The eighteenth character of a unified social credit code (GB 32100-2015)."""
    total = sum(_CREDIT_ALPHABET.index(char) * pow(3, i, 31) for i, char in enumerate(first17))
    return _CREDIT_ALPHABET[-total % 31]


def is_credit_code(number: str) -> bool:
    """Whether `number` (upper case) is a well-formed unified social credit code with a right check digit."""
    if not number.isascii() or not _CREDIT_SHAPE.fullmatch(number):
        return False
    return credit_code_check(number[:17]) == number[17]


def checked_number(kind: str, number: str, today: date) -> str:
    """The normalised number fitting the kind of applicant. Raises Invalid `id_number_invalid`."""
    plain = "".join(number.split()).upper()
    if kind == Certification.Kind.PERSON:
        if is_id_card(plain, today):
            return plain
        zh, en = "身份证号不对，请检查每一位", "Not a valid identity card number."
    else:
        if is_credit_code(plain):
            return plain
        zh, en = "统一社会信用代码不对，请检查每一位", "Not a valid unified social credit code."
    raise Invalid("id_number_invalid", zh, en, field="id_number")


def checked_reason(reason: str) -> str:
    """A reason somebody else will read, 2 to 200 characters. Raises Invalid `reason_needed`."""
    text = " ".join(reason.split())
    if not 2 <= len(text) <= 200:
        raise Invalid(
            "reason_needed",
            "请写明原因（2 到 200 字）",
            "Give a reason of 2 to 200 characters.",
            field="reason",
        )
    return text
