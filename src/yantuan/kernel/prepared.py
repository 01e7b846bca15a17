"""A look-up that every request makes: its SQL is worked out once, where Django would do so each time.

For a session and its person that took Django a millisecond of a core, ten times what the database needs.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Generic, TypeVar

from django.db import connections, models
from django.db.backends.base.base import BaseDatabaseWrapper

A = TypeVar("A", bound=models.Model)

Step = Callable[[Any], Any]
"""What a database gives into what Python wants."""
Prepared = tuple[str, list[tuple[int, Step]]]
"""SQL, and the places of a row that need a step."""


class PreparedPair(Generic[A]):
    """The one row of a model that fits, with the row one of its foreign keys names.

    `where` is SQL in which `a` stands for the model's row and `b` for the other, with `%s` for each value.
    """

    def __init__(self, model: type[A], follow: str, where: str) -> None:
        self._model, self._follow, self._where = model, model._meta.get_field(follow), where
        # A foreign key's model is a class, and a model has a primary key, by the time queries are made; Django's types allow for neither.
        self._other: type[models.Model] = self._follow.related_model  # type: ignore[assignment]
        self._mine = [field.attname for field in model._meta.concrete_fields]
        self._theirs = [field.attname for field in self._other._meta.concrete_fields]

    def first(self, values: Sequence[Any]) -> A | None:
        """The row, or None. Times among the values must be adapted by `moment`."""
        alias = self._model._default_manager.db
        connection = connections[alias]
        # Kept by the connection, for the steps are its own: they end with it.
        ready: dict[PreparedPair[A], Prepared] = vars(connection).setdefault("prepared_pairs", {})
        if self not in ready:
            ready[self] = self._prepare(connection)
        sql, steps = ready[self]
        with connection.cursor() as cursor:
            cursor.execute(sql, values)
            row = cursor.fetchone()
        if row is None:
            return None
        found = list(row)
        for place, step in steps:
            found[place] = step(found[place])
        split = len(self._mine)
        mine = self._model.from_db(alias, self._mine, found[:split])
        self._follow.set_cached_value(mine, self._other.from_db(alias, self._theirs, found[split:]))  # type: ignore[union-attr]
        return mine

    def moment(self, value: Any) -> Any:
        """A time as this database takes it."""
        return connections[self._model._default_manager.db].ops.adapt_datetimefield_value(value)

    def _prepare(self, connection: BaseDatabaseWrapper) -> Prepared:
        quote: Callable[[Any], str] = connection.ops.quote_name
        columns: list[str] = []
        steps: list[tuple[int, Step]] = []
        for name, model in (("a", self._model), ("b", self._other)):
            for field in model._meta.concrete_fields:
                step = _step(field.get_col(name), connection)
                if step is not None:
                    steps.append((len(columns), step))
                columns.append(f"{name}.{quote(field.column)}")
        key = f"b.{quote(self._other._meta.pk.column)} = a.{quote(self._follow.column)}"  # type: ignore[union-attr]
        tables = f"{quote(self._model._meta.db_table)} a JOIN {quote(self._other._meta.db_table)} b ON {key}"
        return f"SELECT {', '.join(columns)} FROM {tables} WHERE {self._where} LIMIT 1", steps


def _step(column: Any, connection: BaseDatabaseWrapper) -> Step | None:
    """How Django itself would read this column, in one call; None when it takes the value as it comes."""
    ways = [*connection.ops.get_db_converters(column), *column.get_db_converters(connection)]
    if not ways:
        return None

    def read(value: Any) -> Any:
        for way in ways:
            value = way(value, column, connection)
        return value

    return read
