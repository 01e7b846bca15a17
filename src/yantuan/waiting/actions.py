"""The verbs of a waiting list. Each wish changes under the lock of its pool, so that a place is given and given back once."""

from __future__ import annotations

from datetime import timedelta

from django.db import transaction

from yantuan.catalog import stock
from yantuan.catalog.models import StockPool
from yantuan.groupbuys.desk import status_of
from yantuan.groupbuys.limiting import quantity_problem
from yantuan.groupbuys.models import GroupBuy, Offer
from yantuan.groupbuys.options import offer_options_of, sale_options_of
from yantuan.identity.models import Person
from yantuan.kernel import outbox
from yantuan.kernel.clock import now
from yantuan.kernel.errors import Conflict, NotFound
from yantuan.waiting.models import Wish
from yantuan.waiting.queries import line_of
from yantuan.waiting.rules import allot, kept
from yantuan.waiting.states import LIVE, after, before

MOST_WISHES = 20
"""Live wishes one person may have in one sale."""


def line_up(person: Person, offer_id: int, quantity: int) -> Wish:
    """Take a place in the line of a sold-out offer, or change how much is wished for.

    Wishing for less keeps the place, for more begins anew at the end. Raises NotFound for offers nobody can see, Conflict
    where there is no waiting list, goods are left, or the quantity could never be ordered.
    """
    with transaction.atomic():
        offer = _offer(offer_id)
        pool = StockPool.objects.select_for_update(no_key=True).get(id=offer.pool_id)
        _check_wish(offer, quantity)
        mine = Wish.objects.filter(offer=offer, person=person, state__in=LIVE).first()
        if mine is not None:
            return _changed(mine, quantity)
        left = pool.available - kept(pool.available, line_of(pool.id))
        if left >= quantity:
            raise Conflict("still_in_stock", "还有货，可以直接下单", "There are goods left; order them.")
        live = Wish.objects.filter(group_buy_id=offer.group_buy_id, person=person, state__in=LIVE).count()
        if live >= MOST_WISHES:
            raise Conflict(
                "too_many_wishes", f"一个团最多候补 {MOST_WISHES} 个商品", "Too many places in this sale."
            )
        return Wish.objects.create(
            store_id=offer.store_id,
            group_buy_id=offer.group_buy_id,
            offer=offer,
            pool_id=offer.pool_id,
            person=person,
            quantity=quantity,
            lined_up_at=now(),
        )


def _offer(offer_id: int) -> Offer:
    offer = (
        Offer.objects.select_related("product", "group_buy__store__leader")
        .filter(id=offer_id, removed_at=None)
        .exclude(group_buy__state=GroupBuy.State.DRAFT)
        .first()
    )
    if offer is None:
        raise NotFound
    return offer


def _check_wish(offer: Offer, quantity: int) -> None:
    sale = offer.group_buy
    if not sale_options_of(sale.options).limits.waiting_minutes:
        raise Conflict("no_waiting_list", "这个团购没有开候补", "This sale has no waiting list.")
    if status_of(sale) != "open":
        raise Conflict("sale_not_running", "团购现在不能下单，不用候补了", "The sale takes no orders now.")
    problem = quantity_problem(offer_options_of(offer.options).limits, offer.product.title, quantity)
    if problem is not None:
        raise Conflict("quantity_unfit", *problem)
    if offer.limit_per_person and quantity > offer.limit_per_person:
        raise Conflict(
            "limit_reached",
            f"每人限购 {offer.limit_per_person} 件",
            "The limit per person is lower.",
            limit=offer.limit_per_person,
        )


def _changed(wish: Wish, quantity: int) -> Wish:
    if wish.quantity == quantity:
        return wish
    if wish.state == "offered":
        raise Conflict(
            "place_offered", "已经为您留好货了，请先下单或放弃", "A place is held for you already."
        )
    if quantity > wish.quantity:
        wish.lined_up_at = now()
    wish.quantity = quantity
    wish.save(update_fields=["quantity", "lined_up_at"])
    return wish


def leave(person: Person, wish_id: int) -> Wish:
    """Give a place up; what was held goes back. Again: no change. NotFound for a wish of somebody else."""
    with transaction.atomic():
        wish = Wish.objects.filter(id=wish_id, person=person).first()
        if wish is None:
            raise NotFound
        end(wish, "leave")
        wish.refresh_from_db()
        return wish


def leave_all(person: Person) -> None:
    """Give up every place of somebody whose account is being closed, in the caller's transaction."""
    for wish in Wish.objects.filter(person=person, state__in=LIVE).order_by("pool_id", "id"):
        end(wish, "leave")


def end(wish: Wish, event: str) -> bool:
    """Move a live wish to its end and give back what was held, in the caller's transaction; False if it had ended."""
    pools = StockPool.objects.select_for_update(no_key=True)
    pools.get(id=wish.pool_id)
    held = Wish.objects.filter(id=wish.id, state="offered").exists()
    rows = Wish.objects.filter(id=wish.id, state__in=before(event))
    if not rows.update(state=after(event), ended_at=now()):
        return False
    if held:
        stock.release([wish])
    return True


def offer_places(pool_id: int) -> int:
    """Hold the free units of a pool for those whose turn it is and tell them; answers how many."""
    with transaction.atomic():
        pool = StockPool.objects.select_for_update(no_key=True).get(id=pool_id)
        turn = allot(pool.available, line_of(pool_id))
        wishes = Wish.objects.select_related("offer__group_buy__store__leader", "offer__product")
        found = wishes.in_bulk([place.id for place in turn])
        return sum(_give(found[place.id]) for place in turn)


def _give(wish: Wish) -> bool:
    sale = wish.offer.group_buy
    minutes = sale_options_of(sale.options).limits.waiting_minutes
    if status_of(sale) != "open" or wish.offer.removed_at is not None or not minutes:
        return False
    if not stock.hold(wish):
        return False
    until = now() + timedelta(minutes=minutes)
    Wish.objects.filter(id=wish.id, state="waiting").update(state="offered", until=until)
    outbox.emit("wish.offered", {"wish_id": str(wish.id)}, store_id=wish.store_id, key=f"offered:{wish.id}")
    return True
