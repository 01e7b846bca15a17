"""Bodies of the import API."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from ninja import Schema
from pydantic import Field

from yantuan.fulfilment.imports.codes import CODES
from yantuan.kernel.http import IdOut


class ProblemCount(Schema):
    """A kind of problem with the number of rows that have it."""

    code: str
    weight: str
    """`error`: never booked; `confirm`: booked when agreed to; `note`."""
    text: str
    text_en: str
    rows: int


class RowShift(Schema):
    """Rows `first` to `last` carry the recipient of the order `offset` rows further down (up when negative)."""

    first: int
    last: int
    offset: int


class DoubtSet(Schema):
    """So many rows would be booked if all these doubts were agreed to."""

    codes: list[str]
    rows: int


class ImportRefusal(Schema):
    code: str
    message: str
    message_en: str


class ImportOut(Schema):
    """A sheet and how far it is. Numbers of rows: `ready` are right, `doubtful` wait for agreement, `wrong` can't be booked,
    `unchanged` need nothing; after the confirmation `waiting`, `booked`, `partly`, `corrected`, `same`, `skipped`, `refused`, `undone`, `kept`."""

    id: IdOut
    store_id: IdOut
    state: str
    state_label: str
    again: bool = False
    """The very same file was sent before; this is what became of it."""
    title: str
    sheet: str
    headings: dict[str, str]
    carrier: str
    rows: int
    ready: int
    doubtful: int
    wrong: int
    unchanged: int
    results: dict[str, int]
    problems: list[ProblemCount]
    doubts: list[DoubtSet]
    shifts: list[RowShift]
    accepted: list[str]
    error: ImportRefusal | None
    created_at: datetime
    confirmed_at: datetime | None
    done_at: datetime | None
    undone_at: datetime | None


class ImportBrief(Schema):
    id: IdOut
    state: str
    state_label: str
    title: str
    rows: int
    booked: int
    created_at: datetime


class RowProblem(Schema):
    code: str
    weight: str
    text: str
    text_en: str
    data: dict[str, Any]


class ImportRowOut(Schema):
    row: int
    order_id: IdOut | None
    number: int | None
    said: str
    carrier_name: str
    tracking_no: str
    action: str
    severity: str
    problems: list[RowProblem]
    result: str
    refusal: str
    refusal_text: str
    refusal_text_en: str


class ConfirmIn(Schema):
    accept: Annotated[list[Annotated[str, Field(max_length=32)]], Field(max_length=40)] = []
    """Kinds of doubt agreed to."""


class UndoOutlook(Schema):
    """What taking the batch back would do, in parcels."""

    possible: int
    told: int
    """Of those, parcels WeChat knows already: a new number spends its one correction."""
    received: int
    scanned: int
    final: int
    """WeChat takes no further correction."""
    changed: int
    gone: int


def problem_out(code: str, data: dict[str, Any]) -> RowProblem:
    about = CODES[code]
    return RowProblem(code=code, weight=about.weight, text=about.zh, text_en=about.en, data=data)
