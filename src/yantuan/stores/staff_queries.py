"""What the leader sees of helpers, and what an invited person sees."""

from __future__ import annotations

from typing import Final

from django.db.models import Max

from yantuan.identity.models import Person
from yantuan.kernel.config import config
from yantuan.kernel.http import Page, after_id
from yantuan.media.queries import media_map
from yantuan.staff.access import rights_of
from yantuan.staff.models import StaffAct, StaffInvite, StaffMember
from yantuan.staff.rights import RIGHTS, Right, words
from yantuan.stores.models import Store
from yantuan.stores.schemas import StoreOut
from yantuan.stores.staff_actions import open_invites
from yantuan.stores.staff_schemas import StaffActOut, StaffInviteOut, StaffInviteSeen, StaffOut, StaffPage

ACTS: Final = 30


def staff_page(store: Store) -> StaffPage:
    """Helpers, the oldest first, and open invitations, the newest first."""
    rows = StaffMember.objects.select_related("person").filter(store_id=store.id, revoked_at=None)
    return StaffPage(
        members=_members_out(store.id, list(rows.order_by("id"))),
        invites=[invite_out(one) for one in open_invites(store.id)],
    )


def member_out(member: StaffMember) -> StaffOut:
    """One helper."""
    return _members_out(member.store_id, [member])[0]


def _members_out(store_id: int, rows: list[StaffMember]) -> list[StaffOut]:
    pictures = media_map(row.person.avatar_media_id for row in rows)
    people = [row.person_id for row in rows]
    acts = StaffAct.objects.filter(store_id=store_id, person_id__in=people).values_list("person_id")
    last = dict(acts.annotate(last=Max("at")))
    return [
        StaffOut(
            id=str(row.id),
            nickname=row.person.nickname,
            avatar=pictures.get(row.person.avatar_media_id or 0),
            note=row.note,
            rights=rights_of({store_id: row}, store_id),
            created_at=row.created_at,
            last_act_at=last.get(row.person_id),
        )
        for row in rows
    ]


def invite_out(row: StaffInvite, token: str = "") -> StaffInviteOut:
    """One invitation; with its token only when it was just made."""
    return StaffInviteOut(
        id=str(row.id), note=row.note, rights=_ordered(row.rights), created_at=row.created_at,
        expires_at=row.expires_at, url=f"{config().public_url.rstrip('/')}/leader/staff-join/index?token={token}" if token else "",
        token=token,
    )  # fmt: skip


def _ordered(kept: list[str]) -> list[Right]:
    return [right for right in RIGHTS if right in kept]


def invite_seen(person: Person, row: StaffInvite) -> StaffInviteSeen:
    """The invitation as the invited person reads it."""
    store = Store.objects.select_related("leader__person").get(id=row.store_id)
    owner = store.leader.person_id == person.id
    helps = StaffMember.objects.filter(store_id=store.id, person=person, revoked_at=None).exists()
    return StaffInviteSeen(
        store_id=str(store.id), store_name=store.name,
        leader_name=store.leader.display_name or store.leader.person.nickname, rights=_ordered(row.rights),
        expires_at=row.expires_at, mine=owner or helps,
    )  # fmt: skip


def acts_page(store: Store, cursor: str) -> Page[StaffActOut]:
    """What helpers did, the newest first."""
    rows = StaffAct.objects.select_related("person").filter(store_id=store.id)
    last = after_id(cursor)
    if last is not None:
        rows = rows.filter(id__lt=last)
    found = list(rows.order_by("-id")[: ACTS + 1])
    notes = dict(StaffMember.objects.filter(store_id=store.id).values_list("person_id", "note"))
    items = [_act_out(row, notes.get(row.person_id, "")) for row in found[:ACTS]]
    return Page(items=items, next=items[-1].id if len(found) > ACTS else None)


def _act_out(row: StaffAct, note: str) -> StaffActOut:
    text, text_en = words(row.operation)
    return StaffActOut(
        id=str(row.id), at=row.at, nickname=row.person.nickname, note=note, text=text, text_en=text_en,
        outcome=row.outcome, order_id=str(row.target.get("order_id", "")),
    )  # fmt: skip


def helped(person: Person) -> list[tuple[Store, list[Right]]]:
    """Stores the person helps in, in the order they joined, with the rights there."""
    places = list(StaffMember.objects.filter(person=person, revoked_at=None).order_by("id"))
    if not places:
        return []
    stores = Store.objects.select_related("leader__person").in_bulk([place.store_id for place in places])
    return [(stores[p.store_id], rights_of({p.store_id: p}, p.store_id)) for p in places]


def helped_stores(person: Person) -> list[Store]:
    """Stores the person helps in, in the order they joined."""
    return [store for store, _ in helped(person)]


def with_rights(person: Person, stores: list[Store], shown: list[StoreOut]) -> list[StoreOut]:
    """The stores with what this person may do in each."""
    others = [s.id for s in stores if s.leader.person_id != person.id]
    rows = StaffMember.objects.filter(person=person, store_id__in=others, revoked_at=None) if others else []
    members = {row.store_id: row for row in rows}
    for store, out in zip(stores, shown, strict=True):
        out.owned = store.leader.person_id == person.id
        out.rights = list(RIGHTS) if out.owned else rights_of(members, store.id)
    return shown
