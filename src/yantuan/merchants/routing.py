"""Which account takes a store's next payment, decided from the rows; the store keeps a copy of the answer for display.

Where several leaders sell, money of one must never pass the operator's account: the configuration's merchant then serves
only stores marked as the operator's own. The rule is asked again inside the transaction that writes a payment.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from django.db import connection, transaction

from yantuan.kernel import outbox
from yantuan.kernel.config import config
from yantuan.leaders.models import Leader
from yantuan.merchants import rules
from yantuan.merchants.models import AccountTrouble, MerchantAccount
from yantuan.stores.models import Store

CHANGED = "store.pay_route_changed"
"""Outbox topic: whose account takes the store's payments changed; `store_id`."""


@dataclass(frozen=True)
class Route:
    """`account` is the store's own one in use; None with `kind` operator means the configuration's.

    `trouble`: why nobody takes the money for now, although somebody should.
    """

    kind: rules.PayRoute
    account: MerchantAccount | None = None
    trouble: AccountTrouble | None = None


def several_leaders() -> bool:
    """Whether leaders other than the operator sell here (`multi_leader`)."""
    cfg = config()
    if cfg.multi_leader != "auto":
        return cfg.multi_leader == "yes"
    if cfg.demo:
        return False
    certified = Leader.objects.filter(certification=Leader.State.APPROVED)
    if certified.count() < 2:
        return False
    mine = MerchantAccount.objects.filter(mode=MerchantAccount.Mode.OPERATOR, retired_at=None)
    return certified.exclude(id__in=mine.values("store__leader_id")).exists()


def account_in_use(store_id: int) -> MerchantAccount | None:
    """The store's one account that isn't retired."""
    return MerchantAccount.objects.filter(store_id=store_id, retired_at=None).first()


def operator_may_serve(store_id: int) -> bool:
    """Whether the operator's own account may take this store's money: it is the only leader's, or marked as the operator's."""
    if not several_leaders():
        return True
    return MerchantAccount.objects.filter(
        store_id=store_id, retired_at=None, mode=MerchantAccount.Mode.OPERATOR
    ).exists()


def route_of(store_id: int, *, hold: bool = False) -> Route:
    """Whose account takes this store's next payment.

    With `hold`, inside a transaction, the account row stays as it is until the commit: a change waits, so that no
    payment is written against an account that was withdrawn meanwhile.
    """
    account = account_in_use(store_id)
    if hold and account is not None:
        _hold(account.id)
        account = account_in_use(store_id)
    kind = rules.route(account, several_leaders=_asked(account), partner_ready=config().has_partner)
    trouble = _trouble(kind, account)
    if trouble is not None:
        return Route("none", trouble=trouble)
    return Route(kind, account if kind == "own" else None)


def _trouble(kind: rules.PayRoute, account: MerchantAccount | None) -> AccountTrouble | None:
    if kind == "none":
        return None
    return AccountTrouble.objects.filter(account_id=_number(kind, account)).first()


def _number(kind: rules.PayRoute, account: MerchantAccount | None) -> int:
    """What an account is called where troubles are kept."""
    return account.id if kind == "own" and account is not None else 0


def _asked(account: MerchantAccount | None) -> bool:
    """Several leaders or not, asked of the database only where the answer matters."""
    if account is not None and account.mode == MerchantAccount.Mode.OPERATOR:
        return False
    ready = account is not None and account.serves
    return False if ready else several_leaders()


def _hold(account_id: int) -> None:
    if connection.vendor == "postgresql":
        # Shared: buyers who pay at the same moment must not wait for each other, only a change waits for them.
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1 FROM merchants_merchantaccount WHERE id = %s FOR SHARE", [account_id])


def refresh(store_id: int | None = None) -> int:
    """Bring `Store.pay_route` up to date, for one store or all; tells of each change. Answers how many changed."""
    return sum(_write(one_id, kind) for one_id, before, kind in shown_and_right(store_id) if kind != before)


def shown_and_right(store_id: int | None = None) -> Iterator[tuple[int, str, rules.PayRoute]]:
    """Of one store or all: its id, the route it shows, and the one it should show."""
    stores = Store.objects.filter(id=store_id) if store_id is not None else Store.objects.all()
    several, partner = several_leaders(), config().has_partner
    accounts = MerchantAccount.objects.filter(retired_at=None)
    if store_id is not None:
        accounts = accounts.filter(store_id=store_id)
    by_store = {account.store_id: account for account in accounts}
    troubled = set(AccountTrouble.objects.values_list("account_id", flat=True))
    for one_id, shown in list(stores.values_list("id", "pay_route")):
        account = by_store.get(one_id)
        kind = rules.route(account, several_leaders=several, partner_ready=partner)
        yield one_id, shown, "none" if kind != "none" and _number(kind, account) in troubled else kind


def _write(store_id: int, kind: rules.PayRoute) -> bool:
    with transaction.atomic():
        written = Store.objects.filter(id=store_id).exclude(pay_route=kind).update(pay_route=kind)
        if written:
            outbox.emit(CHANGED, {"store_id": store_id, "route": kind}, store_id=store_id)
    return bool(written)


def foreign_stores() -> list[Store]:
    """Stores without a way to take WeChat payments because the operator's account may not serve them, oldest first."""
    rows = Store.objects.filter(pay_route=Store.PayRoute.NONE, leader__certification=Leader.State.APPROVED)
    return list(rows.order_by("id"))
