"""Pure decisions about traces: which steps count, what they add up to, what may be shown, when an order counts as received."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Protocol

from yantuan.gateways.couriers import RANK, STATUSES, Status, Step

ASK_EVERY: Final = timedelta(minutes=30)
"""The services lock a number that is asked about more often."""
BEFORE_SHIPPING: Final = timedelta(days=15)
"""Numbers are used again after some months: what happened so long before the parcel was entered belongs to another one."""
AHEAD: Final = timedelta(days=1)
"""No carrier knows what happens later than this; such a line has a slip in its date."""
SILENT_AFTER: Final = timedelta(hours=48)
LOOK_AFTER: Final = timedelta(hours=24)
"""With no news for this long the service is asked, whether or not it should have told us."""
GIVE_UP_AFTER: Final = timedelta(days=30)
RENEWALS: Final = 3
AFTER_GIVING_UP: Final = timedelta(days=3)
"""Days people have left to object when nobody expects news any more."""

LABELS: Final[dict[str, str]] = {
    "created": "等待揽收", "picked_up": "已揽收", "in_transit": "运输中", "delivering": "派送中", "at_station": "待取件",
    "exception": "运输异常", "returned": "退回中", "signed": "已签收",
}  # fmt: skip
LABELS_EN: Final[dict[str, str]] = {
    "created": "Awaiting pickup", "picked_up": "Picked up", "in_transit": "On its way", "delivering": "Out for delivery",
    "at_station": "Ready to collect", "exception": "Delivery trouble", "returned": "Going back", "signed": "Delivered",
}  # fmt: skip
PROBLEMS: Final[dict[str, str]] = {
    "number_shape": "单号长度不对，请核对",
    "carrier_mismatch": "单号与快递公司对不上，请核对",
    "phone_mismatch": "收件人手机尾号与快递登记的不一致，暂时查不到物流",
    "refused": "快递查询服务没有接受这个单号，请核对",
    "account": "物流查询服务暂不可用，请联系平台",
}
PROBLEMS_EN: Final[dict[str, str]] = {
    "number_shape": "The number has the wrong length, please check it",
    "carrier_mismatch": "The number does not belong to this carrier, please check it",
    "phone_mismatch": "The last digits of the phone differ from those the carrier has, so nothing can be told yet",
    "refused": "The tracking service did not take this number, please check it",
    "account": "Tracking is not available just now, please tell the platform",
}


def step_key(step: Step) -> str:
    """What makes two lines the same: moment and the carrier's own words."""
    return hashlib.sha256(f"{step.at.isoformat()}\n{step.text}".encode()).hexdigest()


def usable(steps: Iterable[Step], entered_at: datetime, now: datetime) -> list[Step]:
    """Steps that can belong to a parcel entered then; each once, under the later of its statuses."""
    kept: dict[str, Step] = {}
    for step in steps:
        if not entered_at - BEFORE_SHIPPING <= step.at <= now + AHEAD:
            continue
        key = step_key(step)
        if key not in kept or RANK[step.status] > RANK[kept[key].status]:
            kept[key] = step
    return list(kept.values())


@dataclass(frozen=True, order=True)
class Report:
    """What one push or answer says of the whole. Reports have one order whenever they come: the newer step, the longer trace."""

    newest: datetime
    steps: int
    rank: int
    latest: str

    @property
    def status(self) -> Status:
        return STATUSES[self.rank]


def report_of(steps: Sequence[Step], status: Status) -> Report | None:
    """The report of a trace's usable steps; None without any."""
    if not steps:
        return None
    last = max(steps, key=lambda step: (step.at, RANK[step.status], step.text))
    return Report(last.at, len(steps), RANK[status], clean_text(last.text))


class Placed(Protocol):
    """A stored step."""

    at: datetime
    status: str


def signed_since(status: str, steps: Iterable[Placed]) -> datetime | None:
    """When a signed parcel was signed: the first of the signed steps no other step came after. None for an unsigned one."""
    if status != "signed":
        return None
    found: datetime | None = None
    for step in sorted(steps, key=lambda one: (one.at, RANK[one.status]), reverse=True):
        if step.status != "signed":
            break
        found = step.at
    return found


@dataclass(frozen=True)
class Seen:
    """What is known of one live parcel: `heard` whether anything ever was."""

    status: str = "created"
    heard: bool = False
    signed_at: datetime | None = None
    gave_up_at: datetime | None = None


def receive_at(
    parcels: Sequence[Seen], shipped_at: datetime, *, after_signed: timedelta, after_shipped: timedelta
) -> datetime | None:
    """When an order whose parcels have all left counts as received by itself; None while something must be waited for.

    Signed everywhere: `after_signed` later, never before. A parcel nothing was ever heard of: the calendar, `after_shipped`. A
    parcel under way holds the order until it arrives or nobody expects news any more; one in trouble or on its way back holds it
    until a person decides.
    """
    times = []
    for parcel in parcels:
        if not parcel.heard:
            times.append(shipped_at + after_shipped)
        elif parcel.status == "signed" and parcel.signed_at is not None:
            times.append(parcel.signed_at + after_signed)
        elif parcel.status in ("exception", "returned") or parcel.gave_up_at is None:
            return None
        else:
            times.append(max(shipped_at + after_shipped, parcel.gave_up_at + AFTER_GIVING_UP))
    return max(times, default=shipped_at + after_shipped)


def alarm_of(status: str, state: str, heard_at: datetime, now: datetime) -> str:
    """What the leader should look at. `heard_at`: when news last came, or when the parcel was entered."""
    if state == "stopped":
        return ""
    if status in ("exception", "returned"):
        return status
    if status == "signed" or state == "ended":
        return ""
    if state == "refused":
        return "refused"
    return "silent" if now - heard_at >= SILENT_AFTER else ""


def retry_after(tries: int) -> timedelta:
    """Wait before the next try to subscribe: a minute at first, at most six hours."""
    return min(timedelta(hours=6), timedelta(minutes=2 ** min(tries, 9)))


_SERVICE = r"(?<!\d)(?:95\d{3,4}|[48]00[-\s]?\d{3}[-\s]?\d{4}|11183|12305)(?!\d)"
_CODE = r"(?:取件码|取货码|提货码|取件号)[：:\s为是【“\"]{0,3}\d[\d-]{2,9}(?![\d-])"
_DATE = r"(?<!\d)20\d\d[-/年.]\d{1,2}[-/月.]\d{1,2}日?(?:\s+\d{1,2}:\d{2}(?::\d{2})?)?(?![\d-])"
_LONG = r"\+?\d(?:[-\s()（）]{0,2}\d){6,}"
_DIGITS = re.compile(f"(?P<kept>{_SERVICE}|{_CODE}|{_DATE})|(?P<long>{_LONG})")
_SIGNER = re.compile(r"((?:签收|收件|收货|收)人[是为：:【\[\s]{1,3})([\u4e00-\u9fff·]{2,4})")
_RIDER = re.compile(
    r"((?:快递|派送|派件|业务|配送|投递|揽收|揽件)(?:小哥|员)[是为：:【\[（(\s]{1,3})([\u4e00-\u9fff·]{2,4})(?=[】\]）)，,、：:\s]|$)"
)
_ROLES = ("本人", "他人", "家人", "同事", "门卫", "保安", "前台", "物业", "邻居", "代收", "驿站", "快递", "收发", "单位", "朋友", "亲友")  # fmt: skip


def clean_text(text: str) -> str:
    """A line of a trace as it may be kept and shown: phones and names covered, at most 300 characters.

    Service numbers, codes of lockers and dates stay: they are nobody's.
    """
    text = _SIGNER.sub(_cover_name, _RIDER.sub(_cover_name, text))
    return _DIGITS.sub(_cover_number, text)[:300]


def _cover_name(found: re.Match[str]) -> str:
    name = found[2]
    if any(role in name for role in _ROLES):
        return found[0]
    return found[1] + name[0] + "*" * (len(name) - 1)


def _cover_number(found: re.Match[str]) -> str:
    if found["kept"]:
        return found[0]
    digits = re.sub(r"\D", "", found[0])
    digits = digits[2:] if len(digits) == 13 and digits.startswith("86") else digits
    return f"{digits[:3]}****{digits[-4:]}" if len(digits) >= 11 else f"****{digits[-2:]}"
