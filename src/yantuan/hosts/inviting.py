"""The verbs about hosts: inviting, accepting, revoking, leaving. Only the leader makes hosts."""

from __future__ import annotations

from typing import Any, Final

from django.db import IntegrityError, transaction
from django.db.models import QuerySet

from yantuan.hosts.models import HostInvite, PointHost
from yantuan.identity.models import Person
from yantuan.kernel import audit, invitations
from yantuan.kernel.actors import Actor
from yantuan.kernel.clock import now
from yantuan.kernel.errors import Conflict, Invalid, NotFound
from yantuan.stores.models import PickupPoint, Store

MAX_HOSTS: Final = 10
"""Hosts and open invitations of one point."""


class HostInviteInvalid(Invalid):
    """Unknown, used, cancelled or expired: a stranger learns nothing more."""

    def __init__(self) -> None:
        super().__init__(
            "host_invite_invalid",
            "邀请已失效，请让团长重新发一个",
            "The invitation is not valid any more; ask the leader for a new one.",
            field="token",
        )


def live_hosts(store_id: int) -> QuerySet[PointHost]:
    """Hosts of a store's points, the oldest first."""
    return PointHost.objects.filter(store_id=store_id, revoked_at=None).order_by("id")


def open_invites(store_id: int) -> QuerySet[HostInvite]:
    """Invitations that can still be accepted, the newest first."""
    return invitations.still_open(HostInvite.objects.filter(store_id=store_id))


def invite(person: Person, point: PickupPoint, note: str) -> tuple[HostInvite, str]:
    """A new invitation for one person, and its token. Raises Conflict `too_many_hosts`."""
    token, columns = invitations.fresh(person.id)
    with transaction.atomic():
        PickupPoint.objects.select_for_update(no_key=True).get(id=point.id)
        taken = live_hosts(point.store_id).filter(point=point).count()
        if taken + open_invites(point.store_id).filter(point=point).count() >= MAX_HOSTS:
            raise Conflict(
                "too_many_hosts",
                f"一个自提点的负责人和未使用的邀请最多 {MAX_HOSTS} 个",
                f"At most {MAX_HOSTS} hosts of one point.",
            )
        row = HostInvite.objects.create(store_id=point.store_id, point=point, note=note, **columns)
        _audit(person, "host.invite", "host_invite", row.id, point.store_id, point_id=str(point.id))
    return row, token


def find_invite(person: Person, token: str) -> HostInvite:
    """The open invitation behind a token. Raises HostInviteInvalid, TooMany."""
    row = invitations.find(HostInvite.objects.all(), person.id, token, "host-invite")
    if row is None:
        raise HostInviteInvalid
    return row


def accept(person: Person, token: str) -> PointHost:
    """Become the host of a point by an invitation, once; by the same person again: no change.

    Raises HostInviteInvalid, Conflict `own_store` for the leader, `already_host` for who is host there by another.
    """
    row = find_invite(person, token)
    store = Store.objects.select_related("leader").get(id=row.store_id)
    if store.leader.person_id == person.id:
        raise Conflict("own_store", "这是你自己的卖场", "This is your own store.")
    if row.used_by == person.id:
        again = live_hosts(store.id).filter(point_id=row.point_id, person=person).first()
        if again is None:
            raise HostInviteInvalid
        return again
    try:
        with transaction.atomic():
            return _join(person, row)
    except IntegrityError as error:
        raise Conflict(
            "already_host", "你已经是这个自提点的负责人了", "You are a host here already."
        ) from error


def _join(person: Person, row: HostInvite) -> PointHost:
    if not invitations.take(HostInvite.objects.all(), row.id, person.id):
        raise HostInviteInvalid
    host = PointHost.objects.create(
        store_id=row.store_id, point_id=row.point_id, person=person, note=row.note, invited_by=row.created_by,
        created_at=now(),
    )  # fmt: skip
    _audit(person, "host.accept", "host", host.id, row.store_id, point_id=str(row.point_id))
    return host


def cancel_invite(person: Person, store: Store, invite_id: int) -> None:
    """Take an invitation back. Used or expired ones stay as they are. Raises NotFound for one of another store."""
    own = HostInvite.objects.filter(store_id=store.id)
    if not own.filter(id=invite_id).exists():
        raise NotFound
    with transaction.atomic():
        if invitations.cancel(own, invite_id):
            _audit(person, "host.cancel_invite", "host_invite", invite_id, store.id)


def revoke(person: Person, store: Store, host_id: int) -> None:
    """End a host's place at once. Raises NotFound for one who has none."""
    _end(person, live_hosts(store.id).filter(id=host_id), "host.revoke")


def leave(person: Person, point_id: int) -> None:
    """Give one's own place up. Raises NotFound where one has none."""
    _end(
        person,
        PointHost.objects.filter(point_id=point_id, person_id=person.id, revoked_at=None),
        "host.leave",
    )


def _end(person: Person, rows: QuerySet[PointHost], action: str) -> None:
    with transaction.atomic():
        host = rows.select_for_update().first()
        if host is None:
            raise NotFound
        host.revoked_at = now()
        host.save(update_fields=["revoked_at"])
        _audit(person, action, "host", host.id, host.store_id)


def _audit(person: Person, action: str, kind: str, target_id: int, store_id: int, **data: Any) -> None:
    audit.record(Actor("leader", person.id), action, kind, target_id, store_id=store_id, **data)
