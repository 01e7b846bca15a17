from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.db import transaction

from matrix.town import Town, build
from matrix.watch import Watch


@contextmanager
def never_committed(django_db_blocker: Any) -> Iterator[None]:
    """A transaction that several tests share, rolled back at the end."""
    with django_db_blocker.unblock():
        atomic = transaction.atomic()
        # Not the product's own transaction: gateways may be called inside it, as within Django's own test cases.
        atomic._from_testcase = True  # type: ignore[attr-defined]
        with atomic:
            yield
            transaction.set_rollback(True)


@contextmanager
def built(django_db_blocker: Any) -> Iterator[Town]:
    """A town that is never committed; every request is undone by itself."""
    with never_committed(django_db_blocker):
        yield build()


@pytest.fixture(scope="package")
def town(django_db_setup: None, django_db_blocker: Any) -> Iterator[Town]:
    """One for all files of this folder, which is a package for this: gone again before the next folder's tests."""
    with built(django_db_blocker) as made:
        yield made


@pytest.fixture(scope="module")
def watch(town: Town) -> Watch:
    return Watch()
