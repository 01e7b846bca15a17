"""Finding and making the one person behind a phone or a channel."""

from __future__ import annotations

import secrets
from dataclasses import dataclass

from django.db import IntegrityError, transaction

from yantuan.identity.models import Channel, Person
from yantuan.identity.phones import hash_phone, seal_phone
from yantuan.kernel.clock import now
from yantuan.kernel.errors import Forbidden, NotFound


@dataclass(frozen=True)
class Found:
    """The person, and whether they were made just now."""

    person: Person
    new: bool


@dataclass(frozen=True)
class Visitor:
    """Who WeChat says is there: `kind` is `mini` or `oa`; `unionid` and `nickname` may be empty."""

    kind: str
    appid: str
    openid: str
    unionid: str = ""
    nickname: str = ""


class PersonDisabled(Forbidden):
    def __init__(self) -> None:
        super().__init__("person_disabled", "这个账号已停用，请联系平台", "This account is disabled.")


def default_nickname() -> str:
    """A name that tells nothing of the phone."""
    return f"团友{secrets.randbelow(10_000):04d}"


def _enabled(person: Person) -> Person:
    if person.disabled_at is not None:
        raise PersonDisabled()
    return person


def person_by_id(person_id: int) -> Person:
    """Somebody known by their number. Raises NotFound or PersonDisabled."""
    person = Person.objects.filter(id=person_id).first()
    if person is None:
        raise NotFound
    return _enabled(person)


def by_phone(phone: str) -> Found:
    """The person of a proven phone; made on first sight. Raises PersonDisabled."""
    digest = hash_phone(phone)
    person = Person.objects.filter(phone_hash=digest).first()
    if person is not None:
        return Found(_enabled(person), new=False)
    moment = now()
    try:
        with transaction.atomic():
            person = Person.objects.create(
                nickname=default_nickname(),
                phone_hash=digest,
                phone_sealed=seal_phone(phone),
                phone_last4=phone[-4:],
                created_at=moment,
            )
    except IntegrityError:
        # The same person signed in twice at once; the other request made the row.
        return Found(_enabled(Person.objects.get(phone_hash=digest)), new=False)
    return Found(person, new=True)


def _known(visitor: Visitor) -> Person | None:
    channel = (
        Channel.objects.select_related("person").filter(appid=visitor.appid, openid=visitor.openid).first()
    )
    if channel is not None:
        if visitor.unionid and channel.unionid != visitor.unionid:
            Channel.objects.filter(id=channel.id).update(unionid=visitor.unionid)
        return channel.person
    return None


def _by_union(visitor: Visitor) -> Person | None:
    """The same WeChat user seen through another app of the same open-platform account."""
    if not visitor.unionid:
        return None
    channel = Channel.objects.select_related("person").filter(unionid=visitor.unionid).order_by("id").first()
    return channel.person if channel else None


def _attachable(current: Person | None, visitor: Visitor) -> Person | None:
    """The signed-in person, if they have no other user of this app already."""
    if current is None or Channel.objects.filter(person_id=current.id, appid=visitor.appid).exists():
        return None
    return current


def by_channel(visitor: Visitor, current: Person | None = None) -> Found:
    """The person of a WeChat user: known openid, else same unionid, else who is signed in now, else a new one.

    Raises PersonDisabled.
    """
    person = _known(visitor)
    if person is not None:
        return Found(_enabled(person), new=False)
    owner = _by_union(visitor) or _attachable(current, visitor)
    moment = now()
    try:
        with transaction.atomic():
            person = owner or Person.objects.create(
                nickname=visitor.nickname[:20] or default_nickname(), created_at=moment
            )
            Channel.objects.create(
                person=_enabled(person),
                kind=visitor.kind,
                appid=visitor.appid,
                openid=visitor.openid,
                unionid=visitor.unionid,
                created_at=moment,
            )
    except IntegrityError:
        known = _known(visitor)
        if known is None:
            raise
        return Found(_enabled(known), new=False)
    return Found(person, new=owner is None)
