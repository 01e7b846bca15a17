"""A leader orders for neighbours: through the one function that places orders, once per neighbour and sight."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

from django.db import IntegrityError, transaction

from yantuan.groupbuys.access import access_group_buy
from yantuan.groupbuys.models import GroupBuy
from yantuan.identity.models import Address, Person
from yantuan.identity.phones import hash_phone, seal_phone
from yantuan.kernel import audit
from yantuan.kernel.actors import Actor
from yantuan.kernel.clock import now
from yantuan.kernel.errors import AppError, Conflict, Invalid
from yantuan.kernel.ids import short_code
from yantuan.kernel.tokens import keyed_hash, seal, token_hash
from yantuan.orders.drafts import DeliveryMethod, Draft, DraftLine, Outcome, Placed, Recipient, Refused
from yantuan.orders.models import Order, Participation
from yantuan.orders.placing import place_orders
from yantuan.payments.recording import record_paid
from yantuan.proxies import rules
from yantuan.proxies.models import StandIn
from yantuan.proxies.schemas import ProxyIn, WishIn
from yantuan.stores.queries import available_payment_methods

PURPOSE = "proxy-link"


@dataclass(frozen=True)
class Answer:
    """What became of one wish: the order, and what is in the way, if anything is."""

    order: Order | None
    problem: AppError | None = None


@dataclass(frozen=True)
class _Target:
    person_id: int
    key: str
    recipient: Recipient
    point_id: int | None
    delivery: DeliveryMethod = "pickup"
    address_id: int | None = None
    """Written for this order only: it keeps a copy."""


def book(leader: Person, group_buy_id: int, body: ProxyIn) -> list[Answer]:
    """Place what the leader agreed to; one answer per neighbour, in order. The same again places nothing more.

    Raises NotFound for a sale of somebody else.
    """
    group_buy = access_group_buy(leader, group_buy_id)
    found = [_found(leader, group_buy, wish, body) for wish in body.people]
    drafts = [
        _draft(leader, group_buy, wish, target, body)
        for wish, target in zip(body.people, found, strict=True)
        if isinstance(target, _Target)
    ]
    try:
        outcomes = iter(place_orders(drafts))
    finally:
        Address.objects.filter(id__in=[one.address_id for one in drafts if one.address_id]).delete()
    answers = [
        Answer(None, target) if isinstance(target, AppError) else _answer(leader, wish, next(outcomes))
        for wish, target in zip(body.people, found, strict=True)
    ]
    placed = [str(one.order.id) for one in answers if one.order]
    if placed:
        audit.record(
            Actor("leader", leader.id), "proxy.book", "group_buy", group_buy.id, store_id=group_buy.store_id,
            orders=placed,
        )  # fmt: skip
    return answers


def _found(leader: Person, group_buy: GroupBuy, wish: WishIn, body: ProxyIn) -> _Target | AppError:
    try:
        if wish.number:
            return _known(group_buy, wish)
        return _new(leader, group_buy, wish, body.pickup_point_id)
    except AppError as error:
        return error


def _new(leader: Person, group_buy: GroupBuy, wish: WishIn, point_id: int | None) -> _Target:
    stand_in = _stand_in(leader, group_buy, wish)
    # By their keys and not by person: who claimed them is somebody else now, and agreeing again must find the same order.
    mine = Order.objects.filter(
        group_buy_id=group_buy.id, idempotency_key__startswith=rules.keys_of(stand_in.id)
    )
    ended = sum(payment in rules.GONE for payment in mine.values_list("payment", flat=True))
    phone = wish.phone or ""
    recipient = Recipient(
        _recipient(wish), seal_phone(phone) if phone else "", phone[-4:],
        building=wish.building, unit=wish.unit, room=wish.room,
    )  # fmt: skip
    key = rules.key_of_new(stand_in.id, ended)
    if wish.place is None:
        if point_id is None:
            raise Invalid(
                "proxy_place",
                "没有寄送地址，也没有选自提点",
                "Neither an address nor a pick-up point.",
                field="place",
            )
        return _Target(stand_in.holder_id, key, recipient, point_id)
    # Who has claimed them orders more themselves; here only what was agreed to before is found again.
    address_id = None if stand_in.claimed_by else _address(stand_in, wish).id
    return _Target(stand_in.holder_id, key, recipient, None, "courier", address_id)


def _recipient(wish: WishIn) -> str:
    """Whom the goods are for: on a parcel that may be another name than the chat's."""
    return (wish.recipient if wish.place is not None else "") or wish.name


def _address(stand_in: StandIn, wish: WishIn) -> Address:
    if wish.place is None or not wish.phone:
        raise Invalid(
            "proxy_phone",
            "寄快递要收件人的手机号，请补上",
            "A parcel needs the recipient's phone.",
            field="phone",
        )
    return Address.objects.create(
        person_id=stand_in.holder_id, name=_recipient(wish), phone_sealed=seal_phone(wish.phone),
        phone_last4=wish.phone[-4:], building=wish.building, unit=wish.unit, room=wish.room, created_at=now(),
        **wish.place.model_dump(),
    )  # fmt: skip


def _stand_in(leader: Person, group_buy: GroupBuy, wish: WishIn) -> StandIn:
    """The neighbour of this name at this door in this sale, made on first sight."""
    door = ["".join(wish.name.split()), wish.building, wish.unit, wish.room]
    if wish.place is not None:
        door += [wish.place.province, wish.place.city, wish.place.district, wish.place.detail]
    who = keyed_hash("stand-in", "/".join(door))
    known = StandIn.objects.filter(group_buy_id=group_buy.id, who=who).first()
    if known is not None:
        return known
    token, moment = short_code(22), now()
    try:
        with transaction.atomic():
            # Nobody asked them whether they want to be seen in public lists.
            person = Person.objects.create(nickname=wish.name, show_in_lists=False, created_at=moment)
            return StandIn.objects.create(
                store_id=group_buy.store_id, group_buy=group_buy, person=person, who=who,
                phone_hash=hash_phone(wish.phone) if wish.phone else "", token_hash=token_hash(token),
                token_sealed=seal(PURPOSE, token), created_by=leader.id, created_at=moment,
            )  # fmt: skip
    except IntegrityError:
        # Confirmed twice at once: the other one made it.
        return StandIn.objects.get(group_buy_id=group_buy.id, who=who)


def _known(group_buy: GroupBuy, wish: WishIn) -> _Target:
    """Somebody who takes part already gets more pieces the same way as before: one parcel."""
    join = Participation.objects.filter(group_buy_id=group_buy.id, number=wish.number).first()
    if join is None:
        raise rules.changed()
    mine = Order.objects.filter(group_buy_id=group_buy.id, person_id=join.person_id)
    key = rules.key_of_more(join.id, wish.seen)
    last = mine.exclude(payment__in=rules.GONE).order_by("-id").first()
    if last is None or (mine.count() != wish.seen and not mine.filter(idempotency_key=key).exists()):
        raise rules.changed()
    if last.delivery_method != "pickup":
        raise Conflict(
            "proxy_courier", "快递的订单请买家自己加购", "Only orders to be picked up can be added to."
        )
    kept = Recipient(
        last.recipient_name, last.phone_sealed, last.phone_last4,
        building=last.building, unit=last.unit, room=last.room,
    )  # fmt: skip
    return _Target(join.person_id, key, kept, last.pickup_point_id)


def _draft(leader: Person, group_buy: GroupBuy, wish: WishIn, target: _Target, body: ProxyIn) -> Draft:
    methods = available_payment_methods(group_buy.store)
    online = "wechatpay" in methods and not (wish.paid and "offline" in methods)
    # What makes it the same wish: amounts may have changed in between, and being paid is no part of it.
    place = wish.place.model_dump() if wish.place else target.point_id
    facts = (sorted((line.offer_id, line.quantity) for line in wish.lines), place)
    return Draft(
        person_id=target.person_id,
        group_buy_id=group_buy.id,
        lines=tuple(DraftLine(line.offer_id, line.quantity) for line in wish.lines),
        delivery_method=target.delivery,
        payment_method="wechatpay" if online else "offline",
        expected_total_fen=wish.expected_total_fen,
        idempotency_key=target.key,
        body_hash=hashlib.sha256(repr(facts).encode()).hexdigest(),
        actor=Actor("leader", leader.id),
        pickup_point_id=target.point_id,
        address_id=target.address_id,
        contact=target.recipient,
        remark=wish.remark,
        answers=tuple((answer.question_id, answer.answer) for answer in body.answers),
    )


def _answer(leader: Person, wish: WishIn, outcome: Outcome) -> Answer:
    if isinstance(outcome, Refused):
        return Answer(None, rules.in_leaders_words(outcome.error))
    assert isinstance(outcome, Placed)
    order = Order.objects.get(id=int(outcome.order.id))
    if wish.paid and order.payment == "unpaid":
        try:
            order = record_paid(leader, order.id)
        except AppError as error:
            # It is booked all the same; the leader sees both.
            return Answer(order, error)
    return Answer(order)


def stand_ins_of(person_ids: Sequence[int]) -> dict[int, StandIn]:
    """The stand-ins among these people, by person."""
    return {row.person_id: row for row in StandIn.objects.filter(person_id__in=person_ids)}
