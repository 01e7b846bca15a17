"""The reads of waiting lists."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from yantuan.catalog.models import StockPool
from yantuan.groupbuys.models import GroupBuy
from yantuan.groupbuys.parts import kept_provider
from yantuan.identity.models import Person
from yantuan.kernel.clock import now
from yantuan.kernel.errors import NotFound
from yantuan.waiting.models import Wish
from yantuan.waiting.rules import Place, kept
from yantuan.waiting.schemas import WaitOut
from yantuan.waiting.states import LABELS, LIVE

_FIELDS = ("id", "offer_id", "person_id", "quantity")


def line_of(pool_id: int) -> list[Place]:
    """Who waits for a pool's units, in order."""
    rows = Wish.objects.filter(pool_id=pool_id, state="waiting").order_by("lined_up_at", "id")
    return [Place(*row) for row in rows.values_list(*_FIELDS)]


@kept_provider
def kept_of(pool_ids: Sequence[int]) -> dict[int, int]:
    """Free units of each pool that belong to its line; pools without one are left out."""
    lines: dict[int, list[Place]] = defaultdict(list)
    rows = Wish.objects.filter(pool_id__in=pool_ids, state="waiting").order_by("lined_up_at", "id")
    for pool_id, *row in rows.values_list("pool_id", *_FIELDS):
        lines[pool_id].append(Place(*row))
    free = dict(StockPool.objects.filter(id__in=lines).values_list("id", "available"))
    return {pool_id: kept(free.get(pool_id, 0), line) for pool_id, line in lines.items()}


def wishes_of(person: Person, group_buy_id: int) -> list[WaitOut]:
    """A person's live wishes in one sale, the offered ones first. NotFound for a sale nobody can see."""
    if not GroupBuy.objects.filter(id=group_buy_id).exclude(state=GroupBuy.State.DRAFT).exists():
        raise NotFound
    rows = Wish.objects.select_related("offer__product", "offer__sku").filter(
        person=person, group_buy_id=group_buy_id, state__in=LIVE
    )
    return [wish_out(wish) for wish in rows.order_by("-state", "lined_up_at", "id")]


def wish_out(wish: Wish) -> WaitOut:
    """One wish for its owner, with how many stand before."""
    ahead = 0
    if wish.state == "waiting":
        line = [place.id for place in line_of(wish.pool_id)]
        ahead = line.index(wish.id) if wish.id in line else 0
    over = wish.state == "offered" and wish.until is not None and wish.until <= now()
    return WaitOut(
        id=str(wish.id),
        offer_id=str(wish.offer_id),
        title=wish.offer.product.title,
        sku_name=wish.offer.sku.name,
        quantity=wish.quantity,
        state="passed" if over else wish.state,
        state_label=LABELS["passed" if over else wish.state],
        ahead=ahead,
        until=wish.until if wish.state == "offered" else None,
    )
