"""What a leader sees of members."""

from __future__ import annotations

from typing import Any, Final

from django.db.models import Count, Q, QuerySet

from yantuan.kernel.errors import Invalid
from yantuan.kernel.http import Page
from yantuan.media.queries import media_map
from yantuan.members.models import Member, MemberLevels, MemberTag
from yantuan.members.rules import Level, level_of, refund_rate_percent
from yantuan.members.schemas import (
    LevelIn,
    MemberOut,
    MemberRow,
    MembersHead,
    MergePreview,
    Sort,
    TagCount,
    Twin,
)
from yantuan.orders.models import Order
from yantuan.orders.queries import order_rows, with_rows
from yantuan.sharing.models import Share
from yantuan.stores.models import BlockedBuyer, Store

PAGE: Final = 30
TAGS: Final = 40
"""Tags shown above the list, those of most members first."""
LATEST: Final = 5
_COLUMN: Final[dict[Sort, str]] = {"last": "last_at", "paid": "paid_fen", "orders": "orders"}


def levels_of(store_id: int) -> list[Level]:
    """The store's steps, from the lowest."""
    row = MemberLevels.objects.filter(store_id=store_id).first()
    return [Level(**step) for step in row.steps] if row else []


def head(store: Store) -> MembersHead:
    """How many members, which tags, which levels."""
    tags = MemberTag.objects.filter(store_id=store.id, member__merged_into=None).values_list("name")
    counted = tags.annotate(n=Count("id")).order_by("-n", "name")[:TAGS]
    return MembersHead(
        members=_shown(store.id).count(),
        tags=[TagCount(name=name, members=n) for name, n in counted],
        levels=[LevelIn(name=s.name, orders=s.orders, paid_fen=s.paid_fen) for s in levels_of(store.id)],
    )


def _shown(store_id: int) -> QuerySet[Member]:
    return Member.objects.filter(store_id=store_id, merged_into=None)


def member_rows(store: Store, *, q: str, tag: str, blocked: bool, sort: Sort, cursor: str) -> Page[MemberRow]:
    """Members by one of the figures, the largest first. Raises Invalid `cursor_invalid`."""
    rows = _shown(store.id)
    text = q.strip()[:40]
    if text:
        rows = rows.filter(_meaning(text))
    if tag:
        rows = rows.filter(tags__name=tag)
    if blocked:
        people = BlockedBuyer.objects.filter(store_id=store.id).values("person_id")
        rows = rows.filter(person_id__in=people)
    column = _COLUMN[sort]
    rows = _after(rows, column, cursor).select_related("person").order_by(f"-{column}", "-id")
    found = list(rows[: PAGE + 1])
    items = rows_out(store.id, found[:PAGE])
    return Page(items=items, next=str(found[PAGE - 1].id) if len(found) > PAGE else None)


def _meaning(text: str) -> Q:
    found = Q(person__nickname__icontains=text) | Q(note__icontains=text) | Q(door__startswith=text)
    found |= Q(tags__name=text)
    if len(text) == 4 and text.isascii() and text.isdigit():
        found |= Q(person__phone_last4=text)
    return Q(id__in=Member.objects.filter(found).values("id")) if text else found


def _after(rows: QuerySet[Member], column: str, cursor: str) -> QuerySet[Member]:
    """The rows behind the member the page before ended with; its figure is looked up now, so a moved one repeats rather
    than hides its neighbours."""
    if not cursor:
        return rows
    known = cursor.isascii() and cursor.isdigit() and len(cursor) <= 19 and int(cursor) < 2**63
    last = Member.objects.filter(id=int(cursor)).values_list(column, "id").first() if known else None
    if last is None:
        raise Invalid("cursor_invalid", "翻页参数不对，请刷新", "The cursor is not valid.", field="cursor")
    return rows.filter(Q(**{f"{column}__lt": last[0]}) | Q(**{column: last[0], "id__lt": last[1]}))


def rows_out(store_id: int, members: list[Member]) -> list[MemberRow]:
    """Lines of the list, with a fixed number of look-ups."""
    return [MemberRow(**one) for one in _facts(store_id, members)]


def _facts(store_id: int, members: list[Member]) -> list[dict[str, Any]]:
    steps = levels_of(store_id)
    pictures = media_map(m.person.avatar_media_id for m in members)
    tags: dict[int, list[str]] = {m.id: [] for m in members}
    for tag in MemberTag.objects.filter(member_id__in=tags).order_by("id"):
        tags[tag.member_id].append(tag.name)
    people = [m.person_id for m in members]
    blocked = set(
        BlockedBuyer.objects.filter(store_id=store_id, person_id__in=people).values_list(
            "person_id", flat=True
        )
    )
    found = []
    for m in members:
        picture = pictures.get(m.person.avatar_media_id or 0)
        found.append({
            "id": str(m.id), "name": m.person.nickname, "avatar_url": picture.thumb_url if picture else "",
            "note": m.note, "tags": tags[m.id], "level": level_of(steps, m.orders, m.paid_fen - m.refunded_fen),
            "orders": m.orders, "paid_fen": m.paid_fen, "refunded_fen": m.refunded_fen,
            "refund_percent": refund_rate_percent(m.orders, m.refunds), "door": m.door, "last_at": m.last_at,
            "blocked": m.person_id in blocked,
        })  # fmt: skip
    return found


def member_out(member: Member) -> MemberOut:
    """One member with the newest orders of all accounts."""
    facts = _facts(member.store_id, [member])[0]
    twins = list(member.twins.select_related("person").order_by("id"))
    people = [member.person_id, *(t.person_id for t in twins)]
    orders = Order.objects.filter(store_id=member.store_id, person_id__in=people)
    latest = list(with_rows(orders).order_by("-id")[:LATEST])
    share = Share.objects.filter(id=member.share_id).first() if member.share_id else None
    block = BlockedBuyer.objects.filter(store_id=member.store_id, person_id=member.person_id).first()
    return MemberOut(
        **facts,
        phone_tail=member.person.phone_last4,
        first_at=member.first_at,
        source=(share.label or share.get_kind_display()) if share else "",
        block_reason=block.reason if block else "",
        twins=[Twin(id=str(t.id), name=t.person.nickname, orders=t.orders) for t in twins],
        latest=order_rows(latest, "leader"),
    )


def merge_preview(keeps: Member, goes: Member) -> MergePreview:
    """The two and their sums."""
    one, other = rows_out(keeps.store_id, [keeps, goes])
    return MergePreview(
        keeps=one, goes=other, orders=one.orders + other.orders, paid_fen=one.paid_fen + other.paid_fen,
        refunded_fen=one.refunded_fen + other.refunded_fen,
    )  # fmt: skip
