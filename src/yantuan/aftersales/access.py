"""The doors to cases; "not yours" and "absent" look the same."""

from __future__ import annotations

from django.db.models import QuerySet

from yantuan.aftersales.models import AfterSale
from yantuan.identity.models import Person
from yantuan.kernel.errors import NotFound
from yantuan.staff.access import reach


def _rows() -> QuerySet[AfterSale]:
    return AfterSale.objects.select_related("order__store", "order__person")


def access_aftersale(person: Person, aftersale_id: int) -> AfterSale:
    """The buyer's own case, with order and store. Raises NotFound otherwise."""
    return _known(_rows().filter(id=aftersale_id, person_id=person.id).first())


def access_aftersale_as_leader(person: Person, aftersale_id: int) -> AfterSale:
    """A case about an order of one of this leader's stores. Raises NotFound otherwise."""
    return _known(reach(person, _rows().filter(id=aftersale_id), "order__store__"))


def _known(case: AfterSale | None) -> AfterSale:
    if case is None:
        raise NotFound("没有找到这个售后单", "No such after-sale case.")
    return case
