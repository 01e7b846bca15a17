"""A person's copy of everything held of them (PIPL, article 45): machine-readable, complete, and nothing of others."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import Any

from django.db.models import Model, QuerySet

from yantuan.aftersales.models import AfterSale
from yantuan.fulfilment.models import Shipment
from yantuan.groupbuys.models import GroupBuy
from yantuan.groupbuys.options import sale_options_of
from yantuan.identity.models import Address, Channel, Person, Session
from yantuan.identity.phones import hash_phone, phone_of
from yantuan.kernel import audit
from yantuan.kernel.actors import Actor
from yantuan.kernel.clock import now
from yantuan.kernel.errors import NotFound
from yantuan.kernel.tokens import unseal
from yantuan.leaders.models import Certification, Leader
from yantuan.media import files
from yantuan.media.models import Media
from yantuan.notices.models import Consent, InboxMessage
from yantuan.orders.models import LocalDelivery, Order, OrderEvent, OrderLine, Participation
from yantuan.payments.models import OfflineProof, PaymentAttempt, Refund
from yantuan.promotions.models import CouponClaim
from yantuan.stores.freight import freight_template_of
from yantuan.stores.models import Store
from yantuan.teams.models import Seat
from yantuan.waiting.models import Wish

Json = dict[str, Any]
_PLACE = ("province", "city", "district", "detail", "building", "unit", "room")
_SUMS = ("goods_fen", "freight_fen", "discount_fen", "total_fen", "paid_fen", "refunded_fen")


def find(number: str) -> Person:
    """The person of an id or a mobile number. Raises NotFound."""
    text = number.strip()
    found = None
    if text.isascii() and text.isdigit() and len(text) <= 19:
        by_phone = Person.objects.filter(phone_hash=hash_phone(text)).first() if len(text) == 11 else None
        found = by_phone or Person.objects.filter(id=int(text)).first()
    if found is None:
        raise NotFound("没有这个人的资料，请核对编号或手机号", "Nobody has this id or phone.")
    return found


def copy_of(person: Person, actor: Actor) -> Json:
    """Everything held of a person, as JSON; audited. Amounts in fen, times in ISO 8601."""
    audit.record(actor, "person.export", "person", person.id)
    return {
        "made_at": now().isoformat(),
        "person": _person(person),
        "sign_in_channels": _plain(Channel.objects.filter(person=person), "kind", "appid", "openid", "unionid", "created_at"),
        "sessions": _plain(Session.objects.filter(person=person), "client", "user_agent", "created_at", "seen_at", "expires_at"),
        "addresses": [_address(row) for row in Address.objects.filter(person=person).order_by("id")],
        "orders": [_order(row) for row in Order.objects.filter(person=person).order_by("id").iterator()],
        "participations": _plain(Participation.objects.filter(person=person), "group_buy_id", "number", "anonymous", "created_at"),
        "coupons": _plain(CouponClaim.objects.filter(person=person), "coupon_id", "nth", "claimed_at"),
        "waiting_places": _plain(Wish.objects.filter(person=person), "offer_id", "quantity", "state", "lined_up_at", "until"),
        "teams": _plain(Seat.objects.filter(person=person), "team_id", "order_id", "state", "taken_at"),
        "messages": _plain(InboxMessage.objects.filter(person_id=person.id), "role", "title", "body", "created_at", "read_at"),
        "message_consents": _plain(Consent.objects.filter(person_id=person.id), "template_id", "permits", "updated_at"),
        "leader": _leader(person),
        "pictures": [
            {"id": str(m.id), "purpose": m.purpose, "created_at": m.created_at.isoformat(), "file": f"pictures/{m.id}.webp"}
            for m in pictures_of(person)
        ],
    }  # fmt: skip


def pictures_of(person: Person) -> list[Media]:
    """The pictures they uploaded that are still there."""
    return list(Media.objects.filter(owner_id=person.id, removed_at=None).order_by("id"))


def write(person: Person, folder: Path, actor: Actor) -> Path:
    """The copy as `person-<id>/data.json` with the pictures beside it, readable by this user only; answers the folder.

    Raises FileExistsError when it stands there already: a copy is never mixed with an older one.
    """
    target = folder / f"person-{person.id}"
    target.mkdir(mode=0o700, parents=True)
    _put(target / "data.json", as_bytes(copy_of(person, actor)))
    for media in pictures_of(person):
        try:
            data = files.path_of(media.key).read_bytes()
        except FileNotFoundError:
            continue
        (target / "pictures").mkdir(mode=0o700, exist_ok=True)
        _put(target / "pictures" / f"{media.id}.webp", data)
    return target


def as_bytes(data: Json) -> bytes:
    """UTF-8, indented, for people and programs."""
    return json.dumps(data, ensure_ascii=False, indent=1).encode()


def _put(path: Path, data: bytes) -> None:
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(data)


def _plain(rows: QuerySet[Any], *fields: str) -> list[Json]:
    return [
        dict(zip(fields, map(_value, row), strict=True)) for row in rows.order_by("pk").values_list(*fields)
    ]


def _value(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.isoformat()
    # Ids are longer than what other programs' numbers hold.
    return str(value) if isinstance(value, int) and abs(value) > 2**53 else value


def _of(row: Model, *fields: str) -> Json:
    return {name: _value(getattr(row, name)) for name in fields}


def _person(person: Person) -> Json:
    return {
        **_of(
            person,
            "id",
            "nickname",
            "show_in_lists",
            "language",
            "agreed_terms_at",
            "disabled_at",
            "created_at",
        ),
        "phone": phone_of(person.phone_sealed),
    }


def _address(row: Address) -> Json:
    return {
        **_of(row, "name", *_PLACE, "lat_e6", "lng_e6", "is_default", "created_at"),
        "phone": phone_of(row.phone_sealed),
    }


def _order(order: Order) -> Json:
    of_order = {"order": order}
    return {
        **_of(order, "id", "store_id", "group_buy_id", "number", "payment", "delivery", "aftersale", "payment_method",
              "delivery_method", *_SUMS, "recipient_name", *_PLACE, "remark", "answers", "pickup_snapshot",
              "placed_at", "paid_at", "closed_at", "close_reason", "shipped_at", "received_at"),
        "phone": phone_of(order.phone_sealed),
        "distance": _plain(LocalDelivery.objects.filter(**of_order), "metres", "up_to_m", "fee_fen"),
        "lines": _plain(OrderLine.objects.filter(**of_order), "title", "sku_name", "price_fen", "quantity", "amount_fen"),
        "payments": _plain(PaymentAttempt.objects.filter(**of_order), "trade_type", "out_trade_no", "transaction_id",
                           "amount_fen", "paid_fen", "state", "payer_openid", "success_at"),
        "refunds": _plain(Refund.objects.filter(**of_order), "out_refund_no", "amount_fen", "reason", "state", "done_at"),
        "proofs": _plain(OfflineProof.objects.filter(**of_order), "amount_fen", "note", "media_id", "state", "created_at"),
        "parcels": _plain(Shipment.objects.filter(**of_order), "carrier_name", "tracking_no", "created_at"),
        "aftersales": _plain(AfterSale.objects.filter(**of_order), "kind", "reason", "description", "state",
                             "requested_fen", "agreed_fen", "created_at", "settled_at"),
        "events": _plain(OrderEvent.objects.filter(**of_order), "at", "axis", "event", "before", "after"),
    }  # fmt: skip


def _leader(person: Person) -> Json | None:
    leader = Leader.objects.filter(person=person).first()
    if leader is None:
        return None
    return {
        **_of(leader, "id", "display_name", "certification", "certified_at", "suspended_at", "suspend_reason", "created_at"),
        "certifications": list(_certifications(leader)),
        "stores": _plain(Store.objects.filter(leader=leader), "id", "name", "contact_wechat", "contact_phone", "return_name",
                         "return_phone", "return_address", "created_at"),
        "delivery_origins": list(_origins(leader)),
    }  # fmt: skip


def _origins(leader: Leader) -> Iterator[Json]:
    """Where their goods leave from, of each store and sale that brings by distance."""
    for store_id, kept in (
        Store.objects.filter(leader=leader).order_by("id").values_list("id", "freight_template")
    ):
        template = freight_template_of(kept)
        if template and template.distance:
            yield {"store_id": str(store_id), **asdict(template.distance.origin)}
    sales = GroupBuy.objects.filter(store__leader=leader).order_by("id").values_list("id", "options")
    for sale_id, options in sales.iterator():
        own = sale_options_of(options).money.freight
        if own and own.distance:
            yield {"group_buy_id": str(sale_id), **asdict(own.distance.origin)}


def _certifications(leader: Leader) -> Iterator[Json]:
    for row in Certification.objects.filter(leader=leader).order_by("id"):
        sealed = row.id_number_sealed
        yield {
            **_of(
                row,
                "kind",
                "legal_name",
                "contact_name",
                "category",
                "state",
                "reason",
                "created_at",
                "decided_at",
            ),
            "id_number": unseal("id-number", sealed) if sealed else "",
        }
