"""SMS codes: six digits, hashed, five tries, five minutes, used once. The answer never tells whether a phone is known."""

from __future__ import annotations

import hmac
import secrets
from datetime import timedelta

from django.db import transaction
from django.db.models import F

from yantuan.identity import gateway
from yantuan.identity.models import SmsCode
from yantuan.identity.phones import hash_phone, seal_phone
from yantuan.identity.rules import (
    HOUR,
    SMS_LIFE_SECONDS,
    SMS_PER_ADDRESS,
    SMS_PER_PHONE,
    SMS_TRIES,
)
from yantuan.identity.soon import emit_soon
from yantuan.kernel import ratelimit
from yantuan.kernel.clock import now
from yantuan.kernel.errors import Invalid, TooMany
from yantuan.kernel.tokens import keyed_hash, seal

TOPIC = "identity.sms"
_CHECKS_PER_ADDRESS = 60


class CodeInvalid(Invalid):
    """Wrong, used, expired or tried too often: one answer for all."""

    def __init__(self) -> None:
        super().__init__("code_invalid", "验证码不对或已过期", "The code is wrong or expired.", field="code")


def _hash(phone: str, code: str) -> str:
    return keyed_hash("sms-code", f"{phone}:{code}")


def _check_limits(phone_hash: str, address: str) -> None:
    # Windows of the counter are fixed; the look at real ages closes the gap around their borders.
    limit, seconds = SMS_PER_ADDRESS
    for most, window in SMS_PER_PHONE:
        since = now() - timedelta(seconds=window)
        recent = SmsCode.objects.filter(phone_hash=phone_hash, created_at__gt=since)
        if recent.count() >= most:
            oldest = recent.order_by("created_at").values_list("created_at", flat=True).first() or now()
            wait = oldest + timedelta(seconds=window) - now()
            raise TooMany(retry_after=max(1, int(wait.total_seconds())))
    ratelimit.hit(f"sms-address:{address}", limit=limit, seconds=seconds)
    for most, window in SMS_PER_PHONE:
        ratelimit.hit(f"sms-phone:{phone_hash}", limit=most, seconds=window)


def ask_code(phone: str, address: str) -> int:
    """Send a code to `phone`, asked for from `address`; answers the seconds until another may be asked for.

    Raises TooMany, or NotConfigured without an SMS account. Sending happens after the commit.
    """
    gateway.sms()
    phone_hash = hash_phone(phone)
    _check_limits(phone_hash, address)
    code = f"{secrets.randbelow(1_000_000):06d}"
    moment = now()
    with transaction.atomic():
        row = SmsCode.objects.create(
            phone_hash=phone_hash,
            code_hash=_hash(phone, code),
            created_at=moment,
            expires_at=moment + timedelta(seconds=SMS_LIFE_SECONDS),
        )
        payload = {"sms_code_id": str(row.id), "phone": seal_phone(phone), "code": seal("sms-code", code)}
        emit_soon(TOPIC, payload)
    return SMS_PER_PHONE[0][1]


def check_code(phone: str, code: str, address: str) -> SmsCode:
    """The unused row `code` belongs to; each call counts as a try. Raises CodeInvalid or TooMany.

    Must not run inside a transaction that may be rolled back, or wrong guesses would not count.
    Follow with `use_code` inside the transaction of what the code allows.
    """
    ratelimit.hit(f"sms-check:{address}", limit=_CHECKS_PER_ADDRESS, seconds=HOUR)
    live = SmsCode.objects.filter(phone_hash=hash_phone(phone), used_at=None, expires_at__gt=now())
    row = live.order_by("-id").first()
    counted = row and live.filter(id=row.id, tries__lt=SMS_TRIES).update(tries=F("tries") + 1)
    if not row or not counted or not hmac.compare_digest(row.code_hash, _hash(phone, code)):
        raise CodeInvalid()
    return row


def use_code(row: SmsCode) -> None:
    """Spend the code; raises CodeInvalid if somebody else was quicker."""
    if not SmsCode.objects.filter(id=row.id, used_at=None).update(used_at=now()):
        raise CodeInvalid()


def clear_codes() -> int:
    """Delete codes older than two days; limits look back one."""
    before = now() - timedelta(days=2)
    return SmsCode.objects.filter(created_at__lt=before).delete()[0]
