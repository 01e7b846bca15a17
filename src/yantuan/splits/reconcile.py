"""A day's bill of shares of one account against our rows: the last net under asking about each share and return."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from datetime import date, timedelta

from django.db.models import Q

from yantuan.gateways.errors import GatewayRefused, GatewayThrottled
from yantuan.gateways.wechatpay import PartResult, ReceiverType, ReturnState, ShareBillRow, SharingGateway
from yantuan.payments.differences import Difference
from yantuan.payments.reconcile import day_begin
from yantuan.payments.rules import is_out_trade_no
from yantuan.payments.split_hooks import provide_bill
from yantuan.splits import gateway, returning, work
from yantuan.splits.models import Split, SplitPart, SplitReturn

log = logging.getLogger("yantuan.splits")

CREATING = "STATEMENT_CREATING"


@provide_bill
def differences(day: date, account_id: int) -> list[Difference]:
    """Compare one Beijing day. What the bill knows and we don't is asked for and booked first.

    Nothing is asked of an account that never shared. Raises GatewayError while the bill can't be had.
    """
    if not Split.objects.filter(attempt__account_id=account_id).exists():
        return []
    client = gateway.sharing_of(account_id)
    try:
        rows = client.share_bill(day)
    except GatewayThrottled:
        raise
    except GatewayRefused as error:
        if error.provider_code == CREATING:
            raise
        # The rest of the day's comparison must not wait for a permission; a person sees it.
        log.error("no bill of shares of %s for account %s: %s", day, account_id, error)
        return [Difference(f"{day.isoformat()}", "share_bill_refused")]
    return [*_known_there(client, rows), *_missing_there(client, day, account_id, rows)]


def _known_there(client: SharingGateway, rows: Sequence[ShareBillRow]) -> Iterator[Difference]:
    for row in rows:
        kind, shape = row.number[:1], is_out_trade_no("P" + row.number[1:])
        # The partner may share through other systems too; only numbers of our shape can be ours.
        if kind == "S" and shape:
            yield from _share(client, row)
        elif kind == "B" and shape:
            yield from _return(row)


def _share(client: SharingGateway, row: ShareBillRow) -> Iterator[Difference]:
    split = Split.objects.filter(out_order_no=row.number).select_related("attempt").first()
    if split is None:
        yield Difference(row.number, "unknown_share", row)
        return
    if row.receiver == split.attempt.sub_mchid:
        # What was set free with it stays with the merchant.
        return
    part = SplitPart.objects.filter(split=split, party__number=row.receiver).first()
    if part is not None and part.result == SplitPart.Result.PENDING:
        told = client.query_share(split.out_order_no, split.transaction_id)
        if told is not None:
            work.book_share(split.id, told)
        part.refresh_from_db()
    where = (split.order_id, split.store_id)
    if part is None or part.result != SplitPart.Result.SUCCESS:
        yield Difference(row.number, "share_not_booked", row, where)
    elif part.amount_fen != row.amount_fen:
        yield Difference(row.number, "share_amount_differs", row, where)


def _return(row: ShareBillRow) -> Iterator[Difference]:
    back = SplitReturn.objects.filter(out_return_no=row.number).select_related("refund").first()
    if back is None:
        yield Difference(row.number, "unknown_share", row)
        return
    if back.state in returning.GOING:
        returning.ask(back.id)
        back.refresh_from_db()
    where = (back.refund.order_id, back.store_id)
    if back.state != "succeeded":
        yield Difference(row.number, "return_not_booked", row, where)
    elif back.amount_fen != row.amount_fen:
        yield Difference(row.number, "return_amount_differs", row, where)


def _missing_there(
    client: SharingGateway, day: date, account_id: int, rows: Sequence[ShareBillRow]
) -> Iterator[Difference]:
    """What we booked for the day and the bill lacks: on which day's bill it stands isn't promised, so it is asked for."""
    known = {(row.number, row.receiver) for row in rows}
    begin, end = day_begin(day), day_begin(day + timedelta(days=1))
    parts = SplitPart.objects.filter(
        Q(finished_at__gte=begin, finished_at__lt=end),
        result=SplitPart.Result.SUCCESS,
        split__attempt__account_id=account_id,
    ).select_related("split", "party")
    for part in parts.order_by("id").iterator(chunk_size=500):
        number, receiver = part.split.out_order_no, part.party.number
        if (number, receiver) in known:
            continue
        told = client.query_share(number, part.split.transaction_id)
        there = told.part(ReceiverType(part.party.kind), receiver) if told is not None else None
        if there is None or there.result is not PartResult.SUCCESS:
            yield Difference(number, "share_not_in_bill", order=(part.split.order_id, part.split.store_id))
    backs = SplitReturn.objects.filter(
        Q(done_at__gte=begin, done_at__lt=end), state="succeeded", part__split__attempt__account_id=account_id
    ).select_related("part__split", "part__party", "refund")
    for back in backs.order_by("id").iterator(chunk_size=500):
        if (back.out_return_no, back.part.party.number) in known:
            continue
        found = client.query_return(back.out_return_no, back.part.split.out_order_no)
        if found is None or found.state is not ReturnState.SUCCESS:
            yield Difference(
                back.out_return_no, "return_not_in_bill", order=(back.refund.order_id, back.store_id)
            )
