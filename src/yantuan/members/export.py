"""The members of a store as a sheet, for the leader's own reckoning: names masked, no phone and no room."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from io import BytesIO
from typing import Final

from yantuan.identity.models import Person
from yantuan.identity.rules import masked_name
from yantuan.kernel import audit
from yantuan.kernel.actors import Actor
from yantuan.kernel.clock import china_text
from yantuan.kernel.sheets.writing import Cell, Fen, book
from yantuan.members.models import Member, MemberTag
from yantuan.members.queries import levels_of
from yantuan.members.rules import Level, level_of, refund_rate_percent
from yantuan.stores.models import Store

SLICE: Final = 1000
MOST: Final = 100_000
COLUMNS: Final = (
    ("昵称", 12), ("备注", 24), ("标签", 20), ("等级", 8), ("订单数", 8), ("消费", 12), ("已退", 12), ("退款率%", 9), ("第一次", 18), ("最近", 18),
)  # fmt: skip


def members_sheet(person: Person, store: Store) -> bytes:
    """The workbook, those who paid last first; the export is audited."""
    steps = levels_of(store.id)
    rows = Member.objects.filter(store_id=store.id, merged_into=None).select_related("person")
    out = BytesIO()
    with book(out) as made:
        sheet = made.sheet("团员", COLUMNS, frozen=1)
        chunk: list[Member] = []
        for member in rows.order_by("-last_at", "-id")[:MOST].iterator(chunk_size=SLICE):
            chunk.append(member)
            if len(chunk) == SLICE:
                _write(sheet.row, chunk, steps)
                chunk = []
        _write(sheet.row, chunk, steps)
    actor = Actor("leader", person.id)
    audit.record(actor, "members.export", "store", store.id, store_id=store.id, rows=sheet.written)
    return out.getvalue()


def _write(row: Callable[[Iterable[Cell]], None], members: list[Member], steps: list[Level]) -> None:
    tags: dict[int, list[str]] = {m.id: [] for m in members}
    for tag in MemberTag.objects.filter(member_id__in=tags).order_by("id"):
        tags[tag.member_id].append(tag.name)
    for m in members:
        row([
            masked_name(m.person.nickname), m.note, "、".join(tags[m.id]),
            level_of(steps, m.orders, m.paid_fen - m.refunded_fen), m.orders, Fen(m.paid_fen), Fen(m.refunded_fen),
            refund_rate_percent(m.orders, m.refunds), china_text(m.first_at), china_text(m.last_at),
        ])  # fmt: skip
