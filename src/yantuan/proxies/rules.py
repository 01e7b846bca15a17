"""Pure decisions of proxy orders."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Final, NamedTuple

from yantuan.kernel.errors import AppError, Conflict

KEY: Final = "proxy/"
"""How the idempotency keys of proxy orders begin."""
GONE: Final = ("closed", "refunded")


class Key(NamedTuple):
    """What a key of a proxy order names: a stand-in (`new`) or a participation (`more`)."""

    kind: str
    owner_id: int


def hold_until(placed_at: datetime, usual: datetime | None, ends_at: datetime | None, days: int) -> datetime:
    """How long an unpaid proxy order keeps its stock: until the sale ends, at most `days`, never shorter than any order."""
    most = placed_at + timedelta(days=days)
    wanted = min(most, ends_at) if ends_at is not None else most
    return max(wanted, usual) if usual is not None else wanted


def keys_of(stand_in_id: int) -> str:
    """How the keys of a neighbour's own orders begin."""
    return f"{KEY}{stand_in_id}/new/"


def key_of_new(stand_in_id: int, ended: int) -> str:
    """Of a neighbour's first order. Once what they had is closed or given back (`ended` orders), a new one may follow."""
    return f"{keys_of(stand_in_id)}{ended}"


def mores_of(participation_id: int) -> str:
    """How the keys of pieces added to a 跟团号 begin."""
    return f"{KEY}{participation_id}/more/"


def key_of_more(participation_id: int, seen: int) -> str:
    """Of pieces added to a 跟团号 that had `seen` orders: whoever agreed to the same sight agrees to the same order."""
    return f"{mores_of(participation_id)}{seen}"


def read_key(key: str) -> Key | None:
    """What a key names; None for keys of other orders, whatever a buyer wrote into theirs."""
    parts = key.split("/")
    if len(parts) != 4 or f"{parts[0]}/" != KEY or parts[2] not in ("new", "more"):
        return None
    return Key(parts[2], int(parts[1])) if parts[1].isascii() and parts[1].isdigit() else None


def link_open(payments: Iterable[tuple[str, str]]) -> bool:
    """Whether a pay link still opens: some order is (payment, delivery) unpaid, or paid and not handed out yet."""
    waiting = ("unpaid", "awaiting_confirmation")
    return any(
        payment in waiting
        or (payment in ("paid", "partly_refunded") and delivery not in ("received", "picked"))
        for payment, delivery in payments
    )


def changed() -> AppError:
    """What the leader agreed to is not what stands there now."""
    return Conflict(
        "proxy_changed",
        "这个人的订单刚刚有变化，请重新读取接龙",
        "Their orders have just changed; read again.",
    )


def in_leaders_words(error: AppError) -> AppError:
    """A refusal of placing as it is told to a leader who orders for others."""
    if error.code == "idempotency_key_reused":
        return changed()
    if error.code == "address_unmarked":
        # Nobody but the neighbour knows where their door is on the map.
        return Conflict(
            "proxy_by_distance",
            "这个团按直线距离算运费，要收货人自己标位置：请把团购发给对方下单，或改为自提",
            "Delivery is charged by distance here, so the recipient must mark the place: let them order, or pick up.",
        )
    return error
