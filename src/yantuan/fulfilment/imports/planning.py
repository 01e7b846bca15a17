"""The parcels of one order: what each row sends, what is there already, what is a correction, what can't be."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from yantuan.fulfilment.imports.facts import Known, LiveParcel
from yantuan.fulfilment.imports.finding import order_id_of
from yantuan.fulfilment.imports.verdicts import Verdict
from yantuan.fulfilment.rules import payment_refusal


def plan(order: Known, rows: Sequence[tuple[int, Verdict]]) -> None:
    """Decide about all rows of an order that are right by themselves; `rows` are places in the sheet and their verdicts."""
    groups = _groups(rows)
    under_way = {parcel.number: parcel for parcel in order.parcels}
    fresh: list[list[Verdict]] = []
    for number, group in groups.items():
        if number in under_way:
            _there_already(order, group, under_way[number])
        else:
            fresh.append(group)
    if not fresh:
        return
    refusal = _refusal(order)
    if refusal:
        _refuse(fresh, refusal)
    elif not any(order.left.values()):
        _correct(order, fresh, [p for p in order.parcels if p.number not in groups])
    else:
        _ship(order, fresh)


def _groups(rows: Sequence[tuple[int, Verdict]]) -> dict[str, list[Verdict]]:
    """Rows by tracking number: the first is the parcel, the others go with it."""
    groups: dict[str, list[Verdict]] = {}
    first: dict[str, int] = {}
    for place, verdict in rows:
        number = verdict.record.tracking
        if number in groups:
            verdict.action, verdict.head = "joined", first[number]
            if not verdict.record.line:
                verdict.add("row_repeated", row=groups[number][0].record.row)
        first.setdefault(number, place)
        groups.setdefault(number, []).append(verdict)
    return groups


def _refusal(order: Known) -> str:
    if order.delivery_method != "courier":
        return "order_is_pickup"
    refusal = payment_refusal(order.payment)
    if refusal is not None:
        return refusal.code
    return "order_received" if order.delivery == "received" else ""


def _refuse(groups: Sequence[list[Verdict]], code: str) -> None:
    for group in groups:
        for verdict in group:
            verdict.add(code)


def _there_already(order: Known, group: list[Verdict], parcel: LiveParcel) -> None:
    head = group[0]
    head.parcel_id = parcel.id
    other = (head.carrier, head.carrier_name) != (parcel.carrier, parcel.carrier_name)
    if head.told_carrier and other and order.delivery != "received":
        head.action = "correct"
        head.add("correction", before=f"{parcel.carrier_name} {parcel.number}")
        return
    head.action = "same"
    # What is right already needs nobody's agreement.
    head.problems = {"same": {}}


def _correct(order: Known, fresh: list[list[Verdict]], others: list[LiveParcel]) -> None:
    """Everything has left: another number can only mean that the one there is wrong."""
    if not order.parcels:
        _refuse(fresh, "nothing_left")
    elif len(fresh) == 1 and len(others) == 1 and not fresh[0][0].record.line:
        head, parcel = fresh[0][0], others[0]
        head.action, head.parcel_id = "correct", parcel.id
        head.add("correction", before=f"{parcel.carrier_name} {parcel.number}")
    else:
        _refuse(fresh, "already_shipped")


def _ship(order: Known, fresh: list[list[Verdict]]) -> None:
    free = order.free()
    if not any(free.values()):
        _refuse(fresh, "aftersale_open")
        return
    named = [group for group in fresh if any(verdict.record.line for verdict in group)]
    for group in named:
        _take_named(order, group, free)
    rest = [group for group in fresh if group not in named]
    if len(rest) == 1 and not named:
        rest[0][0].action = "ship"
    elif rest:
        _share_out(rest, free)


def _take_named(order: Known, group: list[Verdict], free: dict[int, int]) -> None:
    """The parcel holds what its rows name."""
    pieces: dict[int, int] = {}
    for verdict in group:
        line = order_id_of(verdict.record.line)
        if line is None or line not in order.left:
            verdict.add("line_unknown")
            continue
        text = verdict.record.quantity
        whole = text.isascii() and text.isdigit() and 0 < int(text[:6]) <= 9999
        if text and not whole:
            verdict.add("quantity_invalid")
            continue
        units = int(text) if text else free[line]
        if units > free[line] or not units:
            verdict.add(
                "aftersale_open" if 0 < units <= order.left[line] else "too_many_pieces", left=free[line]
            )
            continue
        free[line] -= units
        pieces[line] = pieces.get(line, 0) + units
    head = group[0]
    if any(verdict.wrong for verdict in group):
        # Half a parcel would be a lie about what is in it.
        for verdict in group:
            if not verdict.wrong:
                verdict.add("parcel_incomplete")
        return
    head.action, head.pieces = "ship", tuple(pieces.items())


def _share_out(groups: list[list[Verdict]], free: Mapping[int, int]) -> None:
    """Several parcels of which nobody said what is in them: the pieces in their order, as evenly as can be."""
    units = [line for line, count in free.items() for _ in range(count)]
    if len(units) < len(groups):
        _refuse(groups, "too_many_parcels")
        return
    size, more = divmod(len(units), len(groups))
    start = 0
    for place, group in enumerate(groups):
        end = start + size + (place < more)
        part = units[start:end]
        head = group[0]
        head.action, head.pieces = "ship", tuple((line, part.count(line)) for line in dict.fromkeys(part))
        if len(groups) > 1:
            head.add("split_guessed", parcels=len(groups))
        start = end
