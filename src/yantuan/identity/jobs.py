"""Codes on their way, and old rows cleared."""

from __future__ import annotations

import logging
from typing import Any

from yantuan.gateways.sms import SmsNumberRejected
from yantuan.identity import actions, gateway
from yantuan.identity.codes import TOPIC, clear_codes
from yantuan.identity.models import Person, SmsCode
from yantuan.identity.people import default_nickname, person_by_id
from yantuan.identity.phones import phone_of
from yantuan.identity.schemas import PersonIn
from yantuan.identity.signing_in import clear_states
from yantuan.kernel import faults, outbox, said, schedule
from yantuan.kernel.clock import now
from yantuan.kernel.config import config
from yantuan.kernel.tokens import unseal

_log = logging.getLogger(__name__)


@outbox.on(TOPIC)
def send_code(payload: dict[str, Any]) -> None:
    """Send one code while it is still good; an unreachable number is the end of it."""
    row = SmsCode.objects.filter(id=int(payload["sms_code_id"])).first()
    if row is None or row.used_at is not None or row.expires_at <= now():
        return
    code = unseal("sms-code", payload["code"])
    faults.point("identity.sms.before_call")
    try:
        gateway.sms().send(
            phone_of(payload["phone"]), config().sms_template_code, {"code": code}, out_id=str(row.id)
        )
        faults.point("identity.sms.after_call")
    except SmsNumberRejected as refusal:
        _log.info("the SMS provider rejects the number of code %s: %s", row.id, refusal.provider_code)


@schedule.every(3600)
def clear_old_rows() -> int:
    """Codes and sign-in states past their use."""
    return clear_codes() + clear_states()


def _lock(person_id: int) -> None:
    Person.objects.select_for_update(no_key=True).filter(id=person_id).first()


def _carry(subject_id: int, person_id: int, wish: dict[str, Any] | None) -> None:
    """Show a name or picture that has been judged."""
    if wish is not None:
        actions.update_person(person_by_id(subject_id), PersonIn.model_validate(wish))


def _take_down(person_id: int) -> None:
    Person.objects.filter(id=person_id).update(nickname=default_nickname(), avatar_media_id=None)


said.register(actions.SAID_AS, said.Carrier(lock=_lock, carry=_carry, take_down=_take_down))
