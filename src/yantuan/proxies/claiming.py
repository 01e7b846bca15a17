"""认领 and its undoing: a stand-in's orders become those of the person they were for, once; the leader takes it back."""

from __future__ import annotations

from yantuan.identity.models import Person
from yantuan.kernel import audit
from yantuan.kernel.actors import Actor
from yantuan.kernel.clock import now
from yantuan.kernel.db import retrying
from yantuan.kernel.errors import Conflict, NotFound
from yantuan.kernel.ids import short_code
from yantuan.kernel.tokens import seal, token_hash
from yantuan.orders import refusals
from yantuan.orders.models import Order, Participation
from yantuan.proxies import links, moving, rules
from yantuan.proxies.booking import PURPOSE
from yantuan.proxies.models import Claim, StandIn
from yantuan.staff.access import reach
from yantuan.stores.models import BlockedBuyer


def claim(person: Person, token: str) -> Claim:
    """这是我的订单: whoever holds the link, and the phone where the leader gave one. Again by the same person: no change.

    Raises NotFound for links that don't open (claimed by somebody else included), Conflict `claim_phone`, `not_served`,
    `limit_reached`, `order_changed`.
    """
    known = Claim.objects.filter(
        stand_in__token_hash=token_hash(token[: links.MOST_TOKEN]), person=person, undone_at=None
    ).first()
    if known is not None:
        return known
    stand_in = links.opened(token)[0]
    if stand_in.phone_hash and stand_in.phone_hash != person.phone_hash:
        raise Conflict(
            "claim_phone",
            "团长登记了本人的手机号，请用那个手机号登录后再认领",
            "The leader noted a phone for this order: sign in with that phone to claim it.",
        )
    if BlockedBuyer.objects.filter(store_id=stand_in.store_id, person_id=person.id).exists():
        raise refusals.not_served()
    return retrying(lambda: _claim(person, stand_in.id))


def _claim(person: Person, stand_in_id: int) -> Claim:
    stand_in = StandIn.objects.get(id=stand_in_id)
    mine = Order.objects.filter(group_buy_id=stand_in.group_buy_id, person_id=stand_in.person_id)
    moved = moving.lock(stand_in.group_buy_id, list(mine.values_list("id", flat=True)))
    stand_in = StandIn.objects.select_for_update().get(id=stand_in_id)
    if stand_in.claimed_by is not None:
        raise links.no_such_link()
    if set(mine.values_list("id", flat=True)) != {one.id for one in moved}:
        raise moving.just_changed()
    theirs = Participation.objects.get(group_buy_id=stand_in.group_buy_id, person_id=stand_in.person_id)
    own = moving.join_of(stand_in.group_buy_id, person.id)
    moving.check_limits(moving.units_of([one.id for one in moved]), person.id)
    if own is None:
        Participation.objects.filter(id=theirs.id).update(person=person)
    actor = Actor("buyer", person.id)
    moving.move(moved, own or theirs, person.id, "claimed", actor)
    StandIn.objects.filter(id=stand_in.id).update(claimed_by=person.id)
    made = Claim.objects.create(
        store_id=stand_in.store_id, group_buy_id=stand_in.group_buy_id, stand_in=stand_in, person=person,
        participation_id=theirs.id, number=theirs.number, merged=own is not None,
        order_ids=[str(one.id) for one in moved], created_at=now(),
    )  # fmt: skip
    audit.record(
        actor, "proxy.claim", "stand_in", stand_in.id, store_id=stand_in.store_id, claim_id=str(made.id),
        orders=made.order_ids,
    )  # fmt: skip
    return made


def access_claim(person: Person, claim_id: int) -> Claim:
    """A claim in a store this person owns or helps in; NotFound otherwise."""
    rows = Claim.objects.select_related("stand_in", "person").filter(id=claim_id)
    found = reach(person, rows, "group_buy__store__")
    if found is None:
        raise NotFound("没有找到这次认领", "No such claim.")
    return found


def undo(leader: Person, claim_id: int) -> Claim:
    """The wrong person claimed: orders and 跟团号 go back, under a fresh link. Again: no change. Raises NotFound."""
    found = access_claim(leader, claim_id)
    return retrying(lambda: _undo(leader, found.id))


def _undo(leader: Person, claim_id: int) -> Claim:
    found = Claim.objects.select_related("stand_in__person", "person").get(id=claim_id)
    held = Order.objects.filter(group_buy_id=found.group_buy_id, person_id=found.person_id)
    locked = moving.lock(found.group_buy_id, list(held.values_list("id", flat=True)))
    found.refresh_from_db(fields=["undone_at"])
    if found.undone_at is not None:
        return found
    if set(held.values_list("id", flat=True)) != {one.id for one in locked}:
        raise moving.just_changed()
    back = [one for one in locked if _goes_back(found, one)]
    actor = Actor("leader", leader.id)
    join = Participation.objects.get(id=found.participation_id)
    if not found.merged:
        _free_number(found, join, [one for one in locked if one not in back], actor)
    moving.move(back, join, found.stand_in.person_id, "claim_undone", actor)
    token = short_code(22)
    # Who claimed wrongly knows the old link.
    StandIn.objects.filter(id=found.stand_in_id).update(
        claimed_by=None, token_hash=token_hash(token), token_sealed=seal(PURPOSE, token)
    )
    found.undone_at, found.undone_by = now(), leader.id
    found.save(update_fields=["undone_at", "undone_by"])
    audit.record(
        actor, "proxy.claim_undo", "stand_in", found.stand_in_id, store_id=found.store_id, claim_id=str(found.id),
        orders=[str(one.id) for one in back],
    )  # fmt: skip
    return found


def _goes_back(found: Claim, order: Order) -> bool:
    """What was claimed, and what the leader ordered for the same neighbour since."""
    key = order.idempotency_key
    since = key.startswith(rules.keys_of(found.stand_in_id))
    more = not found.merged and key.startswith(rules.mores_of(found.participation_id))
    return str(order.id) in found.order_ids or since or more


def _free_number(found: Claim, join: Participation, own: list[Order], actor: Actor) -> None:
    """The number goes back to the stand-in; what the person ordered themselves since gets a number of its own."""
    Participation.objects.filter(id=join.id).update(person=found.stand_in.person)
    if own:
        moving.move(own, moving.new_join(join, found.person), found.person_id, "claim_undone", actor)
