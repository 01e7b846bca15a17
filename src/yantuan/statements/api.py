"""Routes of a sale's statement: the sums, the lists behind them, and both files."""

from __future__ import annotations

from io import BytesIO
from typing import Final, Literal

from django.http import HttpRequest, HttpResponse
from django.utils.http import content_disposition_header
from ninja import Router

from yantuan.groupbuys.access import access_group_buy
from yantuan.groupbuys.models import GroupBuy
from yantuan.identity.auth import signed_in
from yantuan.identity.models import Person
from yantuan.kernel import audit, ratelimit
from yantuan.kernel.actors import Actor
from yantuan.kernel.clock import china_text, now
from yantuan.kernel.errors import Conflict
from yantuan.kernel.http import IdIn, Page, after_id
from yantuan.kernel.money import yuan_text
from yantuan.kernel.sheets.writing import XLSX
from yantuan.picking.printing import Head
from yantuan.statements import paper, queries, sheet
from yantuan.statements.rules import METHODS, STREAMS, Stream, Totals, total
from yantuan.statements.schemas import SaleStatementOut, StatementEntryOut, entry_out, method_out, sums_out
from yantuan.stores.access import person_of

router = Router(tags=["statements"], auth=signed_in)

FILES_PER_MINUTE: Final = 20
MOST_ON_PAPER: Final = 2000
"""Entries printed; more are only summed up on paper, and listed in the workbook."""
MOST_IN_SHEET: Final = 50_000
"""Entries in one workbook, written while the leader waits."""


@router.get("/leader/group-buys/{group_buy_id}/statement", response=SaleStatementOut)
def read_sale_statement(request: HttpRequest, group_buy_id: IdIn) -> SaleStatementOut:
    """In − refunds − fees − shares = net of one sale over its whole life."""
    group_buy = access_group_buy(person_of(request), group_buy_id)
    totals = total(queries.every_entry(group_buy))
    return SaleStatementOut(
        group_buy_id=str(group_buy.id),
        code=group_buy.code,
        title=group_buy.title,
        counted_at=now(),
        whole=sums_out(totals.whole),
        methods=[method_out(method, totals.methods[method]) for method in METHODS],
        refunding_fen=queries.refunding_fen(group_buy),
        open_shares=queries.open_shares(group_buy),
    )


@router.get("/leader/group-buys/{group_buy_id}/statement/{stream}", response=Page[StatementEntryOut])
def list_statement_entries(
    request: HttpRequest, group_buy_id: IdIn, stream: Stream, cursor: str = ""
) -> Page[StatementEntryOut]:
    """The payments, refunds or shares behind a figure, newest first."""
    group_buy = access_group_buy(person_of(request), group_buy_id)
    found, more = queries.page(group_buy, stream, after_id(cursor))
    return Page(items=[entry_out(entry) for entry in found], next=str(more) if more else None)


@router.get("/leader/group-buys/{group_buy_id}/statement.xlsx", response={200: None})
def download_statement_sheet(request: HttpRequest, group_buy_id: IdIn) -> HttpResponse:
    """The statement as a workbook; every download is on record. Raises Conflict `statement_too_long`."""
    person = person_of(request)
    group_buy = access_group_buy(person, group_buy_id)
    _limit(person)
    totals = total(queries.every_entry(group_buy))
    if (count := _count(totals)) > MOST_IN_SHEET:
        raise Conflict(
            "statement_too_long",
            f"明细超过 {MOST_IN_SHEET} 笔，请下载 PDF 汇总，明细在订单导出里",
            "Too many entries for one workbook.",
            entries=count,
        )
    _record(person, group_buy, "sheet", count)
    target = BytesIO()
    sheet.write(target, group_buy, totals)
    return _file(target.getvalue(), XLSX, f"对账单-{group_buy.code}.xlsx")


@router.get("/leader/group-buys/{group_buy_id}/statement.pdf", response={200: None})
def download_statement_paper(request: HttpRequest, group_buy_id: IdIn) -> HttpResponse:
    """The statement ready to print; every download is on record."""
    person = person_of(request)
    group_buy = access_group_buy(person, group_buy_id)
    _limit(person)
    totals = total(queries.every_entry(group_buy))
    count = _count(totals)
    printed = count <= MOST_ON_PAPER
    lists = {stream: list(queries.entries(group_buy, stream)) for stream in STREAMS} if printed else {}
    missing = "" if printed else f"共 {count} 笔明细，请看 Excel 表格。"
    _record(person, group_buy, "paper", count)
    head = Head(group_buy.title, group_buy.code, china_text(now()))
    made = paper.draw(head, totals, lists, missing, _waits(group_buy))
    return _file(made, "application/pdf", f"对账单-{group_buy.code}.pdf")


def _count(totals: Totals) -> int:
    return totals.whole.payments + totals.whole.refunds


def _waits(group_buy: GroupBuy) -> list[str]:
    """What will still change the net, in words."""
    found = []
    if fen := queries.refunding_fen(group_buy):
        found.append(f"还有 {yuan_text(fen)} 元正在退款，完成后计入退款。")
    if count := queries.open_shares(group_buy):
        found.append(f"还有 {count} 笔付款等待分账，分账后净额会减少。")
    return found


def _limit(person: Person) -> None:
    ratelimit.hit(f"statement-files/{person.id}", limit=FILES_PER_MINUTE, seconds=60)


def _record(person: Person, group_buy: GroupBuy, kind: Literal["sheet", "paper"], entries: int) -> None:
    audit.record(
        Actor("leader", person.id), "statement.file", "group_buy", group_buy.id,
        store_id=group_buy.store_id, kind=kind, entries=entries,
    )  # fmt: skip


def _file(data: bytes, kind: str, name: str) -> HttpResponse:
    headers = {
        "Content-Disposition": content_disposition_header(True, name),
        "Cache-Control": "private, no-store",
        "X-Content-Type-Options": "nosniff",
    }
    return HttpResponse(data, content_type=kind, headers=headers)
