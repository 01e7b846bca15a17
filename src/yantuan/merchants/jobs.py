"""Work on the clock: routes follow the leaders there are, old keys are forgotten."""

from __future__ import annotations

import logging
from datetime import timedelta
from typing import Any

from yantuan.kernel import audit, outbox, schedule
from yantuan.kernel.actors import SYSTEM
from yantuan.kernel.clock import now
from yantuan.merchants import onboarding, parts, routing, troubles
from yantuan.merchants.models import MerchantAccount

log = logging.getLogger("yantuan.merchants")

REFUND_LIFE = timedelta(days=366)
"""WeChat Pay gives money back within 365 days of a payment; after that a retired account's keys are of no use."""


@outbox.on("certification.decided")
def leaders_changed(payload: dict[str, Any]) -> None:
    """A second leader makes the operator's account serve only the operator's own stores."""
    routing.refresh()


@outbox.on(onboarding.SENT)
def send_application(payload: dict[str, Any]) -> None:
    """Upload the papers of an application and submit it."""
    onboarding.push(int(payload["application_id"]))


@schedule.every(60)
def ask_about_applications() -> int:
    """Ask WeChat Pay how far applications are."""
    return onboarding.ask_due()


@schedule.every(6 * 3600)
def give_up_abandoned_applications() -> int:
    """Destroy what leaders filled in long ago and forgot."""
    return onboarding.give_up_abandoned()


@outbox.on(troubles.DOUBTED)
def look_at_account(payload: dict[str, Any]) -> None:
    """Something spoke against an account: ask WeChat Pay; while that is silent, again."""
    verdict = troubles.look(int(payload["account_id"]))
    if verdict is not None and verdict.problem == "unreachable":
        raise outbox.Later(60)


@schedule.every(3600)
def look_at_troubled_accounts() -> int:
    """Until they work again."""
    return troubles.look_again()


@schedule.every(3600)
def look_at_quiet_accounts() -> int:
    """Once a day each."""
    return troubles.look_daily()


@schedule.every(24 * 3600)
def look_at_the_operators_account() -> int:
    """Once a day."""
    return troubles.look_at_operator()


@schedule.every(60)
def refresh_routes() -> int:
    """Follow new stores, the configuration and whatever an event missed."""
    changed = routing.refresh()
    _tell_foreign([store.code for store in routing.foreign_stores()])
    return changed


_told: list[list[str]] = []


def _tell_foreign(codes: list[str]) -> None:
    """Say at the start, and whenever it changes, which stores the operator's account may not serve."""
    if codes != (_told[-1] if _told else []):
        log.warning(
            "several leaders sell here: %d stores have no merchant account of their own and offer offline payment only (%s)",
            len(codes),
            ", ".join(codes[:20]) or "none",
        )
    _told[:] = [codes]


@schedule.every(3600)
def forget_keys() -> int:
    """Destroy keys nothing can need any more: replaced ones after a day, a retired account's after its last refund day."""
    moment = now()
    old = MerchantAccount.objects.exclude(old_keys_sealed="").filter(old_keys_until__lte=moment)
    done = old.update(old_keys_sealed="", old_keys_until=None)
    retired = MerchantAccount.objects.filter(retired_at__isnull=False, wiped_at=None).exclude(keys_sealed="")
    for account in retired.filter(retired_at__lte=moment - timedelta(days=1)):
        uses = parts.uses_of(account.id)
        newest = uses.last_paid_at
        if uses.live or uses.refunding or (newest is not None and newest > moment - REFUND_LIFE):
            continue
        MerchantAccount.objects.filter(id=account.id).update(
            keys_sealed="", old_keys_sealed="", old_keys_until=None, wiped_at=moment
        )
        audit.record(SYSTEM, "merchant.wiped", "merchant_account", account.id, store_id=account.store_id)
        done += 1
    return done
