"""What every tracking service answers, in our words: one status, one kind of step, typed refusals."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final, Literal, Protocol, get_args
from urllib.parse import urlencode

import httpx

from yantuan.gateways.errors import GatewayRefused, GatewayThrottled, GatewayUnavailable
from yantuan.gateways.http import HttpCaller, RetryPolicy
from yantuan.kernel.clock import CHINA

Status = Literal[
    "created", "picked_up", "in_transit", "delivering", "at_station", "exception", "returned", "signed"
]
"""Where a parcel is. In the order in which the later word wins when two are said of the same moment."""
STATUSES: Final[tuple[Status, ...]] = get_args(Status)
RANK: Final[Mapping[str, int]] = {word: place for place, word in enumerate(STATUSES)}

Ended = Literal["", "signed", "gave_up"]
"""Whether the service goes on watching: "", it ended with the signature, or it gave up."""


@dataclass(frozen=True, slots=True)
class Parcel:
    """What to ask about. `carrier` is the service's own code; `phone_tail` four digits where the carrier wants them, else empty."""

    carrier: str
    number: str
    phone_tail: str = ""


@dataclass(frozen=True, slots=True)
class Step:
    """One line of a trace. `at` is aware, in UTC; `text` is the carrier's own, with whatever personal data it holds."""

    at: datetime
    text: str
    status: Status
    place: str = ""


@dataclass(frozen=True, slots=True)
class Trace:
    """All a service knows of one number. `carrier` and `number` are the service's words; steps come in no promised order."""

    carrier: str
    number: str
    status: Status
    steps: tuple[Step, ...]
    ended: Ended = ""
    token: str = ""
    """What we gave along with the subscription, when the service gives it back."""


class CourierGateway(Protocol):
    """A tracking service. Both calls raise the GatewayError family, with the kinds below."""

    provider: str

    def query(self, parcel: Parcel) -> Trace:
        """Ask now. Costs money and must not be repeated within thirty minutes: the caller keeps that distance."""

    def subscribe(self, parcel: Parcel, token: str) -> None:
        """Ask to be told of every change from now on. Again for the same number: no harm."""

    def read_push(self, form: Mapping[str, str], token: str) -> list[Trace]:
        """The traces of a pushed form. Raises GatewayUnverified unless the signature is right, ValueError for nonsense."""


class ParcelUnknown(GatewayRefused):
    """Nothing is known of this number (yet): right after shipping that is normal."""


class PhoneMismatch(GatewayRefused):
    """The last four digits are missing or not those of this parcel."""


class CarrierMismatch(GatewayRefused):
    """The carrier is unknown there, or the number isn't one of this carrier's."""


class NumberLocked(GatewayThrottled):
    """Asked too often: the number is locked for a while (锁单)."""


class AccountRefused(GatewayRefused):
    """Key, signature, balance or quota: nothing will work before the operator mends the account."""


_POLICY: Final = RetryPolicy(attempts=2, budget_seconds=8.0)
_FORM: Final = {"Content-Type": "application/x-www-form-urlencoded; charset=utf-8"}


class CourierService:
    """What the clients of all services share: a form goes there, a JSON object comes back. Thread-safe; make one and keep it."""

    provider: str

    def __init__(self, base_url: str, transport: httpx.BaseTransport | None) -> None:
        self._http = HttpCaller(self.provider, [base_url], transport=transport)

    def shutdown(self) -> None:
        """Close the connections."""
        self._http.close()

    def _send(
        self, target: str, form: Mapping[str, str], *, repeatable: bool, needs: str = ""
    ) -> dict[str, Any]:
        """Raises GatewayUnavailable for anything but an object, which has the field `needs`."""
        content = urlencode(form).encode("ascii")
        return self._http.retrying(
            lambda: self._object(target, content, needs), policy=_POLICY, repeatable=repeatable
        )

    def _object(self, target: str, content: bytes, needs: str) -> dict[str, Any]:
        answer = self._http.send("POST", target, headers=lambda _: _FORM, content=content)
        try:
            value = loads(answer.body)
        except ValueError as error:
            raise GatewayUnavailable(self.provider, "not JSON", http_status=answer.status) from error
        if answer.status != 200 or not isinstance(value, dict) or (needs and needs not in value):
            raise GatewayUnavailable(self.provider, f"HTTP {answer.status}", http_status=answer.status)
        return value


_ODD: Final = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff]")


def plain(value: object) -> str:
    """A text of theirs as a database takes it: no control characters, no halves of characters."""
    return _ODD.sub(" ", str(value or "")).strip()


def loads(text: str | bytes) -> Any:
    """JSON; ValueError for anything else, however deep."""
    try:
        return json.loads(text)
    except RecursionError as error:
        raise ValueError("too deep") from error


def china_moment(text: str) -> datetime | None:
    """`2026-05-14 10:00:00`, local time of China without a zone, in UTC; None for anything else."""
    try:
        return datetime.strptime(text.strip(), "%Y-%m-%d %H:%M:%S").replace(tzinfo=CHINA).astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def with_state(steps: list[Step], state: Status) -> tuple[Step, ...]:
    """The steps, the newest of which says what the service says of the whole parcel, unless it knows better itself.

    `at_station` is a finer word than `delivering`; everything else the service says of the whole is newer than its steps.
    """
    if not steps:
        return ()
    newest = max(range(len(steps)), key=lambda n: (steps[n].at, RANK[steps[n].status], steps[n].text))
    last = steps[newest]
    finer = last.status == "at_station" and state == "delivering"
    told = last if finer else Step(last.at, last.text, state, last.place)
    return tuple(told if n == newest else step for n, step in enumerate(steps))
