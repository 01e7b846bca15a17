"""The verbs about helpers: inviting, accepting, changing rights, revoking, leaving. Only the leader gives rights."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from django.db import IntegrityError, transaction
from django.db.models import QuerySet

from yantuan.identity.models import Person
from yantuan.kernel import audit, invitations
from yantuan.kernel.actors import Actor
from yantuan.kernel.clock import now
from yantuan.kernel.errors import Conflict, Invalid, NotFound
from yantuan.staff.models import StaffInvite, StaffMember
from yantuan.staff.rights import RIGHTS, Right
from yantuan.stores.models import Store

MAX_STAFF: Final = 30
"""Helpers and open invitations of one store."""


class StaffInviteInvalid(Invalid):
    """Unknown, used, cancelled or expired: a stranger learns nothing more."""

    def __init__(self) -> None:
        super().__init__(
            "staff_invite_invalid",
            "邀请已失效，请让团长重新发一个",
            "The invitation is not valid any more; ask the leader for a new one.",
            field="token",
        )


def _columns(rights: Sequence[Right]) -> dict[str, bool]:
    return {f"may_{right}": right in rights for right in RIGHTS}


def invite(person: Person, store: Store, rights: Sequence[Right], note: str) -> tuple[StaffInvite, str]:
    """A new invitation for one person, and its token. Raises Conflict `too_many_staff`."""
    token, columns = invitations.fresh(person.id)
    with transaction.atomic():
        Store.objects.select_for_update(no_key=True).get(id=store.id)
        if _members(store.id).count() + open_invites(store.id).count() >= MAX_STAFF:
            raise Conflict(
                "too_many_staff", f"管理员和未使用的邀请最多 {MAX_STAFF} 个", f"At most {MAX_STAFF} helpers."
            )
        row = StaffInvite.objects.create(store_id=store.id, rights=sorted(set(rights)), note=note, **columns)
        _audit(person, "staff.invite", "staff_invite", row.id, store.id, rights=row.rights)
    return row, token


def _members(store_id: int) -> QuerySet[StaffMember]:
    return StaffMember.objects.filter(store_id=store_id, revoked_at=None)


def open_invites(store_id: int) -> QuerySet[StaffInvite]:
    """Invitations that can still be accepted, the newest first."""
    return invitations.still_open(StaffInvite.objects.filter(store_id=store_id))


def find_invite(person: Person, token: str) -> StaffInvite:
    """The open invitation behind a token. Raises StaffInviteInvalid, TooMany."""
    row = invitations.find(StaffInvite.objects.all(), person.id, token, "staff-invite")
    if row is None:
        raise StaffInviteInvalid
    return row


def accept(person: Person, token: str) -> StaffMember:
    """Become a helper by an invitation, once; by the same person again: no change.

    Raises StaffInviteInvalid, Conflict `own_store` for the leader, `already_staff` for who helps there by another.
    """
    row = find_invite(person, token)
    store = Store.objects.select_related("leader").get(id=row.store_id)
    if store.leader.person_id == person.id:
        raise Conflict("own_store", "这是你自己的卖场", "This is your own store.")
    if row.used_by == person.id:
        again = _members(store.id).filter(person=person).first()
        if again is None:
            raise StaffInviteInvalid
        return again
    moment = now()
    try:
        with transaction.atomic():
            if not invitations.take(StaffInvite.objects.all(), row.id, person.id):
                raise StaffInviteInvalid
            member = StaffMember.objects.create(
                store_id=store.id, person=person, note=row.note, invited_by=row.created_by, created_at=moment,
                changed_at=moment, **_columns(row.rights),
            )  # fmt: skip
            _audit(person, "staff.accept", "staff", member.id, store.id, rights=row.rights)
    except IntegrityError as error:
        raise Conflict(
            "already_staff", "你已经是这个卖场的管理员了", "You help in this store already."
        ) from error
    return member


def cancel_invite(person: Person, store: Store, invite_id: int) -> None:
    """Take an invitation back. Used or expired ones stay as they are. Raises NotFound for one of another store."""
    own = StaffInvite.objects.filter(store_id=store.id)
    if not own.filter(id=invite_id).exists():
        raise NotFound
    with transaction.atomic():
        if invitations.cancel(own, invite_id):
            _audit(person, "staff.cancel_invite", "staff_invite", invite_id, store.id)


def change(person: Person, store: Store, member_id: int, rights: Sequence[Right], note: str) -> StaffMember:
    """Give a helper other rights; they hold from the next request on. Raises NotFound."""
    with transaction.atomic():
        member = _locked(store, member_id)
        for column, value in _columns(rights).items():
            setattr(member, column, value)
        member.note, member.changed_at = note, now()
        member.save()
        _audit(person, "staff.change", "staff", member.id, store.id, rights=sorted(set(rights)))
    return member


def revoke(person: Person, store: Store, member_id: int) -> None:
    """End a helper's place at once. Raises NotFound for one who has none."""
    with transaction.atomic():
        member = _locked(store, member_id)
        member.revoked_at = now()
        member.save(update_fields=["revoked_at"])
        _audit(person, "staff.revoke", "staff", member.id, store.id)


def leave(person: Person, store_id: int) -> None:
    """Give one's own place up. Raises NotFound where one has none."""
    with transaction.atomic():
        member = _members(store_id).select_for_update().filter(person=person).first()
        if member is None:
            raise NotFound
        member.revoked_at = now()
        member.save(update_fields=["revoked_at"])
        _audit(person, "staff.leave", "staff", member.id, store_id)


def _locked(store: Store, member_id: int) -> StaffMember:
    member = _members(store.id).select_for_update().filter(id=member_id).first()
    if member is None:
        raise NotFound
    return member


def _audit(person: Person, action: str, kind: str, target_id: int, store_id: int, **data: Any) -> None:
    audit.record(Actor("leader", person.id), action, kind, target_id, store_id=store_id, **data)
