"""What others see of teams: masked names, honest numbers, and only teams one can really join."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import Client

from orders.orderworld import World
from teams.teamworld import close, pay, placed, start, team_draft, team_world
from yantuan.groupbuys.queries import group_buy_page
from yantuan.identity import sessions
from yantuan.identity.models import Person
from yantuan.kernel.clock import frozen, now
from yantuan.kernel.errors import NotFound
from yantuan.teams import queries

pytestmark = pytest.mark.django_db


def named(world: World, nickname: str) -> Person:
    person = world.buyer()[0]
    Person.objects.filter(id=person.id).update(nickname=nickname)
    person.refresh_from_db()
    return person


def test_the_sales_page_prints_the_rule_and_the_prices() -> None:
    world = team_world(size=3, hours=12, offers=2)
    plain = world.offers[1]
    plain.options = {}
    plain.save(update_fields=["options"])
    page = group_buy_page(world.group_buy.code)
    assert page.teams is not None
    assert (page.teams.size, page.teams.hours, page.teams.sell_anyway) == (3, 12, False)
    assert "12 小时内有效" in page.teams.text and "自动全额退回" in page.teams.text
    assert [offer.team_fen for product in page.products for offer in product.offers] == [2990, None]
    world.group_buy.options = {}
    world.group_buy.save(update_fields=["options"])
    page = group_buy_page(world.group_buy.code)
    assert page.teams is None
    assert [offer.team_fen for product in page.products for offer in product.offers] == [None, None]


def test_only_teams_with_a_payment_and_a_free_seat_are_offered() -> None:
    world = team_world(size=2, hours=1)
    unpaid, _ = start(world)
    joinable, first = start(world)
    Person.objects.filter(id=first.person_id).update(nickname="王小雁")
    pay(first)
    full, second = start(world)
    pay(second)
    placed(team_draft(world, full.id))
    found = queries.sale_teams(world.group_buy.code, None)
    assert [(row.code, row.starter, row.size, row.taken, row.paid) for row in found.open] == [
        (joinable.code, "王*雁", 2, 1, 1)
    ]
    assert found.mine is None and unpaid.code != joinable.code
    with frozen(now() + timedelta(hours=1)):
        assert queries.sale_teams(world.group_buy.code, None).open == []


def test_ones_own_team_stands_apart() -> None:
    world = team_world(size=2)
    team, order = start(world)
    found = queries.sale_teams(world.group_buy.code, order.person)
    assert found.open == [] and found.mine is not None
    assert (found.mine.code, found.mine.paid) == (team.code, 0)
    close(order)
    assert queries.sale_teams(world.group_buy.code, order.person).mine is None


def test_a_teams_page_shows_who_is_in_and_who_has_paid() -> None:
    world = team_world(size=3)
    team, first = start(world)
    [second] = placed(team_draft(world, team.id, anonymous=True))
    pay(first)
    stranger = named(world, "路过的人")
    page = queries.team_page(team.code, stranger)
    assert [(m.starter, m.paid, m.me) for m in page.members] == [(True, True, False), (False, False, False)]
    assert page.members[1].name == "匿名团员"
    assert first.person.nickname not in {m.name for m in page.members}
    assert (page.joinable, page.order_id, page.sale_open) == (True, None, True)
    assert [(g.price_fen, g.team_fen) for g in page.goods] == [(3990, 2990)]
    mine = queries.team_page(team.code, second.person)
    assert (mine.joinable, mine.order_id, mine.members[1].me) == (False, str(second.id), True)
    with pytest.raises(NotFound):
        queries.team_page("nobody", None)


def test_a_leader_sees_what_each_team_brought() -> None:
    world = team_world(size=2)
    team, first = start(world)
    [second] = placed(team_draft(world, team.id))
    other, _ = start(world)
    pay(first, second)
    token = sessions.start(world.leader_person, "mp", "test")
    answer = Client().get(
        f"/api/leader/group-buys/{world.group_buy.id}/teams", headers={"Authorization": f"Bearer {token}"}
    )
    found = answer.json()
    assert answer.status_code == 200, found
    assert (found["size"], found["forming"], found["formed"], found["over"]) == (2, 1, 1, 0)
    rows = {row["code"]: (row["state"], row["paid"], row["paid_fen"]) for row in found["rows"]}
    assert rows == {team.code: ("formed", 2, 7580), other.code: ("forming", 0, 0)}
