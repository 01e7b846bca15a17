"""What has left the shop with an order's address on it, so that a later change is seen before the parcel leaves."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final, Literal

from django.db.models import F, QuerySet

from yantuan.kernel.clock import now
from yantuan.kernel.errors import Conflict
from yantuan.orders.models import AddressRecord, Order
from yantuan.orders.states import PAID_PAYMENTS

PaperKind = Literal["labels", "bags", "sheet", "export"]
KINDS: Final[dict[PaperKind, tuple[str, str]]] = {
    "labels": ("标签", "Labels"),
    "bags": ("分拣单", "Packing list"),
    "sheet": ("分拣表格", "Packing sheet"),
    "export": ("订单表格", "Order export"),
}
_OPEN: Final = ("none", "awaiting_pickup", "part_shipped", "part_picked")
_PORTION: Final = 1000


def changes_of(order: Order) -> int:
    """How often its destination was changed; no query where `address_record` was joined."""
    record: AddressRecord | None = getattr(order, "address_record", None)
    return record.changes if record else 0


def on_stale_paper(order: Order) -> bool:
    """Its newest label, list or sheet names an address that holds no more, and something of it is still to leave."""
    record: AddressRecord | None = getattr(order, "address_record", None)
    return bool(record and record.stale) and order.payment in PAID_PAYMENTS and order.delivery in _OPEN


def note_printed(store_id: int, printed: Mapping[int, tuple[int, int]], kind: PaperKind) -> None:
    """Orders that are on paper now: order id → (its group buy, `changes` as read with the address that was printed).

    Read both in one statement: then a change that comes between reading and this is seen as newer than the paper.
    """
    moment = now()
    rows = [
        AddressRecord(
            order_id=order_id, store_id=store_id, group_buy_id=group_buy_id, printed_changes=changes, printed_kind=kind,
            printed_at=moment,
        )
        for order_id, (group_buy_id, changes) in sorted(printed.items())
    ]  # fmt: skip
    AddressRecord.objects.bulk_create(
        rows,
        batch_size=_PORTION,
        update_conflicts=True,
        unique_fields=["order"],
        update_fields=["printed_changes", "printed_kind", "printed_at"],
    )


def stale_of(group_buy_id: int) -> QuerySet[AddressRecord]:
    """Records of a sale's paid orders that are on stale paper and have not left whole, with their orders, by 跟团号."""
    return (
        AddressRecord.objects.filter(
            group_buy_id=group_buy_id,
            printed_changes__lt=F("changes"),
            order__payment__in=PAID_PAYMENTS,
            order__delivery__in=_OPEN,
        )
        .select_related("order")
        .order_by("order__number", "order_id")
    )


def refuse_unseen(order_id: int, seen: int) -> None:
    """Under the order's lock: whoever acts has seen the newest destination. Raises Conflict `address_changed`."""
    if changes_by_order([order_id]).get(order_id, 0) != seen:
        raise unseen()


def changes_by_order(order_ids: Sequence[int]) -> dict[int, int]:
    """How often each was changed; orders that never were are left out."""
    records = (
        AddressRecord.objects.filter(order_id__in=order_ids) if order_ids else AddressRecord.objects.none()
    )
    return dict(records.values_list("order_id", "changes"))


def unseen() -> Conflict:
    """The refusal of whoever acts on an address that holds no more: Conflict `address_changed`."""
    return Conflict(
        "address_changed",
        "收货信息刚刚改过，请核对最新的再操作",
        "The recipient was changed a moment ago; look at it again.",
    )


def count_change(orders: Sequence[Order]) -> None:
    """One more change of each; the rows of the orders are locked by the caller."""
    AddressRecord.objects.bulk_create(
        [AddressRecord(order_id=o.id, store_id=o.store_id, group_buy_id=o.group_buy_id) for o in orders],
        # Printing may write the same row at this moment.
        ignore_conflicts=True,
    )
    AddressRecord.objects.filter(order_id__in=[o.id for o in orders]).update(
        changes=F("changes") + 1, changed_at=now()
    )
