"""A store with orders in several states, and a browser signed in to the desk."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from django.test import Client

import factories as make
from yantuan.groupbuys.models import GroupBuy
from yantuan.identity import sessions
from yantuan.identity.models import Person
from yantuan.orders.models import Order
from yantuan.staff.rights import Right
from yantuan.stores import staff_actions as staff
from yantuan.stores.models import Store


@dataclass
class DeskWorld:
    leader: Person
    store: Store
    sale: GroupBuy
    orders: dict[str, Order] = field(default_factory=dict)

    @property
    def path(self) -> str:
        return f"/desk/{self.store.id}"


def build() -> DeskWorld:
    """One order each: unpaid, proven, paid, to_pick, shipped."""
    leader = make.leader("林小满")
    store = make.store(leader)
    sale = make.group_buy(store, [make.product(store, prices=(3990,))])
    world = DeskWorld(leader, store, sale)
    plans: dict[str, Any] = {
        "unpaid": lambda o: o, "proven": lambda o: make.proven(o) and o, "paid": make.paid, "shipped": make.shipped,
    }  # fmt: skip
    for name, plan in plans.items():
        world.orders[name] = plan(make.order(sale, make.person(f"买家{name}")))
    world.orders["to_pick"] = make.paid(make.order(sale, make.person("自提的人"), method="pickup"))
    world.orders = {name: Order.objects.get(id=one.id) for name, one in world.orders.items()}
    return world


def browser(person: Person, *, strict: bool = False) -> Client:
    """A computer signed in as this person; `strict`: forms need their token."""
    client = Client(enforce_csrf_checks=strict)
    client.cookies[sessions.COOKIE] = sessions.start(person, "desk")
    return client


def helper(world: DeskWorld, *rights: Right) -> Person:
    """Somebody who helps in the store with these rights."""
    person = make.person("帮手")
    _, token = staff.invite(world.leader, world.store, list(rights), "")
    staff.accept(person, token)
    return person
