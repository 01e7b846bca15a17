"""Bodies of the tracking API."""

from __future__ import annotations

from datetime import datetime

from ninja import Schema

from yantuan.kernel.http import IdOut


class TraceStepOut(Schema):
    at: datetime
    text: str
    """The carrier's words, phones and names covered."""
    place: str
    status: str


class TracedParcel(Schema):
    """One parcel that is watched, newest step first."""

    id: IdOut
    """The parcel's."""
    carrier_name: str
    tracking_no: str
    status: str
    label: str
    label_en: str
    problem: str
    """Why nothing can be told, a Chinese sentence; empty when nothing is wrong."""
    problem_en: str
    signed_at: datetime | None
    steps: list[TraceStepOut]


class TraceOut(Schema):
    parcels: list[TracedParcel]
    stale: bool
    """Some parcel may be asked about now."""
    asking: bool
    """The service is being asked; look again in some seconds."""
    auto_receive_at: datetime | None
