"""How one operation's request is described; what is sent to each stands in `sending`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from matrix.town import Caller, Side, Town

Body = Callable[[Side, Caller, Town], dict[str, Any]]


@dataclass(frozen=True)
class Sent:
    """`path` maps the address's parameters to names in `Side.ids`; a value with `=` before it is sent as it stands."""

    path: dict[str, str]
    body: Body | None = None
    query: str = ""
    form: bool = False


def at(name: str, body: Body | None = None, **more: str) -> Sent:
    """A row named in the address by its usual parameter, e.g. `paid_order_id` for `order_id`."""
    return Sent({_parameter(name): name, **more}, body)


_PARAMETERS = (
    "order_id", "product_id", "store_id", "sku_id", "group_buy_id", "offer_id", "point_id", "proof_id",
    "coupon_id", "refund_id", "shipment_id", "address_id", "session_id", "media_id", "code", "token",
    "export_id", "goods_import_id", "import_id", "wish_id",
)  # fmt: skip


def _parameter(name: str) -> str:
    if name.endswith("_case_id"):
        return "aftersale_id"
    return "group_buy_id" if name == "draft_id" else next(p for p in _PARAMETERS if name.endswith(p))


def nothing(side: Side, me: Caller, town: Town) -> dict[str, Any]:
    """An empty body."""
    return {}


def fixed(**body: Any) -> Body:
    """The same body for everybody."""
    return lambda side, me, town: body
