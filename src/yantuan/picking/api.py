"""Routes of the lists a leader buys in and packs by."""

from __future__ import annotations

from io import BytesIO
from typing import Annotated, Literal

from django.http import HttpRequest, HttpResponse
from django.utils.http import content_disposition_header
from ninja import Router
from pydantic import Field

from yantuan.groupbuys.access import access_group_buy
from yantuan.groupbuys.models import GroupBuy
from yantuan.identity.auth import signed_in
from yantuan.identity.models import Person
from yantuan.kernel import audit, ratelimit
from yantuan.kernel.actors import Actor
from yantuan.kernel.clock import china_text, now
from yantuan.kernel.http import IdIn
from yantuan.kernel.sheets.writing import XLSX
from yantuan.orders.address_records import note_printed
from yantuan.picking import answers, book, paper
from yantuan.picking.printing import Head
from yantuan.picking.queries import Lists, Part, Scope, lists, stale
from yantuan.picking.schemas import BagsOut, PickingOut
from yantuan.stores.access import person_of

router = Router(tags=["picking"], auth=signed_in)

PlaceIn = Annotated[int | None, Field(ge=0, le=2**63 - 1)]
"""A pick-up point's id, 0 for the courier, absent for all."""
NumberIn = Annotated[int | None, Field(ge=1, le=2**63 - 1)]
FILES_PER_MINUTE = 20
"""Files one person may have made per minute: each reads and lays out a whole sale."""


@router.get("/leader/group-buys/{group_buy_id}/picking", response=PickingOut)
def read_picking(request: HttpRequest, group_buy_id: IdIn, scope: Scope = "left") -> PickingOut:
    """Totals per goods, per pick-up point and per building."""
    group_buy = access_group_buy(person_of(request), group_buy_id)
    return answers.picking_out(group_buy, lists(group_buy, scope), stale(group_buy))


@router.get("/leader/group-buys/{group_buy_id}/picking/bags", response=BagsOut)
def list_bags(
    request: HttpRequest,
    group_buy_id: IdIn,
    scope: Scope = "left",
    place: PlaceIn = None,
    begin: Annotated[int, Field(ge=0, le=10**6)] = 0,
) -> BagsOut:
    """What goes into whose bag, in walking order, a hundred at a time."""
    group_buy = access_group_buy(person_of(request), group_buy_id)
    return answers.bags_out(lists(group_buy, scope, Part(place)), begin)


@router.get("/leader/group-buys/{group_buy_id}/picking.xlsx", response={200: None})
def download_picking_sheet(
    request: HttpRequest, group_buy_id: IdIn, scope: Scope = "left", place: PlaceIn = None
) -> HttpResponse:
    """The lists as an Excel workbook; every download is on record."""
    person = person_of(request)
    group_buy = access_group_buy(person, group_buy_id)
    found = lists(group_buy, scope, Part(place))
    _record(person, group_buy, found, "sheet")
    target = BytesIO()
    book.write(target, found)
    return _file(target.getvalue(), XLSX, f"分拣单-{group_buy.code}.xlsx")


@router.get("/leader/group-buys/{group_buy_id}/picking.pdf", response={200: None})
def download_picking_paper(
    request: HttpRequest,
    group_buy_id: IdIn,
    what: paper.What = "goods",
    size: paper.Size = "a4",
    scope: Scope = "left",
    place: PlaceIn = None,
    first: NumberIn = None,
    last: NumberIn = None,
) -> HttpResponse:
    """One list, or the bags' labels, ready to print; `first` and `last` narrow bags to those 跟团号.

    Raises Invalid `paper_unfit`, Conflict `picking_empty` or `labels_too_many`.
    """
    person = person_of(request)
    group_buy = access_group_buy(person, group_buy_id)
    paper.check(what, size)
    found = lists(group_buy, scope, Part(place, first, last))
    _record(person, group_buy, found, what)
    made = paper.draw(Head(group_buy.title, group_buy.code, china_text(now())), found, what, size)
    return _file(made, "application/pdf", f"{paper.NAMES[what]}-{group_buy.code}.pdf")


def _record(person: Person, group_buy: GroupBuy, found: Lists, kind: paper.What | Literal["sheet"]) -> None:
    """Names leave the shop with a file: refused when empty or too long, limited, on record."""
    paper.check_amount(found, kind)
    ratelimit.hit(f"picking-files/{person.id}", limit=FILES_PER_MINUTE, seconds=60)
    audit.record(
        Actor("leader", person.id), "picking.file", "group_buy", group_buy.id,
        store_id=group_buy.store_id, kind=kind, bags=len(found.bags),
    )  # fmt: skip
    if kind in ("labels", "bags", "sheet"):
        # The other lists name no address.
        printed = {piece.order_id: (group_buy.id, piece.changes) for piece in found.pieces}
        note_printed(group_buy.store_id, printed, kind)


def _file(data: bytes, kind: str, name: str) -> HttpResponse:
    headers = {
        "Content-Disposition": content_disposition_header(True, name),
        "Cache-Control": "private, no-store",
        "X-Content-Type-Options": "nosniff",
    }
    return HttpResponse(data, content_type=kind, headers=headers)
