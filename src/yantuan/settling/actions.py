"""The verbs: hearing of payments, judging a closed sale once, and writing down what goes back to whom."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any, Final

from django.db import transaction
from django.db.models import Q

from yantuan.groupbuys.models import GroupBuy
from yantuan.groupbuys.options import OfferOptions, SaleOptions, sale_options_of
from yantuan.kernel import audit, outbox
from yantuan.kernel.actors import SYSTEM
from yantuan.kernel.clock import now
from yantuan.kernel.ids import new_id
from yantuan.orders.models import Order, OrderLine
from yantuan.orders.states import PAID_PAYMENTS
from yantuan.settling import facts, rules
from yantuan.settling.facts import LineFact
from yantuan.settling.models import CartonShare, Formation, Settlement

SLICE_TOPIC: Final = "sale.settling"
SETTLED_TOPIC: Final = "sale.judged"
FORMED_TOPIC: Final = "sale.formed"
State, Kind = Formation.State, Settlement.Kind
Offers = Mapping[int, tuple[Any, OfferOptions]]


def settles(options: SaleOptions) -> bool:
    """Whether anything is settled when a sale with these options closes."""
    return options.forming.rule is not None or options.forming.settles


def note_paid(order_id: int) -> None:
    """A paid order of a sale that settles: it may form now, or come too late for the judgement. Safe to repeat."""
    order = Order.objects.select_related("group_buy").get(id=order_id)
    options = sale_options_of(order.group_buy.options)
    if not settles(options):
        return
    with transaction.atomic():
        formation = _locked(order.group_buy)
        if formation.judged_at is not None:
            _settle_late(formation, order)
        elif options.forming.rule is not None and formation.state == State.WAITING:
            counts = facts.counted(facts.facts_of_sale(order.group_buy_id))
            if rules.reached(options.forming.rule, counts):
                _form(formation, counts)
                formation.save()
                _tell(FORMED_TOPIC, formation)


def _locked(group_buy: GroupBuy) -> Formation:
    Formation.objects.get_or_create(group_buy=group_buy, defaults={"store_id": group_buy.store_id})
    return Formation.objects.select_for_update().get(group_buy_id=group_buy.id)


def _form(formation: Formation, counts: rules.Counts) -> None:
    formation.state, formation.formed_at = State.FORMED, now()
    formation.people, formation.pieces, formation.fen = counts.people, counts.pieces, counts.fen


def _tell(topic: str, formation: Formation) -> None:
    payload = {"group_buy_id": str(formation.group_buy_id), "state": formation.state}
    outbox.emit(topic, payload, store_id=formation.store_id, key=f"{topic}:{formation.group_buy_id}")


def judge_due() -> int:
    """Judge every sale that has closed; answers how many were."""
    over = Q(group_buy__state=GroupBuy.State.CLOSED) | Q(group_buy__ends_at__lte=now())
    due = Formation.objects.filter(over, judged_at=None).values_list("group_buy_id", flat=True)
    return sum(judge(group_buy_id) for group_buy_id in list(due[:50]))


def judge(group_buy_id: int) -> bool:
    """Judge a closed sale and write down all it settles; False while it is open, waits for money, or was judged before.

    Runs once, under the sale's lock: it can't be extended meanwhile.
    """
    with transaction.atomic():
        GroupBuy.objects.select_for_update(no_key=True).get(id=group_buy_id)
        formation = Formation.objects.select_for_update().select_related("group_buy").get(pk=group_buy_id)
        closed = facts.closed_at(formation.group_buy)
        if formation.judged_at is not None or closed is None:
            return False
        if now() - closed < rules.LONGEST_WAIT and facts.open_orders(group_buy_id):
            return False
        _judge(formation, sale_options_of(formation.group_buy.options))
    return True


def _judge(formation: Formation, options: SaleOptions) -> None:
    found = facts.facts_of_sale(formation.group_buy_id)
    counts = facts.counted(found)
    if formation.state == State.WAITING:
        if rules.reached(options.forming.rule, counts):
            _form(formation, counts)
        else:
            formation.state = State.FAILED
            formation.people, formation.pieces, formation.fen = counts.people, counts.pieces, counts.fen
    formation.judged_at = now()
    if formation.state == State.FAILED:
        _write(formation, Kind.UNFORMED, dict.fromkeys((fact.order_id for fact in found), ()))
    else:
        offers = facts.settling_offers(formation.group_buy_id)
        filled = _split_cartons(formation, offers, found)
        _reach_tiers(formation, offers, found, filled)
    formation.save()
    audit.record(
        SYSTEM, "sale.judged", "group_buy", formation.group_buy_id, store_id=formation.store_id,
        state=formation.state, people=counts.people, pieces=counts.pieces, fen=counts.fen,
    )  # fmt: skip
    _tell(SETTLED_TOPIC, formation)
    next_slice(formation)


def _split_cartons(formation: Formation, offers: Offers, found: Sequence[LineFact]) -> dict[int, int]:
    """Split every offer's cartons, publish the shares, and answer the pieces each line keeps."""
    filled: dict[int, int] = {}
    back: dict[int, list[tuple[int, int]]] = defaultdict(list)
    for offer_id, lines in facts.by_offer(found).items():
        if offer_id not in offers or not offers[offer_id][1].forming.carton:
            continue
        wants = {fact.line_id: rules.Want(fact.wish, fact.kept) for fact in lines}
        got = rules.split(offers[offer_id][1].forming.carton, wants)
        filled |= got
        CartonShare.objects.bulk_create(
            [
                CartonShare(
                    order_line_id=fact.line_id, group_buy_id=formation.group_buy_id, offer_id=offer_id,
                    wish=fact.wish, number=fact.number, most=fact.kept, got=got[fact.line_id],
                )
                for fact in lines
            ],
            update_conflicts=True,
            unique_fields=["order_line"],
            update_fields=["wish", "number", "most", "got"],
        )  # fmt: skip
        for fact in lines:
            if got[fact.line_id] < fact.kept:
                back[fact.order_id].append((fact.line_id, fact.kept - got[fact.line_id]))
    _write(formation, Kind.UNFILLED, back)
    return filled


def _reach_tiers(
    formation: Formation, offers: Offers, found: Sequence[LineFact], filled: Mapping[int, int]
) -> None:
    """Find the tier each offer reached with what is kept, and note what every piece gets back."""
    back: dict[int, list[tuple[int, int]]] = defaultdict(list)
    for offer_id, lines in facts.by_offer(found).items():
        tiers = offers[offer_id][1].forming.tiers if offer_id in offers else None
        if tiers is None:
            continue
        kept = [fact for fact in lines if filled.get(fact.line_id, fact.kept)]
        pieces = sum(filled.get(fact.line_id, fact.kept) for fact in kept)
        have = rules.Counts(people=len({fact.person_id for fact in kept}), pieces=pieces).of(tiers.by)
        final = rules.tier_price(tiers, offers[offer_id][0].price_fen, have)
        formation.tiers[str(offer_id)] = {"have": have, "price_fen": final}
        for fact in kept:
            if fact.price_fen > final:
                back[fact.order_id].append((fact.line_id, fact.price_fen - final))
    _write(formation, Kind.TIER, back)


def _write(
    formation: Formation, kind: Settlement.Kind, back: Mapping[int, Sequence[tuple[int, int]]]
) -> None:
    moment = now()
    Settlement.objects.bulk_create(
        [
            Settlement(
                id=new_id(), store_id=formation.store_id, group_buy_id=formation.group_buy_id, order_id=order_id,
                kind=kind, parts=[[str(line), amount] for line, amount in parts], created_at=moment,
            )
            for order_id, parts in back.items()
        ],
        ignore_conflicts=True,
    )  # fmt: skip


def _settle_late(formation: Formation, order: Order) -> None:
    """An order paid after the judgement (late money, a proof confirmed late): it had no part in the split, and shares the tier."""
    if order.payment not in PAID_PAYMENTS:
        return
    if formation.state == State.FAILED:
        _write(formation, Kind.UNFORMED, {order.id: ()})
        next_slice(formation)
        return
    offers = facts.settling_offers(formation.group_buy_id)
    unfilled, tier = [], []
    for fact in facts.line_facts(OrderLine.objects.filter(order_id=order.id)):
        if fact.offer_id not in offers:
            continue
        forming = offers[fact.offer_id][1].forming
        share = CartonShare.objects.filter(order_line_id=fact.line_id).first()
        if forming.carton and (share is None or share.got is None):
            unfilled.append((fact.line_id, fact.kept))
            continue
        final = formation.tiers.get(str(fact.offer_id), {}).get("price_fen", fact.price_fen)
        if fact.price_fen > final:
            tier.append((fact.line_id, fact.price_fen - final))
    _write(formation, Kind.UNFILLED, {order.id: unfilled} if unfilled else {})
    _write(formation, Kind.TIER, {order.id: tier} if tier else {})
    if unfilled or tier:
        next_slice(formation)


def next_slice(formation: Formation) -> None:
    """Have a worker start the refunds that are due."""
    outbox.emit(SLICE_TOPIC, {"group_buy_id": str(formation.group_buy_id)}, store_id=formation.store_id)
