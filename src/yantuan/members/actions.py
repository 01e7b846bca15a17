"""The verbs about members: notes and tags, blocking, merging accounts of one person, levels."""

from __future__ import annotations

from collections.abc import Sequence

from django.db import transaction

from yantuan.identity.models import Person
from yantuan.kernel import audit
from yantuan.kernel.actors import Actor
from yantuan.kernel.clock import now
from yantuan.kernel.errors import Conflict, Invalid, NotFound
from yantuan.members.access import access_member
from yantuan.members.counting import count
from yantuan.members.models import Member, MemberLevels, MemberTag
from yantuan.members.rules import MAX_TAGS, TAG_LENGTH, Level, check_levels
from yantuan.members.schemas import MemberIn
from yantuan.stores.models import BlockedBuyer, Store


def write(person: Person, member_id: int, data: MemberIn) -> Member:
    """Replace the note and the tags."""
    member = access_member(person, member_id)
    tags = list(dict.fromkeys(data.tags))
    with transaction.atomic():
        Member.objects.filter(id=member.id).update(note=data.note)
        MemberTag.objects.filter(member=member).exclude(name__in=tags).delete()
        MemberTag.objects.bulk_create(
            [MemberTag(member=member, store_id=member.store_id, name=tag) for tag in tags],
            ignore_conflicts=True,
        )
    member.note = data.note
    return member


def add_tag(person: Person, member_id: int, name: str) -> Member:
    """One tag more, beside the others. Again: no change. Raises Invalid `tag_needed`, Conflict `too_many_tags`."""
    member = access_member(person, member_id)
    if not 1 <= len(name) <= TAG_LENGTH:
        raise Invalid(
            "tag_needed", f"标签写 1 到 {TAG_LENGTH} 个字", "A tag has 1 to 12 characters.", field="tag"
        )
    with transaction.atomic():
        Member.objects.select_for_update().get(id=member.id)
        names = set(MemberTag.objects.filter(member=member).values_list("name", flat=True))
        if name in names:
            return member
        if len(names) >= MAX_TAGS:
            raise Conflict(
                "too_many_tags", f"这位团员已有 {MAX_TAGS} 个标签", "This member has too many tags."
            )
        MemberTag.objects.create(member=member, store_id=member.store_id, name=name)
    return member


def block(person: Person, member_id: int, reason: str) -> Member:
    """Take no more orders from this person; open orders go on. Again: the reason is replaced."""
    member = access_member(person, member_id)
    if member.person_id == person.id:
        raise Conflict("block_self", "不能拉黑自己", "You can't block yourself.")
    with transaction.atomic():
        for one in _accounts(member):
            BlockedBuyer.objects.update_or_create(
                store_id=member.store_id,
                person_id=one,
                defaults={"reason": reason, "blocked_at": now(), "blocked_by": person.id},
            )
        _audit(person, "member.block", member, reason)
    return member


def unblock(person: Person, member_id: int) -> Member:
    """Take orders again. Who is not blocked: no change."""
    member = access_member(person, member_id)
    with transaction.atomic():
        gone, _ = BlockedBuyer.objects.filter(
            store_id=member.store_id, person_id__in=_accounts(member)
        ).delete()
        if gone:
            _audit(person, "member.unblock", member)
    return member


def _accounts(member: Member) -> list[int]:
    return [member.person_id, *member.twins.values_list("person_id", flat=True)]


def merge(person: Person, member_id: int, other_id: int) -> Member:
    """Show `other_id` as part of this member. Raises NotFound, Invalid `merge_self`, Conflict `already_merged`.

    Orders stay with their accounts; only the leader's view and its figures are joined, so it can be undone.
    """
    keeps, goes = access_member(person, member_id), access_member(person, other_id)
    check_merge(keeps, goes)
    with transaction.atomic():
        rows = list(Member.objects.select_for_update().filter(id__in=[keeps.id, goes.id]).order_by("id"))
        check_merge(*sorted(rows, key=lambda row: row.id != keeps.id))
        Member.objects.filter(id=goes.id).update(merged_into=keeps)
        if not keeps.note and goes.note:
            Member.objects.filter(id=keeps.id).update(note=goes.note)
        count(keeps.store_id, [keeps.person_id])
        _audit(person, "member.merge", keeps, other=str(goes.id))
    return access_member(person, member_id)


def check_merge(keeps: Member, goes: Member) -> None:
    """Refuse a merge that means nothing or would make a chain."""
    if keeps.id == goes.id:
        raise Invalid("merge_self", "请选择另一位团员", "Choose another member.", field="other_id")
    if keeps.store_id != goes.store_id:
        raise NotFound("没有找到这位团员", "No such member.")
    if keeps.merged_into_id or goes.merged_into_id or goes.twins.exists():
        raise Conflict("already_merged", "其中一位已经合并过了，请先撤销", "One of them is merged already.")


def unmerge(person: Person, member_id: int) -> Member:
    """Show an account for itself again. One that is not merged: no change."""
    member = access_member(person, member_id)
    keeps = member.merged_into
    if keeps is None:
        return member
    with transaction.atomic():
        Member.objects.filter(id=member.id).update(merged_into=None)
        count(member.store_id, [member.person_id, keeps.person_id])
        _audit(person, "member.unmerge", member, other=str(keeps.id))
    return access_member(person, member_id)


def save_levels(person: Person, store: Store, steps: Sequence[Level]) -> None:
    """Replace the store's levels; they hold for everybody at once. Raises Invalid `levels_wrong`."""
    check_levels(steps)
    rows = [{"name": s.name, "orders": s.orders, "paid_fen": s.paid_fen} for s in steps]
    with transaction.atomic():
        MemberLevels.objects.update_or_create(store_id=store.id, defaults={"steps": rows})
        audit.record(Actor("leader", person.id), "member.levels", "store", store.id, store_id=store.id)


def _audit(person: Person, action: str, member: Member, reason: str = "", **data: str) -> None:
    actor = Actor("leader", person.id)
    audit.record(actor, action, "member", member.id, store_id=member.store_id, reason=reason, **data)
