"""Judge a whole sheet: every row with everything that is wrong with it. Pure; nothing is booked by it."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Sequence
from typing import Final

from yantuan.fulfilment.carriers import OTHER, Carrier, carrier_of, likelier
from yantuan.fulfilment.imports.carriers import fitting_all, named, whole_sheet
from yantuan.fulfilment.imports.codes import CODES
from yantuan.fulfilment.imports.facts import Book, Known
from yantuan.fulfilment.imports.finding import find
from yantuan.fulfilment.imports.packing import pack
from yantuan.fulfilment.imports.people import compare
from yantuan.fulfilment.imports.planning import plan
from yantuan.fulfilment.imports.reading import Record
from yantuan.fulfilment.imports.shifts import Placed, Shift, shifts
from yantuan.fulfilment.imports.verdicts import Verdict
from yantuan.identity.queries import mask_phone, masked_name

NUMBER: Final = re.compile(r"[A-Z0-9\-]{5,40}")


def judge(records: Sequence[Record], book: Book, carrier: str = "") -> tuple[list[Verdict], list[Shift]]:
    """One verdict per record, in order, and the shifted stretches. `carrier`: a code for rows that name none."""
    verdicts = [_first(record, book) for record in records]
    _carriers(verdicts, carrier_of(carrier))
    found = _shifted(verdicts)
    for verdict in verdicts:
        _compare(verdict)
    _used_twice(verdicts)
    for verdict in verdicts:
        _used_elsewhere(verdict, book)
    _plan(verdicts)
    for verdict in verdicts:
        if verdict.wrong:
            verdict.action, verdict.head = "none", None
    _orphans(verdicts)
    pack(verdicts, book)
    return verdicts, found


def _first(record: Record, book: Book) -> Verdict:
    """What a row says by itself."""
    verdict = Verdict(record)
    for flaw in record.flaws:
        verdict.add(flaw)
    lost = {"formula_empty", "cell_error", "tracking_digits_lost"}
    if not record.tracking and not record.flaws:
        verdict.add("tracking_missing" if record.carrier else "not_filled")
    elif not record.tracking and not {"formula_empty", "cell_error", "tracking_digits_lost"} & set(
        record.flaws
    ):
        verdict.add("tracking_missing")
    elif record.tracking and not lost & set(record.flaws) and not NUMBER.fullmatch(record.tracking):
        verdict.add("tracking_invalid")
    verdict.order, code = find(record, book)
    if code and "not_filled" not in verdict.problems:
        verdict.add(code)
    return verdict


def _carriers(verdicts: Sequence[Verdict], chosen: Carrier | None) -> None:
    silent = [v for v in verdicts if not v.record.carrier and _has_number(v)]
    whole = whole_sheet(v.record.tracking for v in silent) if chosen is None else None
    for verdict in verdicts:
        if not _has_number(verdict):
            continue
        number, text = verdict.record.tracking, verdict.record.carrier
        carrier = named(text) if text else chosen
        if carrier is not None:
            verdict.told_carrier = True
        elif text:
            verdict.carrier, verdict.carrier_name, verdict.told_carrier = OTHER, text[:40], True
            verdict.add("carrier_unlisted", name=text[:40])
            continue
        else:
            fitting = fitting_all([number])
            carrier = whole or (fitting[0] if len(fitting) == 1 else None)
            if carrier is None:
                verdict.add("carrier_missing", looks_like="、".join(one.name for one in fitting))
                continue
            verdict.add("carrier_guessed", name=carrier.name)
        verdict.carrier, verdict.carrier_name = carrier.code, carrier.name
        if carrier.fits(number) is False:
            other = likelier(carrier.code, number)
            verdict.add("carrier_doubtful", name=carrier.name, looks_like=other.name if other else "")


def _has_number(verdict: Verdict) -> bool:
    flaws = {
        "tracking_missing",
        "tracking_invalid",
        "tracking_digits_lost",
        "not_filled",
        "formula_empty",
        "cell_error",
    }
    return bool(verdict.record.tracking) and not flaws & set(verdict.problems)


def _shifted(verdicts: Sequence[Verdict]) -> list[Shift]:
    # An order found by its recipient agrees with it by definition.
    rows = [Placed(v.record, v.order if v.record.orders or v.record.number else None) for v in verdicts]
    found = shifts(rows)
    for shift, places in found:
        for place in places:
            verdicts[place].add("shifted", first=shift.first, last=shift.last, offset=shift.offset)
    return [shift for shift, _ in found]


def _compare(verdict: Verdict) -> None:
    """Recipient and phone against the order's; what is kept of both is masked."""
    record, order = verdict.record, verdict.order
    if order is None or "not_filled" in verdict.problems:
        return
    agreed = compare(record.name, record.phone, order.name, order.phone)
    if agreed.name is False:
        verdict.add("name_mismatch", sheet=masked_name(record.name), order=masked_name(order.name))
    if agreed.phone is False:
        verdict.add("phone_mismatch", sheet=mask_phone(record.phone[-11:])[-4:], order=order.phone[-4:])


def _used_twice(verdicts: Sequence[Verdict]) -> None:
    users: dict[str, list[Verdict]] = defaultdict(list)
    for verdict in verdicts:
        if verdict.order is not None and _has_number(verdict):
            users[verdict.record.tracking].append(verdict)
    for rows in users.values():
        if len({_person(verdict.order) for verdict in rows}) > 1:
            for verdict in rows:
                other = next(one for one in rows if _person(one.order) != _person(verdict.order))
                verdict.add("number_used_here", row=other.record.row)


def _person(order: Known | None) -> tuple[str, str, str]:
    return order.person if order is not None else ("", "", "")


def _used_elsewhere(verdict: Verdict, book: Book) -> None:
    order = verdict.order
    if order is None or not _has_number(verdict):
        return
    for other_id, number, person in book.elsewhere.get(verdict.record.tracking, ()):
        if other_id != order.id and person != order.person:
            verdict.add("tracking_no_used", number=number)
            return


def _plan(verdicts: Sequence[Verdict]) -> None:
    by_order: dict[int, list[tuple[int, Verdict]]] = defaultdict(list)
    for place, verdict in enumerate(verdicts):
        if verdict.order is not None and _has_number(verdict) and not verdict.wrong:
            by_order[verdict.order.id].append((place, verdict))
    for rows in by_order.values():
        order = rows[0][1].order
        if order is not None:
            plan(order, rows)


def _orphans(verdicts: Sequence[Verdict]) -> None:
    """Rows that go with a row which isn't booked are not booked either; their doubts are doubts about its parcel."""
    for verdict in verdicts:
        if verdict.head is None:
            continue
        head = verdicts[verdict.head]
        if head.action == "none":
            verdict.action, verdict.head = "none", None
        elif head.action != "same":
            for code in verdict.codes():
                if CODES[code].weight == "confirm":
                    head.add(code, **verdict.problems[code])
