"""What a leader sees of hosts, and what a host sees of the point. Callers have passed a door of `access` already."""

from __future__ import annotations

from collections import defaultdict
from typing import Final

from django.db.models import Count, Max, Q

from yantuan.groupbuys.models import GroupBuy
from yantuan.hosts.inviting import live_hosts, open_invites
from yantuan.hosts.models import Arrival, HostInvite, PointHost
from yantuan.hosts.schemas import (
    HostedPoint,
    HostInviteOut,
    HostInviteSeen,
    HostOut,
    HostPoint,
    PointSale,
    PointSales,
)
from yantuan.identity.models import Person
from yantuan.kernel.config import config
from yantuan.media.queries import media_map
from yantuan.orders.models import Order
from yantuan.orders.states import PAID_PAYMENTS
from yantuan.stores.models import PickupPoint, Store

SALES: Final = 30
"""Sales of a point that are listed, the newest first."""
WAITING: Final = ("awaiting_pickup", "part_picked")
"""Deliveries with something left to hand out."""


def host_points(store: Store) -> list[HostPoint]:
    """The store's live points with their hosts and open invitations."""
    hosts: dict[int, list[HostOut]] = defaultdict(list)
    for host in hosts_out(list(live_hosts(store.id).select_related("person"))):
        hosts[int(host.point_id)].append(host)
    invites: dict[int, list[HostInviteOut]] = defaultdict(list)
    for row in open_invites(store.id):
        invites[row.point_id].append(invite_out(row))
    points = PickupPoint.objects.filter(store_id=store.id, archived_at=None).order_by("position", "id")
    return [
        HostPoint(id=str(p.id), name=p.name, address=p.address, hosts=hosts[p.id], invites=invites[p.id])
        for p in points
    ]


def hosts_out(rows: list[PointHost]) -> list[HostOut]:
    """Hosts, with their person loaded."""
    pictures = media_map(row.person.avatar_media_id for row in rows)
    return [
        HostOut(
            id=str(row.id), point_id=str(row.point_id), nickname=row.person.nickname,
            avatar=pictures.get(row.person.avatar_media_id or 0), note=row.note, created_at=row.created_at,
        )
        for row in rows
    ]  # fmt: skip


def invite_out(row: HostInvite, token: str = "") -> HostInviteOut:
    """One invitation; with its link only when it was just made."""
    base = config().public_url.rstrip("/")
    return HostInviteOut(
        id=str(row.id), point_id=str(row.point_id), note=row.note, created_at=row.created_at, expires_at=row.expires_at,
        url=f"{base}/leader/host-join/index?token={token}" if token else "",
    )  # fmt: skip


def invite_seen(person: Person, row: HostInvite) -> HostInviteSeen:
    """The invitation as the invited person reads it."""
    point = PickupPoint.objects.select_related("store__leader__person").get(id=row.point_id)
    leader = point.store.leader
    hosts = live_hosts(point.store_id).filter(point_id=point.id, person_id=person.id)
    return HostInviteSeen(
        point_id=str(point.id), point_name=point.name, address=point.address, store_name=point.store.name,
        leader_name=leader.display_name or leader.person.nickname, expires_at=row.expires_at,
        mine=leader.person_id == person.id or hosts.exists(),
    )  # fmt: skip


def hosted_points(person: Person) -> list[HostedPoint]:
    """Points the person hosts, in the order they joined."""
    rows = PointHost.objects.filter(person_id=person.id, revoked_at=None).order_by("id")
    return [point_out(row.point) for row in rows.select_related("point__store__leader__person")]


def point_out(point: PickupPoint) -> HostedPoint:
    """The point as its host sees it."""
    leader = point.store.leader
    return HostedPoint(
        id=str(point.id), name=point.name, address=point.address, store_name=point.store.name,
        leader_name=leader.display_name or leader.person.nickname,
    )  # fmt: skip


def point_sales(point: PickupPoint) -> PointSales:
    """The newest sales somebody picks up here."""
    paid = Order.objects.filter(
        store_id=point.store_id, pickup_point_id=point.id, payment__in=list(PAID_PAYMENTS)
    )
    counted = paid.values("group_buy_id").annotate(
        orders=Count("id"), waiting=Count("id", filter=Q(delivery__in=WAITING)), newest=Max("id")
    )
    found = list(counted.order_by("-newest")[:SALES])
    ids = [row["group_buy_id"] for row in found]
    sales = GroupBuy.objects.in_bulk(ids)
    arrivals = {a.group_buy_id: a for a in Arrival.objects.filter(point_id=point.id, group_buy_id__in=ids)}
    rows = []
    for row in found:
        sale, arrival = sales[row["group_buy_id"]], arrivals.get(row["group_buy_id"])
        rows.append(PointSale(
            id=str(sale.id), title=sale.title, ends_at=sale.ends_at, orders=row["orders"], waiting=row["waiting"],
            counted=bool(arrival and arrival.counts), told_at=arrival.told_at if arrival else None,
        ))  # fmt: skip
    return PointSales(point=point_out(point), sales=rows)
