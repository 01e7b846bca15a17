"""Which rows a person may touch; "not yours" and "absent" look the same."""

from __future__ import annotations

from yantuan.identity.models import Address, Person
from yantuan.kernel.errors import NotFound


def access_address(person: Person, address_id: int) -> Address:
    """The person's own address. Raises NotFound."""
    address = Address.objects.filter(id=address_id, person_id=person.id).first()
    if address is None:
        raise NotFound()
    return address
