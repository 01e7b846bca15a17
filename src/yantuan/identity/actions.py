"""What a person changes about themselves, and how operators are made."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.models import User
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import transaction

from yantuan.identity.access import access_address
from yantuan.identity.models import Address, Person
from yantuan.identity.phones import seal_phone
from yantuan.identity.rules import ADDRESSES_PER_PERSON
from yantuan.identity.schemas import AddressIn, PersonIn
from yantuan.kernel import audit, said
from yantuan.kernel.actors import SYSTEM
from yantuan.kernel.clock import now
from yantuan.kernel.errors import Conflict, Invalid

_PASSWORD_MIN = 10
SAID_AS = "person"
SHOWN = ("nickname", "avatar_media_id")
"""What others see of a person."""


def update_person(person: Person, changes: PersonIn) -> Person:
    """Change only what was sent. Where content is checked, a new name or picture is shown when it has passed. The caller has checked that `avatar_media_id` is the person's own avatar picture."""
    values = changes.model_dump(exclude_unset=True)
    fields = [name for name, value in values.items() if value is not None or name == "avatar_media_id"]
    wanted = {name: values[name] for name in fields}
    if not said.active():
        return _changed(person, wanted)
    with transaction.atomic():
        return _changed(person, _shown_now(person, wanted))


def _changed(person: Person, values: dict[str, Any]) -> Person:
    for name, value in values.items():
        setattr(person, name, value)
    if values:
        person.save(update_fields=list(values))
    return person


def _shown_now(person: Person, values: dict[str, Any]) -> dict[str, Any]:
    """What may be written now: a new name and picture when they have passed; until then everybody sees the old."""
    if not any(name in values for name in SHOWN):
        return values
    current = Person.objects.select_for_update(no_key=True).get(id=person.id)
    others = {name: value for name, value in values.items() if name not in SHOWN}
    wanted = _still_wanted(person.id) | {name: values[name] for name in SHOWN if name in values}
    wish = {name: value for name, value in wanted.items() if value != getattr(current, name)}
    if not wish:
        said.forget(SAID_AS, person.id)
        return others
    pieces = said.texts("昵称", "nickname", wish.get("nickname") or "")
    pieces += said.pictures("头像", "profile picture", [wish.get("avatar_media_id")])
    name = str(wish.get("nickname") or current.nickname)
    good = said.may_show(said.Said(SAID_AS, person.id, person.id, pieces, name, wish=wish))
    return others | wish if good else others


def _still_wanted(person_id: int) -> dict[str, Any]:
    """A name or picture that waits already: a change of the other one must not lose it. A refused one is given up."""
    review = said.reviews(SAID_AS, [person_id]).get(person_id)
    return dict(review.wish or {}) if review is not None and review.state != "rejected" else {}


def _parts(data: AddressIn) -> dict[str, Any]:
    values = data.model_dump(exclude={"phone", "is_default", "spot"})
    point = {
        "lat_e6": data.spot.lat_e6 if data.spot else None,
        "lng_e6": data.spot.lng_e6 if data.spot else None,
    }
    return values | point | {"phone_sealed": seal_phone(data.phone), "phone_last4": data.phone[-4:]}


def add_address(person: Person, data: AddressIn) -> Address:
    """Save an address; the first one is the default. Raises Conflict `too_many_addresses`."""
    with transaction.atomic():
        Person.objects.select_for_update().get(id=person.id)
        count = Address.objects.filter(person_id=person.id).count()
        if count >= ADDRESSES_PER_PERSON:
            raise Conflict(
                "too_many_addresses",
                f"最多保存 {ADDRESSES_PER_PERSON} 个地址，请先删除不用的",
                f"At most {ADDRESSES_PER_PERSON} addresses; delete one first.",
            )
        default = data.is_default or count == 0
        if default:
            _no_default(person)
        return Address.objects.create(
            person_id=person.id, is_default=default, created_at=now(), **_parts(data)
        )


def change_address(person: Person, address_id: int, data: AddressIn) -> Address:
    """Replace an own address. Orders keep the copy they were placed with. Raises NotFound."""
    with transaction.atomic():
        Person.objects.select_for_update().get(id=person.id)
        address = access_address(person, address_id)
        if data.is_default:
            _no_default(person)
        for name, value in _parts(data).items():
            setattr(address, name, value)
        address.is_default = data.is_default
        address.save()
        return address


def delete_address(person: Person, address_id: int) -> None:
    """Delete an own address; if it was the default the newest other one becomes it. Raises NotFound."""
    with transaction.atomic():
        Person.objects.select_for_update().get(id=person.id)
        address = access_address(person, address_id)
        address.delete()
        if address.is_default:
            newest = Address.objects.filter(person_id=person.id).order_by("-id").first()
            if newest is not None:
                Address.objects.filter(id=newest.id).update(is_default=True)


def _no_default(person: Person) -> None:
    Address.objects.filter(person_id=person.id, is_default=True).update(is_default=False)


def _is_weak(name: str, password: str) -> bool:
    """Whether it is one of the twenty thousand most common ones, or near the name."""
    try:
        validate_password(password, User(username=name))
    except ValidationError:
        return True
    return False


def create_operator(username: str, password: str) -> User:
    """An operator of the console; the second factor is set up at the first sign-in.

    Raises Conflict `operator_exists`, Invalid `password_weak` or `username_invalid`.
    """
    name = username.strip()
    if not 1 <= len(name) <= 150:
        raise Invalid("username_invalid", "请填写用户名", "A user name is needed.", field="username")
    if len(password) < _PASSWORD_MIN or len(set(password)) < 5 or _is_weak(name, password):
        raise Invalid(
            "password_weak",
            f"密码至少 {_PASSWORD_MIN} 位，不能太简单",
            f"The password needs at least {_PASSWORD_MIN} characters and must not be trivial.",
            field="password",
        )
    with transaction.atomic():
        if User.objects.filter(username=name).exists():
            raise Conflict("operator_exists", "这个用户名已被使用", "The user name is taken.")
        user = User.objects.create_user(name, password=password, is_staff=True, is_superuser=True)
        audit.record(SYSTEM, "operator.create", "operator", user.pk, username=name)
        return user
