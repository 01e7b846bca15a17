"""The door to imported sheets; "not yours" and "absent" look the same."""

from __future__ import annotations

from yantuan.fulfilment.imports.models import ShipImport
from yantuan.identity.models import Person
from yantuan.kernel.errors import NotFound
from yantuan.stores.models import Store


def access_import(person: Person, import_id: int) -> ShipImport:
    """A sheet of one of this leader's stores. Raises NotFound otherwise."""
    batch = ShipImport.objects.filter(id=import_id).first()
    if batch is None or not Store.objects.filter(id=batch.store_id, leader__person_id=person.id).exists():
        raise NotFound("没有找到这次导入", "No such import.")
    return batch
