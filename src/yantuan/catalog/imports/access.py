"""The door to imported sheets of goods; "not yours" and "absent" look the same."""

from __future__ import annotations

from yantuan.catalog.imports.models import GoodsImport
from yantuan.identity.models import Person
from yantuan.kernel.errors import NotFound
from yantuan.staff.access import reach
from yantuan.stores.models import Store


def access_goods_import(person: Person, import_id: int) -> GoodsImport:
    """A sheet of one of this leader's stores. Raises NotFound otherwise."""
    batch = GoodsImport.objects.filter(id=import_id).first()
    if batch is None or reach(person, Store.objects.filter(id=batch.store_id), "") is None:
        raise NotFound("没有找到这次导入", "No such import.")
    return batch
