"""From the body of a checkout to a draft."""

from __future__ import annotations

import hashlib

from yantuan.identity.phones import seal_phone
from yantuan.kernel.actors import Actor
from yantuan.orders.drafts import Draft, DraftLine, Recipient, TeamWish
from yantuan.orders.schemas import OrderIn, PickupContact, TeamIn


def body_hash(body: OrderIn) -> str:
    """The same checkout hashes alike however its JSON is written."""
    return hashlib.sha256(body.model_dump_json().encode()).hexdigest()


def draft_of(body: OrderIn, person_id: int, idempotency_key: str) -> Draft:
    """The draft of a buyer's own checkout; `idempotency_key` has passed `check_key`."""
    return Draft(
        person_id=person_id,
        group_buy_id=body.group_buy_id,
        lines=tuple(DraftLine(line.offer_id, line.quantity, line.wish or 0) for line in body.lines),
        delivery_method=body.delivery_method,
        payment_method=body.payment_method,
        expected_total_fen=body.expected_total_fen,
        idempotency_key=idempotency_key,
        body_hash=body_hash(body),
        actor=Actor("buyer", person_id),
        address_id=body.address_id,
        pickup_point_id=body.pickup_point_id,
        contact=_contact(body.contact) if body.contact and body.delivery_method == "pickup" else None,
        answers=tuple((answer.question_id, answer.answer) for answer in body.answers),
        remark=body.remark,
        anonymous=body.anonymous,
        share_token=body.share_token,
        coupon_id=body.coupon_id,
        team=wish_of(body.team),
        adds=body.adds or body.joins_order_id is not None,
        joins=body.joins_order_id,
    )


def wish_of(team: TeamIn | None) -> TeamWish | None:
    """Alone (None), in a new team, or in the one that is named."""
    return TeamWish(team.id) if team is not None else None


def _contact(contact: PickupContact) -> Recipient:
    return Recipient(
        name=contact.name,
        phone_sealed=seal_phone(contact.phone),
        phone_last4=contact.phone[-4:],
        building=contact.building,
        unit=contact.unit,
        room=contact.room,
    )
