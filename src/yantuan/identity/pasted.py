"""A pasted address, read into the parts of the form. Nothing of it is kept."""

from __future__ import annotations

from typing import cast

from yantuan.identity.models import Person
from yantuan.identity.rules import MOBILE
from yantuan.identity.schemas import AddressPart, AddressReadOut
from yantuan.kernel import ratelimit
from yantuan.readers.address import read
from yantuan.readers.address.home import split_home

PER_MINUTE = 30
_REGION = ("province", "city", "district")


def read_pasted(person: Person, text: str) -> AddressReadOut:
    """The parts that are certain; `guessed` names those that do not stand in the text as they are. Raises TooMany."""
    ratelimit.hit(f"address-read:{person.id}", limit=PER_MINUTE, seconds=60)
    found = read(text)
    home = split_home(found.detail or "")
    phone = found.phone or ""
    takes = bool(MOBILE.fullmatch(phone))
    detail = (found.street_or_town or "") + home.detail
    if takes and found.phone_ext and detail:
        # Who delivers can't reach a number of this kind without it.
        detail += f"（电话转{found.phone_ext}）"
    guessed: list[str] = [part for part in _REGION if (value := getattr(found, part)) and value not in text]
    guessed += [part for part in ("building", "unit", "room") if getattr(home, part)]
    return AddressReadOut(
        name=found.name or "",
        phone=phone if takes else "",
        phone_not_taken="" if takes else phone,
        province=found.province or "",
        city=found.city or "",
        district=found.district or "",
        detail=detail,
        building=home.building,
        unit=home.unit,
        room=home.room,
        note=found.note or "",
        missing=cast(list[AddressPart], found.missing),
        guessed=cast(list[AddressPart], guessed),
    )
