"""The orders table: what fits, its order and pages, the sums, who may look."""

from __future__ import annotations

import re
from typing import Any

import pytest
from desk_world import DeskWorld, browser, helper
from django.test import Client

import factories as make
from yantuan.desk import table
from yantuan.kernel.errors import Invalid
from yantuan.members.counting import count
from yantuan.members.models import Member, MemberTag
from yantuan.orders.models import LocalDelivery, Order

pytestmark = pytest.mark.django_db


def shown(answer: Any) -> list[int]:
    """The ids of the rows on a page, in its order."""
    assert answer.status_code == 200, answer.content.decode()[:500]
    return [int(one) for one in re.findall(r'data-row="(\d+)"', answer.content.decode())]


def look(world: DeskWorld, query: str = "", client: Client | None = None) -> Any:
    return (client or browser(world.leader)).get(f"{world.path}/orders?{query}")


def refused(answer: Any) -> tuple[int, str]:
    """Status and sentence of a page that says no."""
    found = re.search(r'data-testid="desk-refusal">([^<]+)', answer.content.decode())
    assert found
    return answer.status_code, found[1]


def ids(world: DeskWorld, *names: str) -> set[int]:
    return {world.orders[name].id for name in names}


@pytest.mark.parametrize(
    ("query", "fit"),
    [
        ("", {"unpaid", "proven", "paid", "shipped", "to_pick"}),
        ("tab=to_ship", {"paid"}),
        ("tab=to_confirm", {"proven"}),
        ("payment=unpaid,awaiting_confirmation", {"unpaid", "proven"}),
        ("payment=unpaid&payment=awaiting_confirmation", {"unpaid", "proven"}),
        ("delivery=shipped", {"shipped"}),
        ("aftersale=open", set()),
        ("way=pickup", {"to_pick"}),
        ("method=wechatpay", set()),
        ("refundable=1", {"paid", "shipped", "to_pick"}),
        ("note=private", set()),
        ("note=none", {"unpaid", "proven", "paid", "shipped", "to_pick"}),
        ("first=2000-01-01&last=2000-01-02", set()),
        ("flagged=1", set()),
    ],
)
def test_filters(world: DeskWorld, query: str, fit: set[str]) -> None:
    assert set(shown(look(world, query))) == ids(world, *fit)


def test_filters_by_rows_of_the_store(world: DeskWorld) -> None:
    point = world.store.pickup_points.get()
    product = world.sale.offers.get().product_id
    other = make.product(world.store, title="没有人买")
    everything = ids(world, *world.orders)
    assert set(shown(look(world, f"point={point.id}"))) == ids(world, "to_pick")
    assert set(shown(look(world, f"product={product}"))) == everything
    assert shown(look(world, f"product={other.id}")) == []
    assert set(shown(look(world, f"sale={world.sale.id}"))) == everything
    assert shown(look(world, f"sale={other.id}")) == []


def test_a_members_tag_finds_the_orders_of_merged_accounts_too(world: DeskWorld) -> None:
    paid, shipped = world.orders["paid"], world.orders["shipped"]
    count(world.store.id, [paid.person_id, shipped.person_id])
    keeps, goes = (Member.objects.get(person_id=one.person_id) for one in (paid, shipped))
    MemberTag.objects.create(member=keeps, store_id=world.store.id, name="老客")
    assert set(shown(look(world, "tag=老客"))) == ids(world, "paid")
    Member.objects.filter(id=goes.id).update(merged_into=keeps)
    assert set(shown(look(world, "tag=老客"))) == ids(world, "paid", "shipped")


def test_search_finds_what_the_phone_finds(world: DeskWorld) -> None:
    order = world.orders["paid"]
    assert shown(look(world, f"q=%23{order.number}")) == [order.id]
    assert shown(look(world, f"q={order.id}")) == [order.id]
    assert set(shown(look(world, "q=五常"))) == ids(world, *world.orders)
    assert shown(look(world, "q=没有这种东西")) == []


@pytest.mark.parametrize(
    "query",
    ["tab=x", "payment=x", "sale=x", "sale=0", "point=-1", "product=99999999999999999999", "first=x", "sort=x", "cols=x", "way=x", "after=x"],
)  # fmt: skip
def test_what_is_not_understood_is_refused_and_never_widens(world: DeskWorld, query: str) -> None:
    answer = look(world, query)
    assert answer.status_code == 422
    assert "data-row" not in answer.content.decode()


@pytest.mark.parametrize("sort", ["new", "old", "number", "-number", "amount", "-amount", "room"])
def test_pages_hold_every_order_once_in_both_directions(
    world: DeskWorld, sort: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(table, "PAGE", 2)
    rows = Order.objects.filter(store_id=world.store.id)
    pages = [table.page(world.store, rows, sort)]
    while pages[-1].after:
        pages.append(table.page(world.store, rows, sort, after=pages[-1].after))
    assert [len(page.rows) for page in pages] == [2, 2, 1]
    found = [row.id for page in pages for row in page.rows]
    assert found == table.ids(rows, sort) and len(set(found)) == 5
    assert pages[0].before == "" and all(page.before for page in pages[1:])
    back = table.page(world.store, rows, sort, before=pages[2].before)
    assert [row.id for row in back.rows] == [row.id for row in pages[1].rows]
    first = table.page(world.store, rows, sort, before=back.before)
    assert [row.id for row in first.rows] == [row.id for row in pages[0].rows] and first.before == ""


def test_a_cursor_of_another_store_says_nothing(world: DeskWorld) -> None:
    other = make.store(make.leader("别的团长"))
    rows = Order.objects.filter(store_id=other.id)
    with pytest.raises(Invalid):
        table.page(other, rows, "new", after=str(world.orders["paid"].id))


def test_sums_are_over_all_that_fit(world: DeskWorld, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(table, "PAGE", 2)
    made = Order.objects.filter(store_id=world.store.id)
    total, paid = (sum(getattr(one, name) for one in made) for name in ("total_fen", "paid_fen"))
    found = table.totals(table.fitting(world.store, table.Filters()))
    assert (found.orders, found.pieces, found.total_fen, found.paid_fen, found.refunded_fen) == (
        5,
        5,
        total,
        paid,
        0,
    )
    page = look(world).content.decode()
    assert f"<b>5</b> 单 · <b>5</b> 件 · 金额 <b>¥{total // 100}.{total % 100:02d}</b>" in page


def test_chosen_columns_stand_in_the_chosen_order(world: DeskWorld) -> None:
    page = look(world, "cols=id,number&tab=to_ship").content.decode()
    heads = re.findall(r'<th class="col-(\w+)', page)
    assert heads == ["id", "number"]
    assert str(world.orders["paid"].id) in page


def test_the_whole_phone_and_other_peoples_costs_are_never_on_it(world: DeskWorld) -> None:
    page = look(world, "cols=recipient,phone,place,number").content.decode()
    phone = make.phone_of(world.orders["paid"].phone_sealed)
    assert phone not in page and f"{phone[:3]}****{phone[-4:]}" in page
    # An unpaid order's recipient is masked, as on the phone.
    assert world.orders["unpaid"].recipient_name not in page
    assert "777" not in re.sub(r"\d{15,}", "", page)


def test_who_may_look(world: DeskWorld) -> None:
    for right in ("orders", "shipping", "pickup", "aftersales"):
        assert len(shown(look(world, client=browser(helper(world, right))))) == 5
    absent = refused(browser(world.leader).get("/desk/12345/orders"))
    for person in (helper(world, "money"), helper(world, "goods"), make.person(), make.leader("别的团长")):
        assert (
            refused(look(world, client=browser(person)))
            == absent
            == (404, "没有找到，可能已被删除或链接不对")
        )
    away = Client().get(f"{world.path}/orders?tab=to_ship")
    assert (
        away.status_code == 302
        and away["Location"] == f"/desk/sign-in?next=%2Fdesk%2F{world.store.id}%2Forders%3Ftab%3Dto_ship"
    )


def test_an_order_opens_only_in_its_own_store(world: DeskWorld) -> None:
    order = world.orders["paid"]
    client = browser(world.leader)
    whole = client.get(f"{world.path}/orders/{order.id}")
    part = client.get(f"{world.path}/orders/{order.id}", headers={"X-Desk-Piece": "1"})
    assert "<html" in whole.content.decode() and "<html" not in part.content.decode()
    assert "买家完成支付" in part.content.decode() or "¥" in part.content.decode()
    second = make.store(world.leader, name="第二家店")
    assert client.get(f"/desk/{second.id}/orders/{order.id}").status_code == 404
    stranger = browser(make.leader("别的团长"))
    answer = stranger.get(f"{world.path}/orders/{order.id}", headers={"X-Desk-Piece": "1"})
    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")


def test_english_by_switch(world: DeskWorld) -> None:
    client = browser(world.leader)
    assert "待发货" in look(world, client=client).content.decode()
    answer = client.post("/desk/language", {"language": "en", "next": f"{world.path}/orders"})
    assert (answer.status_code, answer["Location"]) == (302, f"{world.path}/orders")
    page = look(world, client=client).content.decode()
    assert "To ship" in page and 'lang="en"' in page and "待发货" not in page
    assert client.post("/desk/language", {"language": "fr"}).status_code == 422


def test_an_order_brought_by_distance_says_how_far_it_goes(world: DeskWorld) -> None:
    order, client = world.orders["paid"], browser(world.leader)
    bare = client.get(f"{world.path}/orders/{order.id}").content.decode()
    assert "直线距离" not in bare
    LocalDelivery.objects.create(
        order_id=order.id, store_id=order.store_id, metres=2279, up_to_m=3000, fee_fen=500
    )
    assert "运费 · 直线距离约 2.3 km" in client.get(f"{world.path}/orders/{order.id}").content.decode()
