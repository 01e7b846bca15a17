"""Scene ids: what a mini-program code carries, at most 32 plain characters, and the page it stands for.

An id says itself what it names, so nothing is stored for it: a letter for the kind, then the public code, the token of a share,
or a row's number in base 62 with a short signature. Without our secret nobody makes one that is taken, so ids of orders can't
be tried out here, and asking costs no look at orders at all; whether the person may see the order is the page's own question.
"""

from __future__ import annotations

import hmac
import re
from dataclasses import dataclass
from typing import Final

from yantuan.groupbuys.models import GroupBuy
from yantuan.kernel.errors import NotFound
from yantuan.kernel.tokens import keyed_hash
from yantuan.sharing.access import TOKEN
from yantuan.sharing.models import Share
from yantuan.stores.models import Store

SALE_PAGE: Final = "pages/g/index"
STORE_PAGE: Final = "pages/s/index"
ORDER_PAGE: Final = "pages/order/index"
PICKUP_PAGE: Final = "buyer/pickup-code/index"
HERE_PAGE: Final = "buyer/pickup-here/index"

_DIGITS: Final = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_SIGNED: Final = re.compile(r"([opd])([0-9A-Za-z]{1,11})\.([0-9a-f]{10})")
_CODE: Final = re.compile(r"([gs])([1-9A-HJ-NP-Za-km-z]{1,16})")
_PAGES: Final = {"o": ORDER_PAGE, "p": PICKUP_PAGE, "g": SALE_PAGE, "s": STORE_PAGE}


@dataclass(frozen=True, slots=True)
class Target:
    """A page of the mini-program, without a leading slash, and its query."""

    page: str
    query: dict[str, str]


def of_share(share: Share) -> str:
    """Opens what was shared, and counts as an opening of that share."""
    return f"t{share.token}"


def of_sale(code: str) -> str:
    """Opens a group buy by its public code."""
    return f"g{code}"


def of_store(code: str) -> str:
    """Opens a store by its public code."""
    return f"s{code}"


def of_order(order_id: int) -> str:
    """Opens one order's page."""
    return _signed("o", order_id)


def of_pickup(order_id: int) -> str:
    """Opens the page a buyer shows at the pick-up point."""
    return _signed("p", order_id)


def of_point(point_id: int) -> str:
    """Hangs at the door of a pick-up point: opens what the person who scans it has to fetch there."""
    return _signed("d", point_id)


def point_of(scene: str) -> int:
    """The pick-up point at whose door this code hangs. Raises NotFound for any other."""
    return _number_in(scene, "d")


def order_of(scene: str) -> int:
    """The order this code opens. Raises NotFound for any other."""
    return _number_in(scene, "op")


def page_of(scene: str) -> str:
    """The page a scene id of ours opens; a code must name it to WeChat."""
    return resolve(scene).page


def resolve(scene: str) -> Target:
    """What a scene id stands for. Raises NotFound for one we did not make, or for what is not public (any more)."""
    signed = _SIGNED.fullmatch(scene)
    if signed is not None:
        return _signed_target(scene, signed[1], signed[2], signed[3])
    coded = _CODE.fullmatch(scene)
    if coded is not None:
        return _coded_target(coded[1], coded[2])
    if scene[:1] == "t" and TOKEN.fullmatch(scene[1:]):
        return _share_target(scene[1:])
    raise NotFound


def _signed(kind: str, number: int) -> str:
    digits = _base62(number)
    return f"{kind}{digits}.{_signature(kind, digits)}"


def _signature(kind: str, digits: str) -> str:
    return keyed_hash("scene", kind + digits)[:10]


def _genuine(kind: str, digits: str, signature: str) -> bool:
    return hmac.compare_digest(signature, _signature(kind, digits))


def _number_in(scene: str, kinds: str) -> int:
    signed = _SIGNED.fullmatch(scene)
    if signed is None or signed[1] not in kinds or not _genuine(signed[1], signed[2], signed[3]):
        raise NotFound
    return _number(signed[2])


def _signed_target(scene: str, kind: str, digits: str, signature: str) -> Target:
    if not _genuine(kind, digits, signature):
        raise NotFound
    if kind == "d":
        return Target(HERE_PAGE, {"door": scene})
    return Target(_PAGES[kind], {"id": str(_number(digits))})


def _coded_target(kind: str, code: str) -> Target:
    if kind == "g":
        known = GroupBuy.objects.filter(code=code).exclude(state=GroupBuy.State.DRAFT).exists()
    else:
        known = Store.objects.filter(code=code, leader__certified_at__isnull=False).exists()
    if not known:
        raise NotFound
    return Target(_PAGES[kind], {"code": code})


def _share_target(token: str) -> Target:
    share = Share.objects.select_related("store").filter(token=token).first()
    if share is None:
        raise NotFound
    if share.group_buy_id is None:
        return Target(STORE_PAGE, {"code": share.store.code, "t": token})
    code = GroupBuy.objects.values_list("code", flat=True).get(id=share.group_buy_id)
    return Target(SALE_PAGE, {"code": code, "t": token})


def _base62(number: int) -> str:
    digits = ""
    while number or not digits:
        number, rest = divmod(number, 62)
        digits = _DIGITS[rest] + digits
    return digits


def _number(digits: str) -> int:
    number = 0
    for digit in digits:
        number = number * 62 + _DIGITS.index(digit)
    return number
