"""Reads of merchant accounts."""

from __future__ import annotations

from typing import Literal, cast

from yantuan.kernel.config import config
from yantuan.merchants import forms, onboarding, routing, rules, troubles
from yantuan.merchants.models import AccountTrouble, MerchantAccount, MerchantApplication
from yantuan.merchants.schemas import (
    AppIdOut,
    ApplicationOut,
    AuditDetailOut,
    MerchantAccountOut,
    PayTroubleOut,
    PayWaysOut,
)
from yantuan.stores.models import Store
from yantuan.stores.rules import provider_ready


def account_out(account: MerchantAccount) -> MerchantAccountOut:
    """One account as its leader sees it."""
    zh, en = rules.PROBLEMS.get(account.problem, ("", ""))
    return MerchantAccountOut(
        id=str(account.id),
        mode=cast("Literal['direct', 'partner', 'operator']", account.mode),
        state=cast("Literal['unchecked', 'checked', 'refused']", account.state),
        problem=account.problem,
        problem_text=zh,
        problem_text_en=en,
        problem_words=account.problem_words,
        checked_at=account.checked_at,
        mchid=account.mchid if account.mode == MerchantAccount.Mode.DIRECT else "",
        sub_mchid=account.sub_mchid,
        serial_tail=account.merchant_serial[-4:],
        apiv3_tail=account.apiv3_tail,
        key_mode=cast("Literal['public_key', 'certificate']", account.key_mode),
        public_key_tail=account.public_key_id[-4:],
    )


def application_out(row: MerchantApplication) -> ApplicationOut:
    """One application as its leader sees it."""
    return ApplicationOut(
        id=str(row.id),
        state=row.state,
        state_label=row.get_state_display(),
        message=row.message,
        details=[AuditDetailOut(**one) for one in row.details],
        sign_url=row.sign_url,
        sub_mchid=row.sub_mchid,
        editable=row.state in ("editing", "rejected"),
        form=forms.masked(forms.open_form(row.form_sealed)),
        updated_at=row.updated_at,
    )


def trouble_out(row: AccountTrouble) -> PayTroubleOut:
    """An account's trouble for the leaders of its stores."""
    zh, en = troubles.words_of(row)
    own = row.account_id != troubles.OPERATOR
    return PayTroubleOut(
        problem=row.problem,
        text=zh,
        text_en=en,
        words=row.words if own else "",
        since=row.since,
        own=own,
    )


def trouble_of_store(store: Store) -> PayTroubleOut | None:
    """The trouble that keeps a store from taking WeChat payments; asks nothing where it takes them or never wanted to."""
    if not store.wechatpay_enabled or store.pay_route != Store.PayRoute.NONE:
        return None
    row = troubles.of_store(store.id)
    return trouble_out(row) if row is not None else None


def pay_ways(store: Store) -> PayWaysOut:
    """How this store can be paid, for its leader."""
    cfg = config()
    account = routing.account_in_use(store.id)
    found = routing.route_of(store.id)
    route = found.kind
    applied = onboarding.latest(store.id)
    apps = [("mini", cfg.wechat_mini_appid), ("oa", cfg.wechat_oa_appid)]
    return PayWaysOut(
        store_id=str(store.id),
        wechatpay_enabled=store.wechatpay_enabled,
        offline_enabled=store.offline_enabled,
        route=route,
        wechatpay_ready=provider_ready(route, cfg.has_wechatpay),
        several_leaders=routing.several_leaders(),
        partner_offered=cfg.has_partner,
        account=account_out(account) if account else None,
        trouble=trouble_out(found.trouble) if found.trouble else None,
        application=application_out(applied) if applied else None,
        appids=[AppIdOut(kind=kind, appid=appid) for kind, appid in apps if appid],  # type: ignore[arg-type]
    )
