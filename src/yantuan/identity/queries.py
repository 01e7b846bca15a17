"""Reads about people, masked by default."""

from __future__ import annotations

from collections.abc import Iterable

from yantuan.identity.models import Address, Channel, Person, Session
from yantuan.identity.phones import hash_phone, mask_phone, phone_of, seal_phone
from yantuan.identity.rules import AddressLike, address_text, masked_name
from yantuan.identity.schemas import AddressOut, SessionRow
from yantuan.kernel.clock import now
from yantuan.kernel.spots import spot_of

__all__ = [
    "AddressLike",
    "address_out",
    "address_text",
    "addresses_of",
    "hash_phone",
    "mask_phone",
    "masked_name",
    "nicknames",
    "openid_of",
    "phone_of",
    "seal_phone",
    "session_rows",
]


def address_out(address: Address) -> AddressOut:
    """An address for its owner, with the full phone."""
    return AddressOut(
        id=str(address.id),
        name=address.name,
        phone=phone_of(address.phone_sealed),
        province=address.province,
        city=address.city,
        district=address.district,
        detail=address.detail,
        building=address.building,
        unit=address.unit,
        room=address.room,
        spot=spot_of(address.lat_e6, address.lng_e6),
        is_default=address.is_default,
        text=address_text(address),
    )


def addresses_of(person: Person) -> list[AddressOut]:
    """The person's addresses, the default one first, then the newest."""
    rows = Address.objects.filter(person_id=person.id).order_by("-is_default", "-id")
    return [address_out(row) for row in rows]


def session_rows(person: Person, current_id: int | None) -> list[SessionRow]:
    """The person's live sessions, the latest used first."""
    rows = Session.objects.filter(person_id=person.id, revoked_at=None, expires_at__gt=now())
    return [
        SessionRow(
            id=str(row.id),
            client=row.client,
            user_agent=row.user_agent,
            seen_at=row.seen_at,
            current=row.id == current_id,
        )
        for row in rows.order_by("-seen_at", "-id")
    ]


def nicknames(person_ids: Iterable[int]) -> dict[int, str]:
    """Nicknames by person id, in one query."""
    return dict(Person.objects.filter(id__in=set(person_ids)).values_list("id", "nickname"))


def openid_of(person_id: int, appid: str) -> str:
    """The person's openid in one app (mini-program or official account), or empty."""
    rows = Channel.objects.filter(person_id=person_id, appid=appid)
    return rows.values_list("openid", flat=True).first() or ""
