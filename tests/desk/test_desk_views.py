"""Saved views: one person's own, in one store, without the words of a search."""

from __future__ import annotations

import re
from typing import Any

import pytest
from desk_world import DeskWorld, browser, helper

from yantuan.desk import rules, saved
from yantuan.desk.models import SavedView

pytestmark = pytest.mark.django_db


def keep(world: DeskWorld, title: str, query: str, person: Any = None, **more: str) -> Any:
    return browser(person or world.leader).post(
        f"{world.path}/views", {"title": title, "query": query, **more}
    )


def test_a_view_keeps_filters_order_and_columns_but_no_search(world: DeskWorld) -> None:
    answer = keep(world, " 待发货 ", "tab=to_ship&q=张三&sort=number&cols=id,number")
    assert answer["Location"] == f"{world.path}/orders?tab=to_ship&sort=number&cols=id,number"
    view = SavedView.objects.get()
    assert (view.title, view.query, view.is_default) == (
        "待发货",
        "tab=to_ship&sort=number&cols=id,number",
        False,
    )
    page = browser(world.leader).get(answer["Location"]).content.decode()
    assert re.findall(r'<th class="col-(\w+)', page) == ["id", "number"]
    assert re.findall(r'data-row="(\d+)"', page) == [str(world.orders["paid"].id)]
    assert "待发货</b>" in page


def test_the_default_view_opens_the_table_and_no_other_address(world: DeskWorld) -> None:
    keep(world, "待发货", "tab=to_ship", default="1")
    keep(world, "自提", "way=pickup", default="1")
    assert list(SavedView.objects.filter(is_default=True).values_list("title", flat=True)) == ["自提"]
    leader = browser(world.leader)

    def rows(query: str) -> set[str]:
        return set(
            re.findall(r'data-row="(\d+)"', leader.get(f"{world.path}/orders{query}").content.decode())
        )

    assert rows("") == {str(world.orders["to_pick"].id)}
    assert len(rows("?tab=all")) == 5
    SavedView.objects.update(query="tab=gone")
    assert len(rows("")) == 5


def test_the_same_name_is_replaced_and_twenty_are_enough(world: DeskWorld) -> None:
    for n in range(saved.MOST):
        keep(world, f"v{n}", "tab=all")
    assert keep(world, "v0", "tab=done")["Location"].endswith("tab=done")
    assert keep(world, "one more", "tab=all").status_code == 409
    assert keep(world, "", "tab=all").status_code == 422
    assert keep(world, "v1", "tab=nonsense").status_code == 422
    assert SavedView.objects.count() == saved.MOST
    assert SavedView.objects.get(title="v1").query == "tab=all"


def test_views_are_ones_own(world: DeskWorld) -> None:
    keep(world, "我的", "tab=all")
    view = SavedView.objects.get()
    person = helper(world, "orders")
    assert "我的" not in browser(person).get(f"{world.path}/orders").content.decode()
    assert browser(person).post(f"{world.path}/views/{view.id}/delete").status_code == 404
    assert keep(world, "x", "tab=all", helper(world, "money")).status_code == 404
    assert SavedView.objects.get().id == view.id
    assert browser(world.leader).post(f"{world.path}/views/{view.id}/delete").status_code == 302
    assert not SavedView.objects.exists()


@pytest.mark.parametrize(
    "query",
    ["tab=all", "tab=to_ship&sort=-amount", "payment=unpaid,paid&delivery=none&refundable=1", "q=%23+12&first=2026-01-01&last=2026-02-01&tag=老客"],
)  # fmt: skip
def test_an_address_says_the_same_after_reading_and_writing(
    query: str, django_assert_num_queries: Any
) -> None:
    with django_assert_num_queries(0):
        once = rules.read(saved.question(query))
        assert rules.read(saved.question(rules.write(once))) == once
