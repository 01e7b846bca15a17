"""Order exports: asked for by the leader, written by the worker, kept for a day, every step on record.

`request` decides whether the export may start by itself; one that must be approved first waits in `waiting_approval`
until somebody calls `start` (or `reject`).
"""

from __future__ import annotations

import logging
import secrets
from datetime import timedelta
from pathlib import Path
from typing import Final

from django.db import IntegrityError, transaction
from django.db.models import QuerySet

from yantuan.identity.models import Person
from yantuan.kernel import audit, outbox
from yantuan.kernel.actors import SYSTEM, Actor
from yantuan.kernel.clock import now
from yantuan.kernel.config import config, data_folder
from yantuan.kernel.errors import Conflict, Invalid, NotFound
from yantuan.leaders.models import Leader
from yantuan.orders.lists import LEADER_TABS
from yantuan.orders.models import Order
from yantuan.reports.choosing import chosen, sees_costs
from yantuan.reports.columns import COLUMNS, COSTS, USUAL, View, columns_of
from yantuan.reports.models import OrderExport
from yantuan.reports.sheets import Written, write_orders
from yantuan.staff.access import reach
from yantuan.stores.models import Store

_log = logging.getLogger(__name__)
State = OrderExport.State
TOPIC: Final = "export.queued"
KEEP: Final = timedelta(hours=24)
MAX_ORDERS: Final = 200_000
SHOWN: Final = 10
"""Exports the leader sees in the list."""
SILENT: Final = timedelta(seconds=90)
"""After this long without a word from its worker an export is taken up by another."""
ACTIVE: Final = (State.WAITING_APPROVAL, State.QUEUED, State.RUNNING)


def access_export(person: Person, export_id: int) -> OrderExport:
    """An export of one of the person's stores; one with costs only for who may see them. Raises NotFound otherwise."""
    export = OrderExport.objects.filter(id=export_id).first()
    if (
        export is None
        or reach(person, Store.objects.filter(id=export.store_id), "") is None
        or (export.costs and not sees_costs(person, export.store_id))
    ):
        raise NotFound("没有找到这次导出", "No such export.")
    return export


def chosen_orders(store_id: int, group_buy_id: int | None, tab: str) -> QuerySet[Order]:
    """The orders an export holds. Raises Invalid `tab_unknown`."""
    if tab not in LEADER_TABS:
        raise Invalid("tab_unknown", "没有这个分类", "No such tab.", field="tab")
    rows = Order.objects.filter(LEADER_TABS[tab], store_id=store_id)
    return rows if group_buy_id is None else rows.filter(group_buy_id=group_buy_id)


def request(
    person: Person,
    store: Store,
    *,
    group_buy_id: int | None,
    tab: str,
    view: View = "lines",
    approval: bool = False,
) -> OrderExport:
    """Ask for a sheet with the columns that are chosen now. With `approval`, and above the configured number of orders, it waits for a second person.

    A leader has one sheet written at a time, whatever the number of stores, so that others find the worker free.
    Raises Invalid `tab_unknown`, Conflict `export_empty`, `export_too_large` or `export_active`.
    """
    count = _counted(store.id, group_buy_id, tab)
    approval = approval or 0 < config().export_two_person_rows < count
    columns = [one.key for one in chosen(person, store.id)]
    try:
        with transaction.atomic():
            if not approval:
                _refuse_second(store)
            export = OrderExport.objects.create(
                store_id=store.id, group_buy_id=group_buy_id, tab=tab, person_id=person.id,
                state=State.WAITING_APPROVAL if approval else State.QUEUED, orders_total=count, created_at=now(),
                view=view, columns=columns, costs=not COSTS.isdisjoint(columns),
            )  # fmt: skip
            _note(export, Actor("leader", person.id), "export.request", orders=count)
            if not approval:
                _enqueue(export)
    except IntegrityError:
        raise _active() from None
    return export


def _counted(store_id: int, group_buy_id: int | None, tab: str) -> int:
    count = chosen_orders(store_id, group_buy_id, tab).count()
    if count == 0:
        raise Conflict("export_empty", "没有符合条件的订单", "There are no such orders.")
    if count > MAX_ORDERS:
        raise Conflict(
            "export_too_large",
            f"一次最多导出 {MAX_ORDERS} 个订单，请按团购分别导出",
            "Too many orders for one sheet; export one sale at a time.",
            orders=count,
        )
    return count


def _active() -> Conflict:
    return Conflict(
        "export_active", "上一次导出还没有完成，请稍候", "Another export is not finished yet; wait for it."
    )


def _refuse_second(store: Store) -> None:
    """Raise while another sheet of the store's leader is being written; takes the leader's row, so that two ask in turn."""
    leader = Leader.objects.select_for_update().get(id=store.leader_id)
    mine = Store.objects.filter(leader=leader).values("id")
    if OrderExport.objects.filter(store_id__in=mine, state__in=[State.QUEUED, State.RUNNING]).exists():
        raise _active()


def start(export_id: int, actor: Actor, reason: str = "") -> OrderExport:
    """Let a waiting export begin; the caller has checked that `actor` may approve it. Raises Conflict `export_not_waiting`."""
    with transaction.atomic():
        export = _move(export_id, State.QUEUED)
        _note(export, actor, "export.approve", reason=reason)
        _enqueue(export)
    return export


def reject(export_id: int, actor: Actor, reason: str = "") -> OrderExport:
    """Refuse a waiting export. Raises Conflict `export_not_waiting`."""
    with transaction.atomic():
        export = _move(export_id, State.REJECTED)
        _note(export, actor, "export.reject", reason=reason)
    return export


def _move(export_id: int, state: State) -> OrderExport:
    waiting = OrderExport.objects.filter(id=export_id, state=State.WAITING_APPROVAL)
    if not waiting.update(state=state):
        raise Conflict(
            "export_not_waiting", "这次导出不在等待复核", "This export is not waiting for approval."
        )
    return OrderExport.objects.get(id=export_id)


def _enqueue(export: OrderExport) -> None:
    outbox.emit(TOPIC, {"export_id": str(export.id)}, store_id=export.store_id, key=f"{TOPIC}:{export.id}")


def _note(export: OrderExport, actor: Actor, action: str, *, reason: str = "", **data: int) -> None:
    audit.record(
        actor, action, "export", export.id, store_id=export.store_id, reason=reason, tab=export.tab,
        group_buy_id=str(export.group_buy_id or ""), **data,
    )  # fmt: skip


def latest(person: Person, store: Store) -> list[OrderExport]:
    """The newest exports of a store this person may have."""
    rows = OrderExport.objects.filter(store_id=store.id).order_by("-id")
    found = list(rows[:SHOWN])
    if any(one.costs for one in found) and not sees_costs(person, store.id):
        found = list(rows.filter(costs=False)[:SHOWN])
    return found


def file_of(export: OrderExport) -> Path:
    """Where the sheet of a finished export lies."""
    return data_folder() / "exports" / f"{export.file_key}.xlsx"


def open_file(person: Person, export: OrderExport) -> Path:
    """The sheet, for download; audited. Raises Conflict `export_not_ready` unless it is there."""
    if export.state != State.DONE or not file_of(export).exists():
        raise Conflict(
            "export_not_ready", "文件还没有生成或已过期，请重新导出", "The sheet is not ready or gone."
        )
    with transaction.atomic():
        _note(
            export, Actor("leader", person.id), "export.download",
            orders=export.orders_done, full_phones=export.full_phones,
        )  # fmt: skip
    return file_of(export)


def write(export_id: int) -> None:
    """Write the sheet of a queued export, or of one whose worker fell silent. Raises outbox.Later while another writes it."""
    export = _take(export_id)
    if export is None:
        return
    folder = data_folder() / "exports"
    folder.mkdir(mode=0o700, exist_ok=True)
    part = folder / f"{export.file_key}.part"
    try:
        written = write_orders(
            part,
            chosen_orders(export.store_id, export.group_buy_id, export.tab),
            now(),
            _Progress(export),
            [COLUMNS[key] for key in export.columns if key in COLUMNS] or columns_of(USUAL),
            "orders" if export.view == "orders" else "lines",
        )
        part.chmod(0o600)
        _finish(export, part, written)
    except _Taken:
        part.unlink(missing_ok=True)
    except Exception:
        part.unlink(missing_ok=True)
        OrderExport.objects.filter(id=export.id, file_key=export.file_key, state=State.RUNNING).update(
            state=State.FAILED, error="生成文件时出错，请重试"
        )
        _log.exception("export %s failed", export.id)


class _Taken(Exception):
    """Another worker writes this export now."""


def _take(export_id: int) -> OrderExport | None:
    """Mark it as ours, with a file name of its own; None when there is nothing to do."""
    moment, key = now(), secrets.token_urlsafe(32)
    rows = OrderExport.objects.filter(id=export_id)
    if not rows.filter(state=State.QUEUED).update(state=State.RUNNING, seen_at=moment, file_key=key):
        running = rows.filter(state=State.RUNNING)
        if running.exists() and not running.filter(seen_at__lt=moment - SILENT).update(
            seen_at=moment, file_key=key, orders_done=0
        ):
            raise outbox.Later(30)
    return rows.filter(state=State.RUNNING, file_key=key).first()


class _Progress:
    """Writes the number of orders done, at most once a second."""

    def __init__(self, export: OrderExport) -> None:
        self._export = export
        self._last = now()

    def __call__(self, written: Written) -> None:
        moment = now()
        if moment - self._last < timedelta(seconds=1):
            return
        self._last = moment
        ours = OrderExport.objects.filter(
            id=self._export.id, file_key=self._export.file_key, state=State.RUNNING
        )
        if not ours.update(orders_done=written.orders, seen_at=moment):
            raise _Taken


def _finish(export: OrderExport, part: Path, written: Written) -> None:
    moment, size = now(), part.stat().st_size
    part.replace(file_of(export))
    with transaction.atomic():
        ours = OrderExport.objects.filter(id=export.id, file_key=export.file_key, state=State.RUNNING)
        done = ours.update(
            state=State.DONE, orders_done=written.orders, full_phones=written.full_phones, size=size,
            done_at=moment, seen_at=moment, expires_at=moment + KEEP,
        )  # fmt: skip
        if done:
            _note(export, SYSTEM, "export.written", orders=written.orders, full_phones=written.full_phones)
    if not done:
        file_of(export).unlink(missing_ok=True)


def expire() -> int:
    """Delete sheets older than a day and what broken writers left behind; answers how many exports expired."""
    moment = now()
    gone = 0
    for export in OrderExport.objects.filter(state=State.DONE, expires_at__lte=moment):
        file_of(export).unlink(missing_ok=True)
        gone += OrderExport.objects.filter(id=export.id, state=State.DONE).update(
            state=State.EXPIRED, file_key=""
        )
    _sweep()
    return gone


def _sweep() -> None:
    kept = set(OrderExport.objects.exclude(file_key="").filter(state__in=[State.DONE, State.RUNNING]).values_list("file_key", flat=True))  # fmt: skip
    for path in (data_folder() / "exports").glob("*"):
        if path.stem not in kept:
            path.unlink(missing_ok=True)
