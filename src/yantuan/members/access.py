"""The door to members; "not yours" and "absent" look the same."""

from __future__ import annotations

from yantuan.identity.models import Person
from yantuan.kernel.errors import NotFound
from yantuan.members.models import Member
from yantuan.staff.access import reach
from yantuan.stores.models import Store


def access_member(person: Person, member_id: int) -> Member:
    """A member of a store this person owns or helps in. Raises NotFound otherwise."""
    member = Member.objects.select_related("person").filter(id=member_id).first()
    if member is None or reach(person, Store.objects.filter(id=member.store_id), "") is None:
        raise NotFound("没有找到这位团员", "No such member.")
    return member
