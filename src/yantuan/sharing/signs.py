"""Codes to print: the sign at a pick-up point's door and the label on an order's bag.

Both are pictures whose address carries the signed scene id they show: whoever holds the address holds the code already, and nobody
can make one up.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import asdict, replace
from typing import Final, TypeVar

from yantuan.identity.models import Person
from yantuan.kernel.config import config
from yantuan.kernel.errors import NotFound
from yantuan.orders.access import access_order_as_leader
from yantuan.orders.models import Order
from yantuan.orders.states import PAID_PAYMENTS
from yantuan.sharing import mini_codes, scenes
from yantuan.sharing.drawings import folder, write_whole
from yantuan.sharing.schemas import PickupHereOrder, PickupHereOut, SignOut
from yantuan.sharing.sign_drawing import Door, Label, draw_door, draw_label
from yantuan.stores.access import access_pickup_point
from yantuan.stores.models import PickupPoint

VERSION: Final = 1
"""Raise it when the drawing changes."""
MOST_ORDERS: Final = 30
Sign = TypeVar("Sign", Door, Label)


def point_sign(person: Person, point_id: int) -> SignOut:
    """The sign of one of the leader's own pick-up points. Raises NotFound."""
    return _sign("door", scenes.of_point(access_pickup_point(person, point_id).id))


def order_sign(person: Person, order_id: int) -> SignOut:
    """The label of an order of the leader's own store. Raises NotFound."""
    return _sign("label", _scene_of(access_order_as_leader(person, order_id)))


def door(scene: str) -> tuple[str, bytes]:
    """(content hash, JPEG) of the sign with this code. Raises NotFound."""
    point = _point(scenes.point_of(scene))
    data = Door(point.store.name, point.name, point.address, point.hours, _url(scene))
    return _kept("door", data, scene, draw_door)


def label(scene: str) -> tuple[str, bytes]:
    """(content hash, JPEG) of the label with this code. Raises NotFound."""
    order = Order.objects.select_related("store", "group_buy").filter(id=scenes.order_of(scene)).first()
    if order is None:
        raise NotFound
    pickup = order.delivery_method == "pickup"
    data = Label(order.store.name, order.group_buy.title, order.number, pickup, _url(scene))
    return _kept("label", data, scene, draw_label)


def here(person: Person, scene: str) -> PickupHereOut:
    """What a person who stands at this door has to fetch, newest first. Raises NotFound for a code that is none of ours, or taken down."""
    point = _point(scenes.point_of(scene))
    rows = Order.objects.select_related("group_buy").filter(
        person_id=person.id,
        pickup_point_id=point.id,
        payment__in=list(PAID_PAYMENTS),
        delivery__in=["awaiting_pickup", "part_picked"],
    )
    found = [
        PickupHereOrder(id=str(o.id), number=o.number, title=o.group_buy.title, goods=o.goods_text)
        for o in rows.order_by("-id")[:MOST_ORDERS]
    ]
    return PickupHereOut(
        store_name=point.store.name, name=point.name, address=point.address, hours=point.hours, orders=found
    )


def _scene_of(order: Order) -> str:
    return scenes.of_pickup(order.id) if order.delivery_method == "pickup" else scenes.of_order(order.id)


def _sign(kind: str, scene: str) -> SignOut:
    base = config().public_url.rstrip("/")
    return SignOut(picture_url=f"{base}/share/{kind}/{scene}.jpg", link=_url(scene))


def _url(scene: str) -> str:
    return f"{config().public_url.rstrip('/')}/{scenes.page_of(scene)}?scene={scene}"


def _point(point_id: int) -> PickupPoint:
    point = PickupPoint.objects.select_related("store").filter(id=point_id, archived_at=None).first()
    if point is None:
        raise NotFound
    return point


def _kept(kind: str, data: Sign, scene: str, draw: Callable[[Sign], bytes]) -> tuple[str, bytes]:
    code = mini_codes.picture_of(scene, scenes.page_of(scene))
    seen = [VERSION, kind, asdict(data), hashlib.sha256(code or b"").hexdigest()]
    name = hashlib.sha256(json.dumps(seen, sort_keys=True).encode()).hexdigest()[:40]
    path = folder() / name[:2] / f"{name}.jpg"
    try:
        return name, path.read_bytes()
    except FileNotFoundError:
        pass
    drawn = draw(replace(data, code_picture=code))
    write_whole(path, drawn)
    return name, drawn
