"""Where the entries of a sale's statement come from: payments, proofs, refunds and shares, never a counter of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, Final

from django.db.models import OuterRef, Q, QuerySet, Subquery, Sum

from yantuan.groupbuys.models import GroupBuy
from yantuan.payments.models import OfflineProof, PaymentAttempt, Refund
from yantuan.payments.refunds import UNFINISHED
from yantuan.reports.bill_fees import estimate, known_rate
from yantuan.reports.models import BillFee
from yantuan.splits import states
from yantuan.splits.models import Split, SplitPart, SplitReturn
from yantuan.statements.rules import STREAMS, Entry, Stream

PAGE: Final = 30
_CAUSES_EN: Final = {
    "after_sale": "After-sales", "cancel": "Cancelled before shipping", "leader": "Refunded by the leader",
    "late": "Paid after closing", "extra": "Paid twice", "unformed": "Sale or team not formed",
    "unfilled": "Carton not filled", "tier": "Tier price difference", "weight": "Weight difference",
    "shortage": "Out of stock",
}  # fmt: skip


@dataclass
class _Rates:
    """The rate of each account a payment went to, asked once."""

    known: dict[int | None, int] = field(default_factory=dict)

    def of(self, account_id: int | None) -> int:
        if account_id not in self.known:
            self.known[account_id] = known_rate(account_id)
        return self.known[account_id]


def entries(group_buy: GroupBuy, stream: Stream) -> Iterator[Entry]:
    """All entries of one list, oldest first, read in portions."""
    rows, made = _STREAMS[stream]
    rates = _Rates()
    for row in rows(group_buy).order_by("id").iterator(2000):
        yield made(row, rates)


def every_entry(group_buy: GroupBuy) -> Iterator[Entry]:
    """All lists after each other."""
    for stream in STREAMS:
        yield from entries(group_buy, stream)


def page(group_buy: GroupBuy, stream: Stream, before: int | None) -> tuple[list[Entry], int | None]:
    """One slice of a list, newest first, and the id to go on from; None at the end."""
    rows, made = _STREAMS[stream]
    found = rows(group_buy)
    if before is not None:
        found = found.filter(id__lt=before)
    rates = _Rates()
    slice_ = [made(row, rates) for row in found.order_by("-id")[: PAGE + 1]]
    return slice_[:PAGE], slice_[PAGE - 1].id if len(slice_) > PAGE else None


def refunding_fen(group_buy: GroupBuy) -> int:
    """Money on its way back now; not yet part of the net."""
    rows = Refund.objects.filter(order__group_buy_id=group_buy.id, state__in=UNFINISHED)
    return int(rows.aggregate(n=Sum("amount_fen"))["n"] or 0)


def open_shares(group_buy: GroupBuy) -> int:
    """Payments whose share is not decided or not paid yet."""
    return Split.objects.filter(order__group_buy_id=group_buy.id, state__in=states.OPEN).count()


def _fee(number: str) -> Subquery:
    return Subquery(BillFee.objects.filter(number=OuterRef(number)).values("fee_fen")[:1])


def _payments(group_buy: GroupBuy) -> QuerySet[Any]:
    rows = PaymentAttempt.objects.filter(
        order__group_buy_id=group_buy.id, state=PaymentAttempt.State.SUCCEEDED
    )
    return rows.values(
        "id", "order_id", "order__number", "success_at", "paid_fen", "account_id", "transaction_id", "extra",
        fee=_fee("out_trade_no"),
    )  # fmt: skip


def _payment(row: dict[str, Any], rates: _Rates) -> Entry:
    known = row["fee"] is not None
    fee = row["fee"] if known else estimate(row["paid_fen"], rates.of(row["account_id"]))
    return Entry(
        "wechatpay_in", row["id"], row["order_id"], row["order__number"], row["success_at"], row["paid_fen"],
        fee, not known, row["transaction_id"] or "", "多付，会退回" if row["extra"] else "",
        "Paid beyond what was owed; goes back" if row["extra"] else "",
    )  # fmt: skip


def _proofs(group_buy: GroupBuy) -> QuerySet[Any]:
    rows = OfflineProof.objects.filter(
        order__group_buy_id=group_buy.id, state=OfflineProof.State.CONFIRMED, amount_fen__gt=0
    )
    return rows.values("id", "order_id", "order__number", "decided_at", "amount_fen")


def _proof(row: dict[str, Any], rates: _Rates) -> Entry:
    return Entry("offline_in", row["id"], row["order_id"], row["order__number"], row["decided_at"], row["amount_fen"])  # fmt: skip


def _refunds(how: Q) -> Callable[[GroupBuy], QuerySet[Any]]:
    def rows(group_buy: GroupBuy) -> QuerySet[Any]:
        done = Refund.objects.filter(
            how, order__group_buy_id=group_buy.id, state=Refund.State.SUCCEEDED, amount_fen__gt=0
        )
        return done.values(
            "id", "order_id", "order__number", "done_at", "amount_fen", "attempt__account_id", "out_refund_no",
            "cause", "reason", fee=_fee("out_refund_no"),
        )  # fmt: skip

    return rows


def _refund(stream: Stream) -> Callable[[dict[str, Any], _Rates], Entry]:
    def made(row: dict[str, Any], rates: _Rates) -> Entry:
        known, online = row["fee"] is not None, stream == "wechatpay_out"
        fee = row["fee"] if known else 0
        if online and not known:
            fee = -estimate(row["amount_fen"], rates.of(row["attempt__account_id"]))
        cause = Refund.Cause(row["cause"])
        why = row["reason"] if row["reason"] != cause.label else ""
        return Entry(
            stream, row["id"], row["order_id"], row["order__number"], row["done_at"], row["amount_fen"], fee,
            online and not known, row["out_refund_no"] if online else "",
            f"{cause.label}：{why}" if why else cause.label,
            f"{_CAUSES_EN[cause]}: {why}" if why else _CAUSES_EN[cause],
        )  # fmt: skip

    return made


def _shares(group_buy: GroupBuy) -> QuerySet[Any]:
    rows = SplitPart.objects.filter(split__order__group_buy_id=group_buy.id, result=SplitPart.Result.SUCCESS)
    return rows.values(
        "id", "split__order_id", "split__order__number", "finished_at", "amount_fen", "detail_id",
        "party__name_shown",
    )  # fmt: skip


def _share(row: dict[str, Any], rates: _Rates) -> Entry:
    name = row["party__name_shown"]
    return Entry("shares", row["id"], row["split__order_id"], row["split__order__number"], row["finished_at"], row["amount_fen"], 0, False, row["detail_id"], name, name)  # fmt: skip


def _returns(group_buy: GroupBuy) -> QuerySet[Any]:
    rows = SplitReturn.objects.filter(refund__order__group_buy_id=group_buy.id, state="succeeded")
    return rows.values(
        "id", "refund__order_id", "refund__order__number", "done_at", "amount_fen", "out_return_no",
        "part__party__name_shown",
    )  # fmt: skip


def _return(row: dict[str, Any], rates: _Rates) -> Entry:
    name = row["part__party__name_shown"]
    return Entry("share_returns", row["id"], row["refund__order_id"], row["refund__order__number"], row["done_at"], row["amount_fen"], 0, False, row["out_return_no"], name, name)  # fmt: skip


_Rows = Callable[[GroupBuy], QuerySet[Any]]
_Made = Callable[[dict[str, Any], _Rates], Entry]
_STREAMS: Final[dict[Stream, tuple[_Rows, _Made]]] = {
    "wechatpay_in": (_payments, _payment),
    "offline_in": (_proofs, _proof),
    "wechatpay_out": (_refunds(Q(attempt__isnull=False)), _refund("wechatpay_out")),
    "offline_out": (_refunds(Q(attempt__isnull=True)), _refund("offline_out")),
    "shares": (_shares, _share),
    "share_returns": (_returns, _return),
}
