"""The verbs of coupons: issue, change, take a copy, give it back, take it again.

Locks: the coupon row comes after an order, the pools and the counters, as in placing.
"""

from __future__ import annotations

from django.db import IntegrityError, connection, transaction
from django.db.models import F, Max, Q

from yantuan.catalog.models import StockPool
from yantuan.groupbuys.access import access_group_buy
from yantuan.groupbuys.models import GroupCounter
from yantuan.identity.models import Person
from yantuan.kernel import audit
from yantuan.kernel.actors import Actor
from yantuan.kernel.clock import now
from yantuan.kernel.errors import Conflict, Invalid, NotFound
from yantuan.kernel.ids import new_id
from yantuan.orders.models import Order
from yantuan.promotions.access import access_coupon
from yantuan.promotions.models import Coupon, CouponClaim, CouponReturn, CouponUse
from yantuan.promotions.rules import MAX_LIVE, check_terms, refusal
from yantuan.promotions.schemas import CouponChange, CouponIn
from yantuan.stores.access import access_store
from yantuan.stores.models import Store


def issue_coupon(person: Person, store_id: int, data: CouponIn) -> Coupon:
    """A new issue. Raises Invalid `coupon_invalid`, Conflict `coupon_code_taken` or `too_many_coupons`."""
    store = access_store(person, store_id)
    if data.group_buy_id is not None and access_group_buy(person, data.group_buy_id).store_id != store.id:
        raise NotFound
    check_terms(data, data.starts_at, data.ends_at)
    moment = now()
    if data.ends_at <= moment:
        raise Invalid("coupon_invalid", "结束时间已经过了", "The end is past.", field="ends_at")
    if Coupon.objects.filter(store=store, stopped_at=None, ends_at__gt=moment).count() >= MAX_LIVE:
        raise Conflict("too_many_coupons", "有效的优惠券太多了，请先停用一些", "Stop some coupons first.")
    values = data.model_dump() | {"code": data.code.upper()}
    try:
        with transaction.atomic():
            coupon = Coupon.objects.create(store=store, created_at=moment, **values)
            _tell_pages(store.id)
            _note(person, coupon, "coupon.issue")
    except IntegrityError:
        raise Conflict("coupon_code_taken", "这个口令已经用过了，请换一个", "The code is taken.") from None
    return coupon


def change_coupon(person: Person, coupon_id: int, data: CouponChange) -> Coupon:
    """Change bounds and end of an issue, stop it or let it go on; copies keep their worth. Raises Invalid `coupon_invalid`."""
    access_coupon(person, coupon_id)
    with transaction.atomic():
        coupon = Coupon.objects.select_for_update(no_key=True).get(id=coupon_id)
        check_terms(coupon, coupon.starts_at, data.ends_at)
        if data.total and data.total < coupon.claimed:
            raise Invalid(
                "coupon_invalid",
                f"已领出 {coupon.claimed} 张，总数不能更少",
                "More are taken.",
                field="total",
            )
        if data.budget_fen and data.budget_fen < coupon.used_fen:
            raise Invalid(
                "coupon_invalid", "预算不能少于已用的金额", "More of it is spent.", field="budget_fen"
            )
        coupon.ends_at, coupon.total, coupon.budget_fen = data.ends_at, data.total, data.budget_fen
        coupon.stopped_at = (coupon.stopped_at or now()) if data.stopped else None
        coupon.save(update_fields=["ends_at", "total", "budget_fen", "stopped_at"])
        _tell_pages(coupon.store_id)
        _note(person, coupon, "coupon.change")
    return coupon


def _tell_pages(store_id: int) -> None:
    """Two issues at once see one another."""
    Store.objects.select_for_update(no_key=True).get(id=store_id)
    last = Coupon.objects.filter(store_id=store_id, stopped_at=None).aggregate(last=Max("ends_at"))["last"]
    Store.objects.filter(id=store_id).update(coupons_until=last)


def _note(person: Person, coupon: Coupon, action: str) -> None:
    audit.record(
        Actor("leader", person.id),
        action,
        "coupon",
        coupon.id,
        store_id=coupon.store_id,
        total=coupon.total,
        budget_fen=coupon.budget_fen,
        stopped=coupon.stopped_at is not None,
    )


def claim(person: Person, coupon_id: int) -> Coupon:
    """Take a copy of a coupon that is shown publicly. Raises NotFound, Conflict `coupon_*`."""
    return _claim(person, Q(id=coupon_id, code=""))


def redeem(person: Person, store_code: str, code: str) -> Coupon:
    """Take a copy by its code. Raises Conflict `coupon_code_unknown`, `coupon_*`."""
    try:
        return _claim(person, Q(store__code=store_code, code=code.strip().upper()) & ~Q(code=""))
    except NotFound:
        raise Conflict("coupon_code_unknown", "没有这个口令，请核对后再试", "No such code.") from None


def _claim(person: Person, which: Q) -> Coupon:
    with transaction.atomic():
        coupon = Coupon.objects.select_for_update(no_key=True, of=("self",)).filter(which).first()
        if coupon is None:
            raise NotFound
        held = CouponClaim.objects.filter(coupon=coupon, person=person).count()
        refused = refusal(coupon, held, has_ordered(person.id, coupon.store_id), now())
        if refused is not None:
            raise refused
        CouponClaim.objects.create(coupon=coupon, person=person, nth=held + 1, claimed_at=now())
        Coupon.objects.filter(id=coupon.id).update(claimed=F("claimed") + 1)
    return coupon


def has_ordered(person_id: int, store_id: int) -> bool:
    """Whether the person paid an order of this store that was not wholly given back."""
    return (
        Order.objects.filter(person_id=person_id, store_id=store_id, paid_at__isnull=False)
        .exclude(payment="refunded")
        .exists()
    )


def give_back(order: Order) -> None:
    """The order closed unpaid: its copy is free again and the budget has its money; in the closing transaction."""
    if not _used_one(order):
        return
    use = CouponUse.objects.filter(order_id=order.id).first()
    if use is None:
        return
    _lock(use.coupon_id)
    if CouponUse.objects.filter(id=use.id).delete()[0]:
        Coupon.objects.filter(id=use.coupon_id).update(used=F("used") - 1, used_fen=F("used_fen") - use.fen)
        CouponReturn.objects.update_or_create(
            order_id=order.id, defaults={"claim_id": use.claim_id, "fen": use.fen}
        )


def take_again(order: Order) -> bool:
    """Money came for the closed order: its copy is taken again. False where it is spent elsewhere or the budget is."""
    if not _used_one(order):
        return True
    back = CouponReturn.objects.select_related("claim").filter(order_id=order.id).first()
    if back is None:
        return False
    pools = StockPool.objects.select_for_update(no_key=True)
    list(pools.filter(id__in=order.lines.values_list("pool_id", flat=True)).order_by("id"))
    # Counted again right after this: its lock comes before the coupon's, as in placing.
    GroupCounter.objects.select_for_update(no_key=True).filter(group_buy_id=order.group_buy_id).first()
    coupon = _lock(back.claim.coupon_id)
    fits = not coupon.budget_fen or coupon.used_fen + back.fen <= coupon.budget_fen
    if not fits or CouponUse.objects.filter(claim_id=back.claim_id).exists():
        return False
    CouponUse.objects.create(
        id=new_id(), claim=back.claim, coupon=coupon, order_id=order.id, fen=back.fen, used_at=now()
    )
    Coupon.objects.filter(id=coupon.id).update(used=F("used") + 1, used_fen=F("used_fen") + back.fen)
    back.delete()
    return True


def _lock(coupon_id: int) -> Coupon:
    if not connection.in_atomic_block:
        raise RuntimeError("a coupon may be locked only inside a transaction")
    return Coupon.objects.select_for_update(no_key=True).get(id=coupon_id)


def _used_one(order: Order) -> bool:
    return any(one["kind"] in ("coupon", "coupon_freight") for one in order.deductions or ())
