"""Binding a phone, and joining two accounts of one human being."""

from __future__ import annotations

from dataclasses import dataclass

from django.db import IntegrityError, transaction

from yantuan.identity import gateway
from yantuan.identity.codes import check_code, use_code
from yantuan.identity.models import Address, Channel, Person, Session, SmsCode
from yantuan.identity.phones import hash_phone, seal_phone
from yantuan.identity.rules import MOBILE, may_merge
from yantuan.kernel import audit
from yantuan.kernel.actors import Actor
from yantuan.kernel.clock import now
from yantuan.kernel.errors import Conflict, Invalid

_OWN_ROWS = (Channel, Session, Address)


class PhoneTaken(Conflict):
    """The phone belongs to another account that can't be joined with this one."""

    def __init__(self, why: str) -> None:
        super().__init__(
            "phone_taken",
            "这个手机号已绑定另一个账号，请用手机号登录那个账号，或换一个手机号",
            "This phone belongs to another account; sign in with it, or use another phone.",
            why=why,
        )


class PhoneAbroad(Invalid):
    """Parcels and codes reach mainland numbers only."""

    def __init__(self) -> None:
        super().__init__(
            "phone_abroad",
            "这个微信绑定的不是中国大陆手机号，请用短信验证码绑定",
            "This WeChat account has no mainland China number; please use a text-message code.",
            field="code",
        )


@dataclass(frozen=True)
class Bound:
    """`person` is who the session stands for afterwards; `merged` when two accounts became one."""

    person: Person
    merged: bool


def bind_phone(person: Person, session_id: int, phone: str, code: str, address: str) -> Bound:
    """Give the person a proven phone; all their other sessions end.

    If the phone is another account's and they can be the same human being, the account with a history of
    trade (else the phone's) takes over the other's channels, sessions and addresses.
    Raises CodeInvalid, TooMany, PhoneTaken.
    """
    row = check_code(phone, code, address)
    return _give(person, session_id, phone, row)


def bind_wechat_phone(person: Person, session_id: int, code: str) -> Bound:
    """The same with the number WeChat vouches for: `code` is what the phone button of the mini-program gave.

    Raises the gateway's errors (WeChatCodeRejected for a used or old code), PhoneAbroad, PhoneTaken.
    """
    found = gateway.mini().get_phone_number(code)
    if found.country_code != "86" or MOBILE.fullmatch(found.pure) is None:
        raise PhoneAbroad()
    return _give(person, session_id, found.pure, None)


def _give(person: Person, session_id: int, phone: str, sms: SmsCode | None) -> Bound:
    try:
        with transaction.atomic():
            if sms is not None:
                use_code(sms)
            bound = _bind(person.id, phone)
            Session.objects.filter(person_id=bound.person.id, revoked_at=None).exclude(id=session_id).update(
                revoked_at=now()
            )
            return bound
    except IntegrityError:
        raise PhoneTaken("race") from None


def _bind(person_id: int, phone: str) -> Bound:
    digest = hash_phone(phone)
    ids = [
        person_id,
        *Person.objects.filter(phone_hash=digest).exclude(id=person_id).values_list("id", flat=True),
    ]
    rows = {p.id: p for p in Person.objects.select_for_update().filter(id__in=ids).order_by("id")}
    me = rows.pop(person_id)
    other = next((p for p in rows.values() if p.phone_hash == digest), None)
    if other is None:
        _set_phone(me, phone)
        return Bound(me, merged=False)
    return Bound(_join(me, other, phone), merged=True)


def _join(me: Person, other: Person, phone: str) -> Person:
    if me.phone_hash is not None:
        raise PhoneTaken("has_phone")
    if other.disabled_at is not None:
        raise PhoneTaken("disabled")
    if not may_merge(_apps_of(me), _apps_of(other)):
        raise PhoneTaken("channel_conflict")
    if not has_history(me):
        _absorb(me, into=other)
        return other
    if has_history(other):
        raise PhoneTaken("both_have_history")
    _absorb(other, into=me)
    _set_phone(me, phone)
    return me


def _apps_of(person: Person) -> list[str]:
    return list(Channel.objects.filter(person_id=person.id).values_list("appid", flat=True))


def has_history(person: Person) -> bool:
    """Whether anything above this floor (orders, being a leader, …) hangs on the person.

    Asked through the row's own relations, so that a new table counts without anybody thinking of it.
    """
    for relation in Person._meta.related_objects:
        model = relation.related_model
        if not isinstance(model, type) or model in _OWN_ROWS:
            continue
        if model._base_manager.filter(**{relation.field.name: person.pk}).exists():
            return True
    return False


def _set_phone(person: Person, phone: str) -> None:
    person.phone_hash = hash_phone(phone)
    person.phone_sealed = seal_phone(phone)
    person.phone_last4 = phone[-4:]
    person.save(update_fields=["phone_hash", "phone_sealed", "phone_last4"])


def _absorb(gone: Person, *, into: Person) -> None:
    """Move what belongs to `gone`; the empty row stays, disabled and without personal data."""
    for model in _OWN_ROWS:
        model.objects.filter(person_id=gone.id).update(person_id=into.id)
    Person.objects.filter(id=gone.id).update(
        phone_hash=None,
        phone_sealed="",
        phone_last4="",
        nickname="",
        avatar_media_id=None,
        disabled_at=now(),
    )
    audit.record(Actor("buyer", into.id), "identity.merge", "person", into.id, absorbed=str(gone.id))
