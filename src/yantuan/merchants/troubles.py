"""收款故障: an account that stops working later — key revoked, number closed, permission lost — is seen, told and followed.

A payment or refund that WeChat Pay refuses in a way that speaks against the account only raises a doubt: the same words may be
meant for one payer. A worker then asks with the questions of `checking`, which move no money. If they are refused too, the
account is in trouble: its stores say that WeChat Pay can't be used, leader and operator are told once, and it is asked again
every hour until it works. Accounts nobody pays through are asked once a day.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable
from datetime import timedelta
from typing import Final

from django.db import transaction

from yantuan.gateways.errors import GatewayRefused, GatewayThrottled
from yantuan.gateways.wechatpay import WeChatPaySettings
from yantuan.kernel import audit, outbox
from yantuan.kernel.actors import SYSTEM
from yantuan.kernel.clock import now
from yantuan.kernel.config import config
from yantuan.kernel.errors import AppError
from yantuan.merchants import checking, keys, parts, routing, rules
from yantuan.merchants.checking import Verdict
from yantuan.merchants.models import AccountTrouble, MerchantAccount

log = logging.getLogger("yantuan.merchants")

DOUBTED: Final = "merchant.doubted"
"""Outbox topic: something spoke against an account; `account_id` (0: the configuration's)."""
TROUBLE: Final = "merchant.trouble"
"""Outbox topic: an account's trouble began or ended; `account_id`, `store_id` (0: none), `problem` (empty: over), `at`."""
OPERATOR: Final = 0
"""The account of the configuration, which has no row."""
SUSPECT: Final = frozenset(
    {"SIGN_ERROR", "MCH_NOT_EXISTS", "NO_AUTH", "APPID_MCHID_NOT_MATCH", "ACCOUNT_ERROR", "RULE_LIMIT"}
)
"""Refusals that may speak against the account rather than against one payment."""
DOUBT_SECONDS: Final = 300
"""Doubts about one account within so long are one: a rush of refused buyers asks WeChat Pay once."""
DAILY: Final = timedelta(days=1)
BATCH: Final = 50


def doubt(account_id: int | None, error: Exception) -> None:
    """Have an account looked at if this refusal may speak against it. Anything else: nothing."""
    if not isinstance(error, GatewayRefused) or isinstance(error, GatewayThrottled):
        return
    if error.provider_code not in SUSPECT:
        return
    number = account_id or OPERATOR
    period = int(now().timestamp()) // DOUBT_SECONDS
    with transaction.atomic():
        outbox.emit(DOUBTED, {"account_id": str(number)}, key=f"doubt:{number}:{period}")


def look(account_id: int) -> Verdict | None:
    """Ask WeChat Pay whether an account works, and keep what it says; None where there is nothing to ask with.

    Must be called outside a transaction. No clear word changes nothing.
    """
    account = MerchantAccount.objects.filter(id=account_id).first()
    if account_id != OPERATOR and (account is None or not account.serves):
        # Out of use, or refused where its leader was looking: nothing to tell, only to forget.
        AccountTrouble.objects.filter(account_id=account_id).delete()
        return None
    settings = _settings(account)
    if settings is None:
        return None
    verdict = checking.check(settings)
    if verdict.state == MerchantAccount.State.UNCHECKED:
        return verdict
    with transaction.atomic():
        if account is not None and not _as_it_was(account):
            return None
        if verdict.good:
            clear(account_id)
        else:
            _note(account_id, verdict)
    return verdict


def _settings(account: MerchantAccount | None) -> WeChatPaySettings | None:
    try:
        return keys.operator_settings(config()) if account is None else keys.client_settings(account)
    except AppError:
        return None


def _as_it_was(account: MerchantAccount) -> bool:
    """Whether the leader has not changed it while WeChat Pay was asked; then this word is about what was before."""
    row = MerchantAccount.objects.select_for_update().get(id=account.id)
    if (row.version, row.retired_at) != (account.version, account.retired_at):
        return False
    MerchantAccount.objects.filter(id=account.id).update(checked_at=now())
    return True


def _note(account_id: int, verdict: Verdict) -> None:
    moment, facts = now(), {"problem": verdict.problem, "words": verdict.words}
    row, new = AccountTrouble.objects.get_or_create(
        account_id=account_id, defaults={**facts, "since": moment, "checked_at": moment}
    )
    if not new:
        AccountTrouble.objects.filter(id=row.id).update(**facts, checked_at=moment)
        return
    log.error("merchant account %s is refused: %s %s", account_id or "-", verdict.problem, verdict.words)
    _changed("merchant.trouble", account_id, verdict.problem)


def clear(account_id: int) -> bool:
    """The account works: its trouble is over. True if there was one. In a transaction of its own or the caller's."""
    with transaction.atomic():
        ended, _ = AccountTrouble.objects.filter(account_id=account_id).delete()
        if ended:
            _changed("merchant.recovered", account_id, "")
    return bool(ended)


def _changed(action: str, account_id: int, problem: str) -> None:
    """Audit it, tell of it, and let the stores' way to be paid follow."""
    account = MerchantAccount.objects.filter(id=account_id).first()
    store_id = account.store_id if account is not None else None
    audit.record(SYSTEM, action, "merchant_account", account_id or None, store_id=store_id, problem=problem)
    told = {
        "account_id": str(account_id),
        "store_id": store_id or 0,
        "problem": problem,
        "at": now().isoformat(),
    }
    outbox.emit(TROUBLE, told, store_id=store_id)
    routing.refresh(store_id)


def look_again() -> int:
    """Every hour: accounts in trouble, until they work; answers how many were asked."""
    troubled = AccountTrouble.objects.order_by("checked_at").values_list("account_id", flat=True)
    return _each(troubled[:BATCH])


def look_daily() -> int:
    """Accounts through which nothing was paid for a day, and which nobody has asked about for as long; answers how many were."""
    before = now() - DAILY
    waiting = MerchantAccount.objects.filter(
        retired_at=None, state=MerchantAccount.State.CHECKED, checked_at__lt=before
    ).exclude(mode=MerchantAccount.Mode.OPERATOR)
    quiet = [
        one for one in waiting.order_by("checked_at").values_list("id", flat=True)[:BATCH] if _is_quiet(one)
    ]
    return _each(quiet)


def look_at_operator() -> int:
    """The configuration's account, where it takes money and nothing was paid through it for a day."""
    cfg = config()
    if not cfg.has_wechatpay or cfg.demo or not _is_quiet(None):
        return 0
    return _each([OPERATOR])


def _is_quiet(account_id: int | None) -> bool:
    """Whether no payment of the last day shows already that the account works."""
    newest = parts.uses_of(account_id).last_paid_at
    if newest is not None and newest > now() - DAILY:
        MerchantAccount.objects.filter(id=account_id or 0).update(checked_at=newest)
        return False
    return True


def _each(account_ids: Iterable[int]) -> int:
    asked = 0
    for account_id in list(account_ids):
        verdict = look(account_id)
        asked += verdict is not None
        if verdict is not None and verdict.problem == "unreachable":
            break
    return asked


def of_store(store_id: int) -> AccountTrouble | None:
    """The trouble that keeps a store from taking WeChat payments now."""
    return routing.route_of(store_id).trouble


def words_of(trouble: AccountTrouble) -> tuple[str, str]:
    """What it means and what to do: (Chinese, English)."""
    return rules.PROBLEMS.get(trouble.problem, rules.PROBLEMS["other"])
