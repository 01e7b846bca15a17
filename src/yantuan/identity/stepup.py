"""Proving once more that it is really you, before much money goes back: a code sent to the account's own phone."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import transaction
from django.http import HttpRequest

from yantuan.identity import gateway
from yantuan.identity.codes import ask_code, check_code, use_code
from yantuan.identity.models import Person, Session
from yantuan.identity.phones import mask_phone, phone_of
from yantuan.kernel import audit
from yantuan.kernel.actors import Actor
from yantuan.kernel.clock import now
from yantuan.kernel.errors import AppError, Conflict

FRESH = timedelta(minutes=15)
"""How long one proof is believed, in the session that gave it."""


class StepUpNeeded(AppError):
    """The act is weighty enough to ask for a code first; the same call is repeated after it was given."""

    def __init__(self, person: Person, limit_fen: int) -> None:
        super().__init__(
            "step_up_needed",
            "金额较大，请先用短信验证码确认是你本人操作",
            "This amount needs a code sent to your phone first.",
            status=403,
            phone_masked=mask_phone(phone_of(person.phone_sealed)),
            limit_fen=limit_fen,
        )


class AccountStepUpNeeded(AppError):
    """As `StepUpNeeded`, before the account that takes a store's money is changed."""

    def __init__(self, person: Person) -> None:
        super().__init__(
            "step_up_needed",
            "更换收款账户前，请先用短信验证码确认是你本人操作",
            "Changing who receives the money needs a code sent to your phone first.",
            status=403,
            phone_masked=mask_phone(phone_of(person.phone_sealed)),
            limit_fen=0,
        )


class OwnPhoneNeeded(Conflict):
    """There is no phone to send a code to."""

    def __init__(self) -> None:
        super().__init__(
            "own_phone_needed",
            "这项操作需要短信验证，请先在「我的」里绑定手机号",
            "This needs a code; bind a phone to your account first.",
        )


def confirmed_at(request: HttpRequest) -> datetime | None:
    """When the session behind this request last proved itself; None before it ever did."""
    session = vars(request).get("signed_session")
    return session.confirmed_at if isinstance(session, Session) else None


def send(person: Person, address: str) -> int:
    """Send a code to the person's own phone; answers the seconds until another may be asked for.

    Raises OwnPhoneNeeded, TooMany or NotConfigured.
    """
    if not person.phone_sealed:
        raise OwnPhoneNeeded()
    return ask_code(phone_of(person.phone_sealed), address)


def confirm(person: Person, session_id: int, code: str, address: str) -> None:
    """Believe this session for `FRESH`. Raises OwnPhoneNeeded, CodeInvalid or TooMany; every wrong code counts."""
    if not person.phone_sealed:
        raise OwnPhoneNeeded()
    row = check_code(phone_of(person.phone_sealed), code, address)
    with transaction.atomic():
        use_code(row)
        Session.objects.filter(id=session_id, person=person, revoked_at=None).update(confirmed_at=now())
        audit.record(Actor("leader", person.id), "session.confirm", "session", session_id)


def require(person: Person, when: datetime | None, limit_fen: int) -> None:
    """Refuse unless the session proved itself within `FRESH`. Raises StepUpNeeded or OwnPhoneNeeded.

    An instance without an SMS account can't ask: there the act goes on, and the audit log says that nobody was asked.
    """
    if not _proved(person, when):
        raise StepUpNeeded(person, limit_fen)


def require_for_account(person: Person, when: datetime | None) -> None:
    """As `require`, for changing the account that takes a store's money. Raises AccountStepUpNeeded or OwnPhoneNeeded."""
    if not _proved(person, when):
        raise AccountStepUpNeeded(person)


def _proved(person: Person, when: datetime | None) -> bool:
    moment = now()
    if when is not None and moment - FRESH <= when <= moment:
        return True
    if not gateway.can_send_sms():
        audit.record(Actor("leader", person.id), "session.confirm_skipped", "person", person.id)
        return True
    if not person.phone_sealed:
        raise OwnPhoneNeeded()
    return False
