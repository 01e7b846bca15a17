"""The three readers on texts written before they were read; what is reached today must not fall.

The figures at first sight stand in docs/jielong.md and docs/addresses.md; these are the ones after mending.
"""

from __future__ import annotations

import pytest

from readers import cases, fresh


@pytest.mark.parametrize(
    ("name", "count", "passed", "missed", "wrong"),
    [
        ("unseen", 60, 59, 3, 0),
        ("second", 20, 17, 3, 0),
        ("third", 25, 23, 4, 0),
        ("fourth", 20, 19, 1, 1),
        ("fifth", 18, 18, 0, 0),
        ("sixth", 8, 7, 2, 0),
    ],
)
def test_orders_of_a_list(name: str, count: int, passed: int, missed: int, wrong: int) -> None:
    found = cases.score(name)
    assert found.cases == count
    assert found.booked_in_doubt == 0
    assert found.wrong <= wrong and found.missed <= missed
    assert len(found.passed) >= passed, found.failed
    assert found.precision >= 0.98 and found.recall >= 0.95


@pytest.mark.parametrize(
    ("name", "count", "bad"),
    [("unseen", 60, 0), ("second", 20, 0), ("third", 14, 0), ("fourth", 10, 0), ("sixth", 9, 0)],
)
def test_fields_of_addresses(name: str, count: int, bad: int) -> None:
    assert len(fresh.load(name, "addresses")) == count
    found = fresh.addresses(name)
    assert found.right + found.wrong + found.missed == count * len(fresh.FIELDS)
    assert len(found.bad) <= bad, found.bad


@pytest.mark.parametrize(
    ("name", "count", "variants", "facts"),
    [
        ("unseen", 25, 0, 0),
        ("second", 10, 0, 0),
        ("third", 10, 0, 0),
        ("fourth", 10, 0, 0),
        ("sixth", 8, 4, 2),
    ],
)
def test_goods_of_suppliers(name: str, count: int, variants: int, facts: int) -> None:
    assert len(fresh.load(name, "supplier")) == count
    goods, said = fresh.suppliers(name)
    assert len(goods.bad) <= variants, goods.bad
    assert len(said.bad) <= facts, said.bad
    assert goods.right > 0 and said.right > 0


def test_no_text_stands_in_two_sets() -> None:
    lists = [case["text"] for name in cases.SETS | cases.FRESH for case in cases.load(name)]
    pasted = [
        case["text"]
        for name in cases.FRESH
        for kind in ("addresses", "supplier")
        for case in fresh.load(name, kind)
    ]
    assert len(lists) == len(set(lists))
    assert len(pasted) == len(set(pasted))
