"""Every operation × every role × own, another's and absent rows: the answer of `matrix.toml`, and no trace of a refusal."""

from __future__ import annotations

from typing import Any

import pytest
from django.http import HttpResponse

from matrix.calls import anonymous, send, told
from matrix.sending import SENT
from matrix.table import expected, operations, table, targets
from matrix.town import ROLES, Town
from matrix.watch import Watch

pytestmark = pytest.mark.django_db


def may_write(name: str, answer: HttpResponse) -> bool:
    """Refusals write nothing, reads neither, unless the table says so."""
    if answer.status_code >= 400:
        return False
    return operations()[name].method != "GET" or bool(table()[name].get("read_writes"))


def test_every_operation_is_in_the_table() -> None:
    assert set(operations()) == set(table()) == set(SENT)
    for name, operation in operations().items():
        assert operation.public == (table()[name]["who"] == "public"), name


@pytest.mark.parametrize("name", sorted(table()))
def test_operation(name: str, town: Town, watch: Watch) -> None:
    wrong = []
    strangers: dict[tuple[str, str], dict[str, Any]] = {}
    for role in ROLES:
        for target in targets(name):
            with watch.cell():
                answer = send(town, name, town.callers[role], town.sides[target])
                changed = watch.changed()
            got, wanted = told(answer), expected(name, role, target)
            if got != wanted:
                wrong.append(f"{role} on {target}: {got}, not {wanted}")
            if changed and not may_write(name, answer):
                wrong.append(f"{role} on {target}: {got} but wrote {changed}")
            if answer.status_code == 404:
                strangers[role, target] = anonymous(answer)
    for (role, target), body in strangers.items():
        if body != strangers.get((role, "absent"), body):
            wrong.append(f"{role} can tell {target} from absent: {body}")
    assert not wrong, "\n".join(wrong)
