"""Which columns a store's sheets of orders hold: chosen by its leader, kept until chosen anew."""

from __future__ import annotations

from collections.abc import Sequence

from yantuan.orders.models import ExportChoice
from yantuan.reports.columns import COLUMNS, PRESETS, USUAL, Column, columns_of
from yantuan.reports.schemas import ColumnOut, ColumnsOut, PresetOut
from yantuan.stores.models import Store


def chosen(store_id: int) -> list[Column]:
    """The store's columns in its order; the usual ones until it chooses. Columns of an earlier version are left out."""
    kept = ExportChoice.objects.filter(store_id=store_id).values_list("columns", flat=True).first() or ()
    return [COLUMNS[key] for key in kept if key in COLUMNS] or columns_of(USUAL)


def choose(store: Store, keys: Sequence[str]) -> None:
    """Keep this choice. Raises Invalid `columns_unfit`."""
    columns_of(keys)
    ExportChoice.objects.update_or_create(store_id=store.id, defaults={"columns": list(keys)})


def columns_out(store: Store) -> ColumnsOut:
    """All there is to choose from, and what is chosen."""
    return ColumnsOut(
        columns=[ColumnOut(key=one.key, label=one.zh, label_en=one.en) for one in COLUMNS.values()],
        chosen=[one.key for one in chosen(store.id)],
        presets=[
            PresetOut(key=one.key, label=one.zh, label_en=one.en, columns=list(one.columns))
            for one in PRESETS
        ],
    )
