"""注销: the person goes, the legal skeleton of what they bought stays."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from django.db import transaction
from django.db.models import Q, QuerySet

from yantuan.gate.models import PickupPass
from yantuan.hosts.models import PointHost
from yantuan.identity.models import Address, Channel, Person, Session, SmsCode
from yantuan.kernel import audit, outbox
from yantuan.kernel.actors import Actor
from yantuan.kernel.clock import now
from yantuan.kernel.errors import Conflict, NotFound
from yantuan.kernel.models import IdempotencyRecord
from yantuan.leaders.models import Certification, InviteCode, Leader
from yantuan.leaders.rules import checked_reason
from yantuan.media.keeping import remove
from yantuan.media.models import Media
from yantuan.members.models import Member, MemberTag
from yantuan.moderation.models import Submission
from yantuan.notices.models import Consent, ConsentMark, Delivery, InboxMessage
from yantuan.orders.models import Order, Participation
from yantuan.orders.states import LIVE_PAYMENTS, PAID_PAYMENTS
from yantuan.payments.attempts import LIVE
from yantuan.payments.models import PaymentAttempt, Refund
from yantuan.payments.refunds import UNFINISHED
from yantuan.privacy import scrub
from yantuan.proxies.forgetting import blank
from yantuan.proxies.models import StandIn
from yantuan.shipinfo.models import ShippingInfo
from yantuan.staff.models import StaffMember
from yantuan.stores.models import BlockedBuyer, Store
from yantuan.waiting.actions import leave_all

FORGOTTEN: Final = "person.forgotten"
"""Outbox topic: somebody left; `person_id`. Their pictures, and what came in at the same moment, go after the commit."""
LEFT: Final = "本人已注销"
_LOOK_AGAIN_SECONDS = 6 * 3600
_DELIVERED = ("received", "picked")


@dataclass(frozen=True)
class Obstacle:
    """Something still under way that needs the person."""

    code: str
    zh: str
    en: str
    count: int


def obstacles(person_id: int) -> list[Obstacle]:
    """What must be finished before this person can go; empty when nothing is."""
    mine = Order.objects.filter(person_id=person_id)
    undelivered = mine.filter(payment__in=PAID_PAYMENTS).exclude(delivery__in=_DELIVERED)
    live = PaymentAttempt.objects.filter(order__person_id=person_id, state__in=LIVE)
    refunds = Refund.objects.filter(order__person_id=person_id, state__in=UNFINISHED)
    told = ShippingInfo.objects.filter(order__person_id=person_id, next_try_at__isnull=False)
    stores = Store.objects.filter(leader__person_id=person_id)
    unpaid = mine.filter(Q(payment__in=LIVE_PAYMENTS) | Q(id__in=live.values("order_id")))
    found: list[tuple[str, str, str, QuerySet[Any]]] = [
        ("unpaid", "个未付款的订单", "unpaid orders", unpaid),
        ("undelivered", "个已付款、未完成的订单", "paid orders not delivered yet", undelivered),
        ("aftersale", "个处理中的售后", "open after-sales", mine.filter(aftersale="open")),
        ("refund", "笔处理中的退款", "refunds on their way", refunds),
        ("shipping", "笔等待上传的发货信息", "shipments WeChat has not been told of", told),
        ("store", "个卖场（团长请先与平台办理停业）", "stores of their own", stores),
    ]
    return [Obstacle(code, zh, en, n) for code, zh, en, rows in found if (n := rows.count())]


def forget(person_id: int, reason: str, actor: Actor) -> None:
    """Erase a person. Again: no change.

    Raises NotFound, Invalid `reason_needed`, Conflict `person_busy` naming what is under way.
    """
    words = checked_reason(reason)
    with transaction.atomic():
        person = Person.objects.select_for_update().filter(id=person_id).first()
        if person is None:
            raise NotFound
        if _is_gone(person):
            return
        _refuse_busy(person_id)
        _erase_trade(person_id)
        _erase_seller(person)
        _erase_person(person)
        audit.record(actor, "person.forget", "person", person_id, reason=words)
        outbox.emit(FORGOTTEN, {"person_id": str(person_id)}, key=f"forgotten:{person_id}")


def _is_gone(person: Person) -> bool:
    return person.disabled_at is not None and person.nickname == scrub.GONE and person.phone_hash is None


def _refuse_busy(person_id: int) -> None:
    found = obstacles(person_id)
    if found:
        told = "、".join(f"{one.count} {one.zh}" for one in found)
        told_en = ", ".join(f"{one.count} {one.en}" for one in found)
        raise Conflict(
            "person_busy",
            f"还不能注销：有 {told}，处理完再办理",
            f"Not yet: there are {told_en}.",
            obstacles={one.code: one.count for one in found},
        )


def _erase_trade(person_id: int) -> None:
    scrub.orders(list(Order.objects.filter(person_id=person_id).values_list("id", flat=True)))
    Participation.objects.filter(person_id=person_id).update(anonymous=True)
    Order.objects.filter(person_id=person_id).update(anonymous=True)
    Delivery.objects.filter(channel="buyer", recipient__startswith=f"{person_id}/").delete()
    for model in (InboxMessage, Consent, ConsentMark):
        model.objects.filter(person_id=person_id).delete()
    Submission.objects.filter(kind="person", subject_id=person_id).delete()
    IdempotencyRecord.objects.filter(scope__contains=f":{person_id}:").delete()


def _erase_seller(person: Person) -> None:
    """Somebody who joined as a leader and never opened a store. The keyed hash of their papers stays: it points at nobody,
    and keeps who was banned from coming back."""
    leader = Leader.objects.select_for_update().filter(person=person).first()
    if leader is not None:
        if leader.suspended_at is None:
            leader.suspended_at, leader.suspend_reason = now(), LEFT
        leader.display_name = scrub.GONE
        leader.save(update_fields=["display_name", "suspended_at", "suspend_reason"])
        Certification.objects.filter(leader=leader).update(
            legal_name=scrub.GONE, id_number_sealed="", id_number_tail="", contact_name=""
        )
    if person.phone_hash:
        bound = InviteCode.objects.filter(phone_hash=person.phone_hash)
        # A code for one phone must not become one for everybody.
        bound.filter(revoked_at=None).update(revoked_at=now())
        bound.update(phone_hash=scrub.GONE, phone_last4="", note="")


def _erase_person(person: Person) -> None:
    Member.objects.filter(person=person).update(note="", door="")
    MemberTag.objects.filter(member__person=person).delete()
    BlockedBuyer.objects.filter(person_id=person.id).delete()
    leave_all(person)
    blank(StandIn.objects.filter(Q(person=person) | Q(claimed_by=person.id)))
    helped = StaffMember.objects.filter(person=person)
    helped.filter(revoked_at=None).update(revoked_at=now())
    helped.update(note="")
    PickupPass.objects.filter(person=person).delete()
    hosting = PointHost.objects.filter(person=person)
    hosting.filter(revoked_at=None).update(revoked_at=now())
    hosting.update(note="")
    for model in (Session, Channel, Address):
        model.objects.filter(person_id=person.id).delete()
    if person.phone_hash:
        SmsCode.objects.filter(phone_hash=person.phone_hash).delete()
    person.nickname, person.avatar_media_id = scrub.GONE, None
    person.phone_hash, person.phone_sealed, person.phone_last4 = None, "", ""
    person.show_in_lists, person.disabled_at = False, now()
    person.save()


@outbox.on(FORGOTTEN)
def finish(payload: dict[str, Any]) -> None:
    """After the commit: destroy every picture of theirs; an order that was being placed at that moment is blanked when it is over."""
    person_id = int(payload["person_id"])
    remove(Media.objects.filter(owner_id=person_id, removed_at=None).values_list("id", flat=True))
    left = Order.objects.filter(person_id=person_id).exclude(recipient_name=scrub.GONE)
    if not left.exists():
        return
    if obstacles(person_id):
        raise outbox.Later(_LOOK_AGAIN_SECONDS)
    with transaction.atomic():
        _erase_trade(person_id)
