"""Reads of imported sheets. Callers have passed `access_*` already."""

from __future__ import annotations

from collections import Counter
from typing import Final

from django.db.models import Count, Q

from yantuan.fulfilment.imports.codes import CODES, DOUBTS, RANK
from yantuan.fulfilment.imports.models import ShipImport, ShipImportRow
from yantuan.fulfilment.imports.schemas import (
    DoubtSet,
    ImportBrief,
    ImportOut,
    ImportRefusal,
    ImportRowOut,
    ProblemCount,
    RowShift,
    UndoOutlook,
    problem_out,
)
from yantuan.fulfilment.imports.states import IMPORT
from yantuan.fulfilment.imports.undoing import outlook
from yantuan.kernel.errors import Invalid
from yantuan.kernel.http import Page, after_id
from yantuan.stores.models import Store

SHOWN: Final = 20
PAGE: Final = 50
KEPT: Final = {
    "received": ("买家已收货", "Received already"),
    "scanned": ("快递已揽收", "The carrier has it"),
    "final": ("微信不再接受更正", "WeChat takes no further correction"),
    "changed": ("后来改过单号", "Changed since"),
    "gone": ("包裹已不在", "The parcel is gone"),
    "order_changed": ("订单刚刚有变化", "The order has just changed"),
    "already_received": ("买家已收货", "Received already"),
    "parcel_withdrawn": ("包裹已撤回", "The parcel was withdrawn"),
    "address_changed": (
        "核对之后又改了地址，请重新核对",
        "The address was changed after the preview; check it anew",
    ),
    "part_stayed": ("一起发的单里有变化，没有全部发", "Not all orders of the parcel could leave"),
}
SEVERITIES: Final = ("error", "confirm", "ok", "note")


def import_out(batch: ShipImport, *, again: bool = False) -> ImportOut:
    """A batch with its numbers."""
    rows = ShipImportRow.objects.filter(batch=batch)
    severities = dict(rows.values_list("severity").annotate(n=Count("id")).order_by())
    results = dict(rows.exclude(result="").values_list("result").annotate(n=Count("id")).order_by())
    problems, doubts = _problems(batch)
    return ImportOut(
        id=str(batch.id), store_id=str(batch.store_id), state=batch.state, state_label=IMPORT.labels[batch.state],
        again=again, title=batch.title, sheet=batch.sheet, headings=batch.headings, carrier=batch.carrier,
        rows=batch.rows_total, ready=severities.get("ok", 0), doubtful=severities.get("confirm", 0),
        wrong=severities.get("error", 0), unchanged=severities.get("note", 0), results=results,
        problems=problems, doubts=doubts, accepted=batch.accepted, error=_error(batch),
        shifts=[RowShift(first=first, last=last, offset=offset) for first, last, offset in batch.shifts],
        created_at=batch.created_at, confirmed_at=batch.confirmed_at, done_at=batch.done_at, undone_at=batch.undone_at,
    )  # fmt: skip


def _problems(batch: ShipImport) -> tuple[list[ProblemCount], list[DoubtSet]]:
    """How many rows have each kind of problem, and how many each set of doubts keeps from being booked."""
    counts: Counter[str] = Counter()
    sets: Counter[frozenset[str]] = Counter()
    found = ShipImportRow.objects.filter(batch=batch).exclude(problems=[])
    for severity, action, problems in found.values_list("severity", "action", "problems").iterator(2000):
        codes = [code for code, _ in problems]
        counts.update(codes)
        if severity == "confirm" and action in ("ship", "correct"):
            sets[DOUBTS.intersection(codes)] += 1
    return [
        ProblemCount(
            code=code,
            weight=CODES[code].weight,
            text=CODES[code].zh,
            text_en=CODES[code].en,
            rows=counts[code],
        )
        for code in sorted(counts, key=lambda code: RANK[code])
    ], [DoubtSet(codes=sorted(codes), rows=rows) for codes, rows in sets.items()]


def _error(batch: ShipImport) -> ImportRefusal | None:
    error = batch.error
    return ImportRefusal(code=error["code"], message=error["zh"], message_en=error["en"]) if error else None


def latest(store: Store) -> list[ImportBrief]:
    """The newest sheets of a store, dropped ones left out."""
    rows = ShipImport.objects.filter(store_id=store.id).exclude(state="discarded")
    done = Count("rows", filter=Q(rows__result__in=["booked", "partly", "corrected"]))
    return [
        ImportBrief(
            id=str(row.id), state=row.state, state_label=IMPORT.labels[row.state], title=row.title, rows=row.rows_total,
            booked=row.done_rows, created_at=row.created_at,
        )
        for row in rows.annotate(done_rows=done).order_by("-id")[:SHOWN]
    ]  # fmt: skip


def rows_of(
    batch: ShipImport, *, severity: str, problem: str, result: str, cursor: str
) -> Page[ImportRowOut]:
    """Rows in the order of the sheet, narrowed by severity, kind of problem or result. Raises Invalid `filter_unknown`."""
    if (severity and severity not in SEVERITIES) or (problem and problem not in CODES):
        raise Invalid("filter_unknown", "没有这个分类", "No such filter.", field="severity")
    found = ShipImportRow.objects.filter(batch=batch)
    found = found.filter(severity=severity) if severity else found
    found = found.filter(result=result[:10]) if result else found
    after = after_id(cursor)
    found = found.filter(place__gt=after) if after is not None else found
    rows: list[ShipImportRow] = []
    for row in found.order_by("place").iterator(chunk_size=500):
        if not problem or any(code == problem for code, _ in row.problems):
            rows.append(row)
        if len(rows) > PAGE:
            break
    more = str(rows[PAGE - 1].place) if len(rows) > PAGE else None
    return Page[ImportRowOut](items=[_row_out(row) for row in rows[:PAGE]], next=more)


def _row_out(row: ShipImportRow) -> ImportRowOut:
    refusal = refusal_words(row.refusal)
    return ImportRowOut(
        row=row.row, order_id=None if row.order_id is None else str(row.order_id), number=row.number, said=row.said,
        carrier_name=row.carrier_name, tracking_no=row.tracking_no, action=row.action, severity=row.severity,
        problems=[problem_out(code, data) for code, data in row.problems], result=row.result, refusal=row.refusal,
        refusal_text=refusal[0], refusal_text_en=refusal[1],
    )  # fmt: skip


def refusal_words(code: str) -> tuple[str, str]:
    """Why a row was refused at booking or kept at the withdrawal, in both languages."""
    if not code:
        return "", ""
    if code in KEPT:
        return KEPT[code]
    about = CODES.get(code)
    return (about.zh, about.en) if about else ("订单刚刚有变化，请核对", "The order has changed; look at it")


def undo_outlook(batch: ShipImport) -> UndoOutlook:
    """What taking it back would do now."""
    found = outlook(batch)
    return UndoOutlook(**{name: found[name] for name in UndoOutlook.model_fields})
