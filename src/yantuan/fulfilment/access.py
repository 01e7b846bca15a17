"""The door to parcels; "not yours" and "absent" look the same."""

from __future__ import annotations

from yantuan.fulfilment.models import Shipment
from yantuan.identity.models import Person
from yantuan.kernel.errors import NotFound
from yantuan.staff.access import reach


def access_shipment_as_leader(person: Person, shipment_id: int) -> Shipment:
    """A parcel of one of this leader's stores, with its order. Raises NotFound otherwise."""
    rows = Shipment.objects.select_related("order__store", "order__group_buy").filter(id=shipment_id)
    shipment = reach(person, rows, "order__store__")
    if shipment is None:
        raise NotFound("没有找到这个包裹", "No such parcel.")
    return shipment
