"""Pure decisions about shipping information: what the platform should know, and which step leads there."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Literal

from yantuan.gateways.wechat_shipping import LONGEST_DESC, MOST_PARCELS, SPLIT, UNIFIED

Pair = tuple[str, str]
"""(carrier, tracking number); ("", "") for goods handed out."""
Step = Literal["nothing", "upload", "again", "ask", "stale", "unship"]

VISIBLE_PAUSES: Final = (10, 60, 300, 1800)
"""Seconds between tries while the payment isn't visible to the shipping desk yet; then every two hours."""
LATER_PAUSE: Final = 7200
GIVE_UP: Final = timedelta(hours=24)
"""A payment the desk doesn't know after this long isn't one of this mini-program's."""


@dataclass(frozen=True)
class Known:
    """What the platform has been told."""

    uploaded: tuple[Pair, ...]
    mode: int
    complete: bool
    chance_used: bool
    agreed: tuple[Pair, ...]


@dataclass(frozen=True)
class Wanted:
    """What it should know: everything that left, and whether more follows."""

    pairs: tuple[Pair, ...]
    complete: bool


def step(known: Known, wanted: Wanted) -> Step:
    """What to do next.

    `upload`: tell it; `again`: tell it, spending the one correction; `ask`: the leader must agree to that first; `stale`: the
    correction is spent already; `unship`: nothing was told and nothing has left.
    """
    if not known.uploaded:
        return "upload" if wanted.pairs else "unship"
    same = set(wanted.pairs) == set(known.uploaded)
    if not known.complete:
        return "upload" if wanted.pairs and (not same or wanted.complete) else "nothing"
    if same or not wanted.complete or not wanted.pairs:
        # While a corrected shipment is still on its way out of the door, the platform keeps what it has.
        return "nothing"
    if known.chance_used:
        return "stale"
    return "again" if set(known.agreed) == set(wanted.pairs) else "ask"


def mode_of(known: Known, wanted: Wanted) -> int:
    """delivery_mode of the next upload: what was begun split stays split, because a change costs the one correction."""
    if known.mode and not known.complete:
        return known.mode
    return UNIFIED if wanted.complete and len(wanted.pairs) == 1 else SPLIT


def rest_event(known: Known) -> str:
    """The event that says where a payment stands when there is nothing more to tell."""
    if not known.complete:
        return "accept_part"
    return "accept_again" if known.chance_used else "accept"


def not_visible_pause(tries: int, since: datetime, now: datetime) -> float | None:
    """Seconds until the next try; None when it is time to give up."""
    if now - since > GIVE_UP:
        return None
    return VISIBLE_PAUSES[tries - 1] if 1 <= tries <= len(VISIBLE_PAUSES) else LATER_PAUSE


def busy_pause(tries: int) -> float:
    """Seconds until the next try after the platform didn't answer: 10, 20, 40, … up to half an hour."""
    return min(1800, 10 << min(max(tries - 1, 0), 10))


def next_upload_time(now: datetime, last: datetime | None) -> datetime:
    """Now, but always later than the last one, as the platform counts: in milliseconds."""
    moment = now.replace(microsecond=now.microsecond // 1000 * 1000)
    return moment if last is None or moment > last else last + timedelta(milliseconds=1)


def goods_text(titles: Sequence[str]) -> str:
    """item_desc: the goods of one parcel, at most 120 characters; what does not fit is counted."""
    clean = [" ".join(title.split()) for title in titles if title.strip()] or ["商品"]
    text = "、".join(clean)
    if len(text) <= LONGEST_DESC:
        return text
    tail = f" 等{len(clean)}件商品" if len(clean) > 1 else ""
    return clean[0][: LONGEST_DESC - len(tail)] + tail


def masked_contact(phone: str) -> str:
    """`+86-138****1234`; "" for anything that isn't a mainland number."""
    return f"+86-{phone[:3]}****{phone[-4:]}" if re.fullmatch(r"1\d{10}", phone) else ""


_PARCEL_WORDS = re.compile(r"(快递|速递|速运|快件|包裹|股份|有限|公司|集团|\s|\(.*?\)|（.*?）)")


def _core(name: str) -> str:
    return _PARCEL_WORDS.sub("", name).upper()


def delivery_id(code: str, name: str, known: Mapping[str, str]) -> str | None:
    """The platform's id of a carrier: ours if it is listed under a like name, else the one listed under that name.

    `known`: delivery_id → delivery_name. None: the platform doesn't know it.
    """
    mine = _core(name)
    theirs = known.get(code)
    if theirs is not None and mine and (mine in _core(theirs) or _core(theirs) in mine):
        return code
    found = [one for one, title in known.items() if mine and _core(title) == mine]
    return found[0] if len(found) == 1 else None


def first_parcels(pairs: Sequence[Pair]) -> tuple[Pair, ...]:
    """As many different parcels as one payment may list."""
    return tuple(dict.fromkeys(pairs))[:MOST_PARCELS]
