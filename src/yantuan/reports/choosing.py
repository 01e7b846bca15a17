"""Which columns a store's sheets of orders hold: chosen by its leader, kept until chosen anew, fixed for a sheet when it is asked for."""

from __future__ import annotations

from collections.abc import Sequence

from yantuan.identity.models import Person
from yantuan.orders.models import ExportChoice
from yantuan.reports.columns import COLUMNS, COSTS, PRESETS, USUAL, Column, columns_of
from yantuan.reports.schemas import ColumnOut, ColumnsOut, PresetOut
from yantuan.staff.access import of_person
from yantuan.stores.models import Store


def sees_costs(person: Person, store_id: int) -> bool:
    """The leader, and helpers who see on the goods' own pages what they cost."""
    return Store.objects.filter(of_person(person, "", ("goods",)), id=store_id).exists()


def chosen(person: Person, store_id: int) -> list[Column]:
    """The store's columns in its order, as far as this person may see them; the usual ones until it chooses."""
    kept = [key for key in _kept(store_id) if key not in COSTS or sees_costs(person, store_id)]
    return [COLUMNS[key] for key in kept] or columns_of(USUAL)


def _kept(store_id: int) -> list[str]:
    """Columns of an earlier version are left out."""
    kept = ExportChoice.objects.filter(store_id=store_id).values_list("columns", flat=True).first() or ()
    return [key for key in kept if key in COLUMNS]


def choose(person: Person, store: Store, keys: Sequence[str]) -> None:
    """Keep this choice; chosen columns this person may not see stay chosen. Raises Invalid `columns_unfit`."""
    costs = sees_costs(person, store.id)
    columns_of(keys, costs=costs)
    unseen = [] if costs else [key for key in _kept(store.id) if key in COSTS]
    ExportChoice.objects.update_or_create(store_id=store.id, defaults={"columns": [*keys, *unseen]})


def columns_out(person: Person, store: Store) -> ColumnsOut:
    """All there is for this person to choose from, and what is chosen."""
    costs = sees_costs(person, store.id)
    offered = [one for one in COLUMNS.values() if costs or one.key not in COSTS]
    return ColumnsOut(
        columns=[ColumnOut(key=one.key, label=one.zh, label_en=one.en) for one in offered],
        chosen=[one.key for one in chosen(person, store.id)],
        presets=[
            PresetOut(key=one.key, label=one.zh, label_en=one.en, columns=list(one.columns))
            for one in PRESETS
        ],
    )
