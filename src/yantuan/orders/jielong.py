"""接龙 of one sale: what a pasted text says beside what is booked, and the list written out of the orders. Books nothing."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from django.db.models import Count

from yantuan.groupbuys.desk import live_offers
from yantuan.groupbuys.models import GroupBuy
from yantuan.identity.queries import masked_name
from yantuan.kernel.errors import Invalid
from yantuan.orders.jielong_schemas import (
    JielongAmbiguous,
    JielongItem,
    JielongOffer,
    JielongOther,
    JielongPerson,
    JielongRead,
    JielongText,
)
from yantuan.orders.joined import ANONYMOUS
from yantuan.orders.models import Order, OrderLine
from yantuan.readers.jielong.compare import Booked, Comparison, Difference, compare
from yantuan.readers.jielong.reader import read
from yantuan.readers.jielong.result import Entry, Offer, Reading
from yantuan.readers.jielong.writer import write

MOST_TEXT = 40_000
"""Characters of one paste: about a thousand lines, read in well under two seconds."""
MOST_LINE = 4_000
"""Characters of one line. Nobody writes an order that long: what was pasted is no list."""
_DOOR_WORDS = re.compile(r"(?:号楼|栋|幢|座|单元|号|室)$")
_GONE = ("closed", "refunded")


def read_pasted(group_buy: GroupBuy, text: str) -> JielongRead:
    """Read a pasted text against this sale. Raises Invalid when there is too much of it or nothing is sold."""
    if len(text) > MOST_TEXT:
        raise Invalid(
            "text_too_long",
            f"一次最多粘贴 {MOST_TEXT // 10_000} 万字，请分几次",
            f"At most {MOST_TEXT} characters at once.",
        )
    if max(map(len, text.splitlines()), default=0) > MOST_LINE:
        raise Invalid(
            "line_too_long",
            "有一行太长，不像接龙，请检查粘贴的内容",
            f"A line has more than {MOST_LINE} characters.",
        )
    offers = _offers(group_buy)
    if not offers:
        raise Invalid("nothing_on_sale", "这个团还没有商品，没法认接龙", "This sale has no goods yet.")
    reading = read(text, list(offers.values()))
    found = compare(reading, _booked(group_buy, offers), list(offers.values()))
    return _out(offers, reading, found, _seen(group_buy))


def written(group_buy: GroupBuy, *, full: bool) -> JielongText:
    """A clean 接龙 of the live orders by 跟团号. Names are masked as in the public list; `full` is for the leader's own use."""
    offers = _offers(group_buy)
    people = _people(group_buy, offers)
    entries = [
        Entry(
            person.name if full else (masked_name(person.name) if person.named else ANONYMOUS),
            (person.room or None) if full else None,
            dict(person.items),
            seq=person.number,
        )
        for person in people
        if person.items
    ]
    return JielongText(text=write(entries, list(offers.values()), group_buy.title), people=len(entries))


def _code(position: int) -> str:
    """A, B, … Z, AA, AB: short codes in the leader's order."""
    found = ""
    position += 1
    while position:
        position, letter = divmod(position - 1, 26)
        found = chr(ord("A") + letter) + found
    return found


def _offers(group_buy: GroupBuy) -> dict[int, Offer]:
    """What is sold, by offer id. A product with one variant goes by its title, others by title and variant."""
    return {
        offer.id: Offer(
            _code(position),
            f"{offer.product.title} {offer.sku.name}".strip(),
            (offer.sku.code,) if len(offer.sku.code) > 1 else (),
            offer.price_fen,
        )
        for position, offer in enumerate(live_offers(group_buy.id))
    }


@dataclass(slots=True)
class _Person:
    """All live orders of one buyer in the sale."""

    id: int
    number: int
    name: str
    named: bool = True
    room: str = ""
    also: set[str] = field(default_factory=set)
    items: dict[str, int] = field(default_factory=dict)
    amount_fen: int = 0
    unpaid_fen: int = 0


def _people(group_buy: GroupBuy, offers: Mapping[int, Offer]) -> list[_Person]:
    orders = Order.objects.filter(group_buy_id=group_buy.id).exclude(payment__in=_GONE)
    found: dict[int, _Person] = {}
    persons: dict[int, _Person] = {}
    for order in orders.select_related("person").order_by("number", "id"):
        person = found.setdefault(
            order.person_id, _Person(order.person_id, order.number, order.person.nickname)
        )
        person.named = person.named and order.person.show_in_lists and not order.anonymous
        person.room = _room(order) or person.room
        person.also.add(order.recipient_name)
        person.amount_fen += order.total_fen
        person.unpaid_fen += order.total_fen if order.payment == "unpaid" else 0
        persons[order.id] = person
    lines = OrderLine.objects.filter(order__group_buy_id=group_buy.id).exclude(order__payment__in=_GONE)
    for line in lines.only("order_id", "offer_id", "quantity", "refunded_quantity"):
        left = line.quantity - line.refunded_quantity
        offer = offers.get(line.offer_id)
        if offer and left and line.order_id in persons:
            items = persons[line.order_id].items
            items[offer.code] = items.get(offer.code, 0) + left
    return list(found.values())


def _room(order: Order) -> str:
    """The buyer's door as the reader writes it: 2号楼 2单元 802 → 2-2-802."""
    parts = (_DOOR_WORDS.sub("", part.strip()) for part in (order.building, order.unit, order.room))
    return "-".join(part for part in parts if part)


def _booked(group_buy: GroupBuy, offers: Mapping[int, Offer]) -> list[Booked]:
    return [
        Booked(
            str(p.number), p.name, p.room or None, dict(p.items), p.amount_fen, p.unpaid_fen, tuple(p.also)
        )
        for p in _people(group_buy, offers)
    ]


def _seen(group_buy: GroupBuy) -> dict[int, int]:
    """How many orders each 跟团号 has, closed ones too: whoever agrees to more pieces names what they saw."""
    counted = Order.objects.filter(group_buy_id=group_buy.id).values("number").annotate(n=Count("id"))
    return dict(counted.order_by("number").values_list("number", "n"))


def _out(
    offers: Mapping[int, Offer], reading: Reading, found: Comparison, seen: Mapping[int, int]
) -> JielongRead:
    ids = {offer.code: number for number, offer in offers.items()}
    return JielongRead(
        offers=[
            JielongOffer(
                offer_id=str(number),
                code=offer.code,
                name=offer.name,
                price_fen=offer.price_fen,
                wanted=found.wanted.get(offer.code, 0),
                booked=found.booked.get(offer.code, 0),
            )
            for number, offer in offers.items()
        ],
        people=[_person(p, ids, seen) for p in found.people],
        ambiguous=[JielongAmbiguous(line=a.text, why=a.why, number=a.line + 1) for a in found.ambiguous],
        used_lines=reading.used_lines,
        ignored_lines=reading.ignored_lines,
        wanted_fen=found.wanted_fen,
        booked_fen=found.booked_fen,
        unpaid_fen=found.unpaid_fen,
    )


def _person(person: Difference, ids: Mapping[str, int], seen: Mapping[int, int]) -> JielongPerson:
    numbers = [int(ref) for ref in person.refs]
    return JielongPerson(
        mark=person.mark,
        name=person.name or "",
        room=person.room or "",
        wanted=_items(person.wanted, ids),
        booked=_items(person.booked, ids),
        numbers=numbers,
        seen=sum(seen.get(number, 0) for number in numbers),
        wanted_fen=person.wanted_fen,
        unpaid_fen=person.unpaid_fen,
        cancelled=person.cancelled,
        notes=list(person.notes),
        others=[JielongOther(name=n, items=_items(i, ids)) for n, i in person.for_others.items()],
        why=person.why,
    )


def _items(items: Mapping[str, int], ids: Mapping[str, int]) -> Sequence[JielongItem]:
    return [JielongItem(offer_id=str(ids[code]), quantity=number) for code, number in items.items()]
