"""The verbs that change whose account takes a store's money. Each is audited; keys never appear in the audit log."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction

from yantuan.identity import stepup
from yantuan.identity.models import Person
from yantuan.kernel import audit, ratelimit
from yantuan.kernel.actors import Actor
from yantuan.kernel.clock import now
from yantuan.kernel.config import config
from yantuan.kernel.errors import Conflict, NotFound
from yantuan.kernel.ids import new_id
from yantuan.merchants import checking, keys, parts, routing, rules, troubles
from yantuan.merchants.checking import Verdict
from yantuan.merchants.keys import Keys
from yantuan.merchants.models import MerchantAccount
from yantuan.merchants.rules import KeyTexts
from yantuan.stores.access import access_store
from yantuan.stores.models import Store

OLD_KEYS_LIFE = timedelta(days=1)
"""Notices sealed before a key change are still opened for so long."""
_CHECKS_PER_HOUR = 10
Mode = MerchantAccount.Mode
State = MerchantAccount.State


def set_direct(
    person: Person, store_id: int, given: KeyTexts, confirmed_at: datetime | None = None
) -> MerchantAccount:
    """Enter or change the leader's own merchant number and keys.

    With the number unchanged, secrets left empty stay as they are. The keys are tried at once: the first account is kept
    whatever comes out, but one that works is never replaced by keys that don't (Conflict `merchant_check_failed`).
    Raises Invalid `merchant_keys_invalid`, StepUpNeeded, TooMany.
    """
    store = access_store(person, store_id)
    stepup.require_for_account(person, confirmed_at)
    ratelimit.hit(f"merchant_check:{person.id}", limit=_CHECKS_PER_HOUR, seconds=3600)
    before = routing.account_in_use(store.id)
    texts = rules.checked_texts(_completed(given, before))
    fresh = Keys(texts.private_key, texts.apiv3_key, texts.public_key_id, texts.public_key)
    verdict = checking.check(keys.direct_settings(texts.mchid, texts.merchant_serial, [fresh]))
    if before is not None and before.serves and not verdict.good:
        raise _check_failed(verdict)
    with transaction.atomic():
        account = _written(store.id, texts, fresh, verdict)
        _note(Actor("leader", person.id), "merchant.set", account, state=account.state)
        routing.refresh(store.id)
    return account


def _completed(given: KeyTexts, before: MerchantAccount | None) -> KeyTexts:
    if before is None or before.mode != Mode.DIRECT or before.mchid != given.mchid.strip():
        return given
    if not before.keys_sealed:
        return given
    kept = keys.open_keys(before.keys_sealed)
    return replace(
        given,
        merchant_serial=given.merchant_serial
        or ("" if given.private_key or given.certificate else before.merchant_serial),
        private_key=given.private_key or kept.private_key,
        apiv3_key=given.apiv3_key or kept.apiv3_key,
        public_key_id=given.public_key_id or kept.public_key_id,
        public_key=given.public_key or kept.public_key,
    )


def _check_failed(verdict: Verdict) -> Conflict:
    zh, en = rules.PROBLEMS[verdict.problem]
    return Conflict(
        "merchant_check_failed",
        f"新的资料没有通过验证，原来的收款账户继续使用。{zh}",
        f"The new keys did not pass; the account stays as it was. {en}",
        problem=verdict.problem,
        words=verdict.words,
    )


def _written(store_id: int, texts: KeyTexts, fresh: Keys, verdict: Verdict) -> MerchantAccount:
    account = _locked_in_use(store_id)
    sealed, moment = keys.seal_keys(fresh), now()
    if account is None or account.mode != Mode.DIRECT or account.mchid != texts.mchid:
        _retire(account)
        account = MerchantAccount(
            id=new_id(), store_id=store_id, mode=Mode.DIRECT, mchid=texts.mchid, version=0, created_at=moment
        )
    elif account.keys_sealed:
        account.old_keys_sealed, account.old_keys_until = account.keys_sealed, moment + OLD_KEYS_LIFE
    account.keys_sealed, account.apiv3_tail = sealed, fresh.apiv3_key[-4:]
    account.merchant_serial, account.key_mode = texts.merchant_serial, texts.key_mode
    account.public_key_id = fresh.public_key_id
    _take(account, verdict)
    return account


def _take(account: MerchantAccount, verdict: Verdict) -> None:
    account.state, account.problem, account.problem_words = verdict.state, verdict.problem, verdict.words
    account.checked_at = account.updated_at = now()
    account.version += 1
    account.save()
    if verdict.good:
        troubles.clear(account.id)


def _locked_in_use(store_id: int) -> MerchantAccount | None:
    # The store's row is the lock that keeps two first entries apart; the account's makes payments being written wait.
    if not Store.objects.select_for_update(no_key=True).filter(id=store_id).exists():
        raise NotFound
    return MerchantAccount.objects.select_for_update().filter(store_id=store_id, retired_at=None).first()


def _retire(account: MerchantAccount | None) -> None:
    if account is not None:
        account.retired_at = account.updated_at = now()
        account.version += 1
        account.save(update_fields=["retired_at", "updated_at", "version"])


def check_again(person: Person, store_id: int) -> MerchantAccount:
    """Try the account in use once more. Raises NotFound when there is none, TooMany."""
    store = access_store(person, store_id)
    account = routing.account_in_use(store.id)
    if account is None or account.mode == Mode.OPERATOR:
        raise NotFound
    ratelimit.hit(f"merchant_check:{person.id}", limit=_CHECKS_PER_HOUR, seconds=3600)
    verdict = checking.check(keys.client_settings(account))
    if verdict.state == State.UNCHECKED and account.serves:
        # Nobody answered: that says nothing against an account that worked.
        return account
    with transaction.atomic():
        row = _locked_in_use(store.id)
        if row is None or (row.id, row.version) != (account.id, account.version):
            raise Conflict(
                "merchant_account_changed", "收款账户刚刚有变化，请刷新", "The account just changed."
            )
        _take(row, verdict)
        _note(Actor("leader", person.id), "merchant.check", row, state=row.state, problem=row.problem)
        routing.refresh(store.id)
    return row


def remove(person: Person, store_id: int, confirmed_at: datetime | None = None) -> None:
    """Take the store's own account out of use; its keys stay for refunds until a year after its last payment.

    Refused with Conflict `merchant_account_busy` while payments or refunds are under way through it. Again: no change.
    """
    store = access_store(person, store_id)
    stepup.require_for_account(person, confirmed_at)
    with transaction.atomic():
        account = _locked_in_use(store.id)
        if account is None or account.mode == Mode.OPERATOR:
            return
        uses = parts.uses_of(account.id)
        if uses.live or uses.refunding:
            raise Conflict(
                "merchant_account_busy",
                f"还有 {uses.live} 笔付款、{uses.refunding} 笔退款在处理，处理完再停用",
                "Payments or refunds are still under way through this account.",
                live=uses.live,
                refunding=uses.refunding,
            )
        _retire(account)
        _note(Actor("leader", person.id), "merchant.remove", account)
        routing.refresh(store.id)


def mark_own(store_id: int, reason: str, operator_id: int) -> MerchantAccount:
    """The operator says that this store is the operator's own. Again: no change.

    Raises NotFound, Conflict `merchant_account_exists` when the store is paid through an account of its own.
    """
    with transaction.atomic():
        account = _locked_in_use(store_id)
        if account is not None and account.mode != Mode.OPERATOR:
            raise Conflict(
                "merchant_account_exists",
                "这个卖场已有自己的收款账户，请先停用",
                "The store has an account of its own.",
            )
        if account is None:
            moment = now()
            account = MerchantAccount.objects.create(
                store_id=store_id,
                mode=Mode.OPERATOR,
                state=State.CHECKED,
                created_at=moment,
                updated_at=moment,
            )
            _note(Actor("operator", operator_id), "merchant.mark_own", account, reason)
            routing.refresh()
    return account


def unmark_own(store_id: int, reason: str, operator_id: int) -> None:
    """Take the operator's mark back. Again: no change."""
    with transaction.atomic():
        account = _locked_in_use(store_id)
        if account is not None and account.mode == Mode.OPERATOR:
            _retire(account)
            _note(Actor("operator", operator_id), "merchant.unmark_own", account, reason)
            routing.refresh()


def set_partner(
    store_id: int,
    sub_mchid: str,
    reason: str,
    actor: Actor,
) -> MerchantAccount:
    """Give a store a sub-merchant number under the operator's partner account, tried at once.

    The store's earlier account goes out of use. Raises AppError `merchant_account_unusable` without a partner account,
    Conflict `merchant_check_failed` when an account that works would be replaced by one that doesn't.
    """
    trial = MerchantAccount(
        id=new_id(),
        store_id=store_id,
        mode=Mode.PARTNER,
        mchid=keys.partner_settings(config()).mchid,
        sub_mchid=sub_mchid.strip(),
        version=0,
        created_at=now(),
    )
    verdict = checking.check(keys.client_settings(trial))
    before = routing.account_in_use(store_id)
    if before is not None and before.serves and not verdict.good:
        raise _check_failed(verdict)
    with transaction.atomic():
        account = _locked_in_use(store_id)
        if account is not None and account.sub_mchid == trial.sub_mchid:
            return account
        _retire(account)
        _take(trial, verdict)
        _note(actor, "merchant.set", trial, reason, state=trial.state)
        routing.refresh(store_id)
    return trial


def _note(actor: Actor, action: str, account: MerchantAccount, reason: str = "", **data: Any) -> None:
    facts = {"mode": account.mode, "mchid": account.mchid, "sub_mchid": account.sub_mchid, **data}
    audit.record(
        actor, action, "merchant_account", account.id, store_id=account.store_id, reason=reason,
        **{name: value for name, value in facts.items() if value},
    )  # fmt: skip
