"""Whose rows a person reaches: those of their own stores, and of stores they help in with the right that is needed.

The operation being answered is known by a context variable, set around each route from `rights.OPERATIONS`. Outside of
one, and for operations that table does not name, only the owner gets in: it fails closed. Nothing is cached, so a
revoked helper is out with the next request.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from functools import wraps
from typing import Any, TypeVar

from django.db.models import F, Model, Q, QuerySet

from yantuan.identity.models import Person
from yantuan.kernel.clock import now
from yantuan.kernel.errors import AppError
from yantuan.staff.models import StaffAct, StaffMember
from yantuan.staff.rights import RIGHTS, Right, opens

M = TypeVar("M", bound=Model)


@dataclass
class _Operation:
    name: str
    rights: tuple[Right, ...]
    writes: bool
    target: dict[str, str]
    acts: list[int] = field(default_factory=list)
    """Rows of `StaffAct` written for it."""


_operation: ContextVar[_Operation | None] = ContextVar("operation", default=None)


def helping(person: Person, rights: tuple[Right, ...]) -> QuerySet[StaffMember]:
    """The person's live places as a helper with any of the rights."""
    wanted = Q(id__in=[])
    for right in rights:
        wanted |= Q(**{f"may_{right}": True})
    return StaffMember.objects.filter(wanted, person_id=person.id, revoked_at=None)


def rights_of(members: Mapping[int, StaffMember], store_id: int) -> list[Right]:
    """The rights in one store; none for a stranger."""
    member = members.get(store_id)
    return [right for right in RIGHTS if member and getattr(member, f"may_{right}")]


def of_person(person: Person, path: str, rights: tuple[Right, ...] | None = None) -> Q:
    """Rows whose store, reached over `path` ("store__", or "" for stores), this person may act on now.

    `rights` are those of the operation being answered, unless the caller names others.
    """
    owner = Q(**{f"{path}leader__person_id": person.id})
    operation = _operation.get()
    if rights is None:
        rights = operation.rights if operation else ()
    if not rights:
        return owner
    return owner | Q(**{f"{path}id__in": helping(person, rights).values("store_id")})


def reach(person: Person, rows: QuerySet[M], path: str) -> M | None:
    """The first of `rows` this person may act on, or None. A helper's writing operation is put on record."""
    found = (
        rows.filter(of_person(person, path))
        .annotate(store_owner=F(f"{path}leader__person_id"), store_reached=F(f"{path}id"))
        .first()
    )
    if found is not None and vars(found)["store_owner"] != person.id:
        _note(person, vars(found)["store_reached"])
    return found


def _note(person: Person, store_id: int) -> None:
    operation = _operation.get()
    if operation is None or not operation.writes or operation.acts:
        return
    act = StaffAct.objects.create(
        store_id=store_id, person=person, operation=operation.name, target=operation.target, at=now()
    )
    operation.acts.append(act.id)


def guarded(name: str, writes: bool, view: Callable[..., Any]) -> Callable[..., Any]:
    """The view with its operation known to `reach` while it runs; a helper's act gets its outcome."""

    @wraps(view)
    def run(request: Any, *args: Any, **kwargs: Any) -> Any:
        target = {key: str(value) for key, value in kwargs.items() if key.endswith("_id")}
        operation = _Operation(name, opens(name), writes, target)
        token = _operation.set(operation)
        try:
            answer = view(request, *args, **kwargs)
        except AppError as error:
            _settle(operation, error.code)
            raise
        else:
            _settle(operation, "done")
            return answer
        finally:
            _operation.reset(token)

    return run


@contextmanager
def carrying_on(name: str) -> Iterator[None]:
    """The worker goes on with what a person began by this operation: their right to it is asked for anew, nothing more is put on record."""
    token = _operation.set(_Operation(name, opens(name), False, {}))
    try:
        yield
    finally:
        _operation.reset(token)


def _settle(operation: _Operation, outcome: str) -> None:
    if operation.acts:
        StaffAct.objects.filter(id__in=operation.acts).update(outcome=outcome)
