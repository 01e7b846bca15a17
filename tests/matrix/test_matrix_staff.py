"""Every one of a leader's operations × every right a helper may have: inside with one that opens it, a stranger without."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.db import transaction

import factories as make
from matrix.calls import send, told
from matrix.table import operations, table
from matrix.town import Caller, Town
from matrix.watch import Watch
from yantuan.identity import sessions
from yantuan.staff.models import StaffAct
from yantuan.staff.rights import OPERATIONS, RIGHTS, Right, words
from yantuan.stores import staff_actions as staff
from yantuan.stores.models import Store

pytestmark = pytest.mark.django_db

OWN_PICTURES = frozenset({"create_product", "update_product"})
"""A body of these names the leader's own pictures, which a helper may not use as theirs."""
LEADERS_OWN = frozenset(
    name for name, row in table().items() if row["who"] == "leader" and name not in OPERATIONS
)


def helper(town: Town, right: Right) -> Caller:
    """Somebody with just this right in the first shop."""
    side = town.sides["a"]
    store = Store.objects.get(id=side.ids["store_id"])
    person = make.person(f"帮手 {right}")
    _, token = staff.invite(side.leader, store, [right], "")
    staff.accept(person, token)
    own = town.callers["leader"].own
    return Caller(right, person, {sessions.COOKIE: sessions.start(person, "h5")}, own)


@pytest.fixture(scope="module")
def helpers(town: Town, watch: Watch) -> Iterator[dict[Right, Caller]]:
    """One helper per right, who stay until the last test of this file; what they do is undone every time."""
    point = transaction.savepoint()
    yield {right: helper(town, right) for right in RIGHTS}
    transaction.savepoint_rollback(point)


def test_the_table_names_only_operations_of_leaders() -> None:
    assert set(OPERATIONS) <= set(operations())
    assert {name for name in OPERATIONS if table()[name]["who"] != "leader"} == set()
    assert [name for name, rule in OPERATIONS.items() if not rule.rights] == []


def test_writing_operations_have_words_for_the_log() -> None:
    nameless = {name for name in OPERATIONS if words(name) == words("")}
    assert {name for name in nameless if operations()[name].method != "GET"} == set()


@pytest.mark.parametrize("name", sorted(OPERATIONS))
def test_each_right(name: str, town: Town, helpers: dict[Right, Caller], watch: Watch) -> None:
    wrong = []
    for right, caller in helpers.items():
        for target, side in town.sides.items():
            with watch.cell():
                answer = send(town, name, caller, side)
                changed, acts = watch.changed(), list(StaffAct.objects.values_list("operation", "outcome"))
            got = told(answer)
            if target == "a" and right in OPERATIONS[name].rights:
                fine = got == str(table()[name]["ok"]) or (name in OWN_PICTURES and got.startswith("422"))
                logged = operations()[name].method == "GET" or [one for one, _ in acts] == [name]
                if not fine or not logged:
                    wrong.append(f"{right} on {target}: {got}, log {acts}")
            elif got != "404 not_found" or changed:
                wrong.append(f"{right} on {target}: {got}, wrote {changed}")
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("name", sorted(LEADERS_OWN))
def test_what_is_the_leaders_own_stays_closed(
    name: str, town: Town, helpers: dict[Right, Caller], watch: Watch
) -> None:
    wrong = []
    for right, caller in helpers.items():
        with watch.cell():
            answer = send(town, name, caller, town.sides["a"])
            if told(answer) != "404 not_found" or watch.changed():
                wrong.append(f"{right}: {told(answer)}, wrote {watch.changed()}")
    assert not wrong, "\n".join(wrong)
