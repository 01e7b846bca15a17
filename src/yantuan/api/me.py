"""Who is looking, and what this instance is: the two answers every page starts from."""

from __future__ import annotations

from collections.abc import Mapping
from typing import cast

from django.http import HttpRequest, HttpResponse
from ninja import Router

from yantuan.api.schemas import InstanceOut, MeHelp, MeLeader, MeOut, MePerson, MePoint
from yantuan.hosts.queries import hosted_points
from yantuan.identity import actions as identity_actions
from yantuan.identity.auth import person_of, person_or_none, signed_in
from yantuan.identity.models import Person
from yantuan.identity.phones import mask_phone, phone_of
from yantuan.identity.schemas import PersonIn
from yantuan.kernel.config import config
from yantuan.kernel.reviews import undone
from yantuan.leaders.models import Leader
from yantuan.leaders.queries import LeaderState
from yantuan.media.access import own_media
from yantuan.media.queries import media_map
from yantuan.media.schemas import MediaOut
from yantuan.merchants.queries import trouble_of_store
from yantuan.notices.queries import unread
from yantuan.stores.models import Store
from yantuan.stores.queries import stopped_because
from yantuan.stores.staff_queries import helped

router = Router(tags=["me"])


def me_out(person: Person | None) -> MeOut:
    """The caller with their leader side, if any; nothing of it when signed out."""
    if person is None:
        return MeOut(person=None, leader=None, unread_leader=0, unread_buyer=0)
    counts = unread(person.id)
    return MeOut(
        person=_person(person),
        leader=_leader(person),
        helps=_helps(person),
        points=_points(person),
        unread_leader=counts.leader,
        unread_buyer=counts.buyer,
    )


def _person(person: Person) -> MePerson:
    wish = undone(identity_actions.SAID_AS, [person.id]).get(person.id)
    wanted = wish.read(PersonIn) if wish else None
    new = wanted.avatar_media_id if wanted else None
    pictures = media_map([person.avatar_media_id, new])
    return MePerson(
        id=str(person.id),
        nickname=person.nickname,
        avatar_media_id=str(person.avatar_media_id) if person.avatar_media_id else None,
        avatar_url=_thumb(pictures, person.avatar_media_id),
        phone_masked=mask_phone(phone_of(person.phone_sealed)) if person.phone_sealed else "",
        has_phone=bool(person.phone_hash),
        show_in_lists=person.show_in_lists,
        language=person.language,
        review=wish.review if wish else None,
        wanted_nickname=(wanted.nickname or "") if wanted else "",
        wanted_avatar_url=_thumb(pictures, new),
    )


def _thumb(pictures: Mapping[int, MediaOut], media_id: int | None) -> str:
    found = pictures.get(media_id or 0)
    return found.thumb_url if found else ""


def _leader(person: Person) -> MeLeader | None:
    leader = Leader.objects.filter(person=person).first()
    if leader is None:
        return None
    store = Store.objects.select_related("leader").filter(leader=leader).order_by("id").first()
    return MeLeader(
        id=str(leader.id),
        display_name=leader.display_name,
        state=cast(LeaderState, leader.certification),
        state_label=Leader.State(leader.certification).label,
        suspended=leader.suspended_at is not None
        or (store is not None and (store.suspended_at is not None or store.halted_at is not None)),
        suspend_reason=stopped_because(store) if store else leader.suspend_reason,
        pay_trouble=trouble_of_store(store) if store else None,
        store_id=str(store.id) if store else None,
        store_name=store.name if store else "",
        store_code=store.code if store else "",
    )


def _helps(person: Person) -> list[MeHelp]:
    return [
        MeHelp(
            store_id=str(store.id),
            store_name=store.name,
            store_code=store.code,
            leader_name=store.leader.display_name or store.leader.person.nickname,
            rights=rights,
            suspended=bool(reason),
            suspend_reason=reason,
        )
        for store, rights in helped(person)
        for reason in [stopped_because(store)]
    ]


def _points(person: Person) -> list[MePoint]:
    return [MePoint(id=p.id, name=p.name, store_name=p.store_name) for p in hosted_points(person)]


@router.get("/me", response=MeOut, auth=None)
def get_me(request: HttpRequest, response: HttpResponse) -> MeOut:
    response["Cache-Control"] = "no-store"
    return me_out(person_or_none(request))


@router.patch("/me", response=MeOut, auth=signed_in)
def update_me(request: HttpRequest, body: PersonIn) -> MeOut:
    person = person_of(request)
    if body.avatar_media_id is not None:
        own_media(person.id, [body.avatar_media_id], {"avatar"})
    return me_out(identity_actions.update_person(person, body))


@router.get("/instance", response=InstanceOut, auth=None)
def get_instance(request: HttpRequest) -> InstanceOut:
    return instance_out()


def instance_out() -> InstanceOut:
    cfg = config()
    return InstanceOut(
        name="雁团",
        demo=cfg.demo,
        wechatpay=cfg.has_wechatpay,
        oa_appid=cfg.wechat_oa_appid,
        mini_appid=cfg.wechat_mini_appid,
        simulator_url=cfg.simulator_url if cfg.demo else "",
        hold_minutes=cfg.hold_seconds // 60,
        aftersale_days=cfg.aftersale_window_days,
    )
