"""The verbs around an agreement: the operator proposes, the leader agrees, either ends it. Each is audited."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from yantuan.gateways.errors import GatewayRefused, GatewayThrottled
from yantuan.identity import stepup
from yantuan.identity.models import Person
from yantuan.kernel import audit, outbox
from yantuan.kernel.actors import Actor
from yantuan.kernel.clock import now
from yantuan.kernel.errors import Conflict, Invalid, NotFound
from yantuan.merchants import routing
from yantuan.merchants.models import MerchantAccount
from yantuan.payments.split_hooks import provide_terms
from yantuan.splits import gateway, names, rules
from yantuan.splits.models import SplitParty, SplitTerms
from yantuan.stores.access import access_store

AGREED = "split.agreed"
"""Outbox topic: receivers are to be made known to WeChat Pay; `terms_id`."""
CHANGED = "split.terms"
"""Outbox topic: the operator proposed or ended an agreement; `terms_id`, `store_id`, `what`, `rate`, `reason`."""
State = SplitTerms.State


@dataclass(frozen=True)
class Wanted:
    """One receiver as the operator names it; `number` empty: the partner itself."""

    kind: str
    name: str
    rate_bp: int
    number: str = ""


@provide_terms
def in_force(account_id: int) -> int | None:
    """The agreement a payment made now is shared under: agreed to, and WeChat Pay knows every receiver."""
    found = SplitTerms.objects.filter(account_id=account_id, state=State.AGREED).first()
    if found is None:
        return None
    waiting = found.parties.exclude(state=SplitParty.State.ACTIVE)
    return None if waiting.exists() else int(found.id)


def propose(store_id: int, wanted: list[Wanted], reason: str, operator_id: int) -> SplitTerms:
    """Put an agreement before the store's leader; nothing is shared until they agree. An earlier proposal is withdrawn.

    Asks WeChat Pay how much the sub-merchant lets be shared; must be called outside a transaction. Raises NotFound,
    Conflict `split_no_partner_account`, `split_not_allowed` or `split_rate_too_high`, Invalid `split_rate_invalid` or
    `split_receiver_invalid`.
    """
    account = routing.account_in_use(store_id)
    if account is None or account.mode != MerchantAccount.Mode.PARTNER or not account.serves:
        raise Conflict(
            "split_no_partner_account",
            "这个卖场没有在用的子商户号，不能约定分账",
            "The store isn't paid through a sub-merchant of the partner.",
        )
    parties = [_party(one, account) for one in wanted]
    if len({(party.kind, party.number) for party in parties}) != len(parties):
        raise _bad_receiver("接收方不能重复", "Name each receiver once.")
    ratio = _max_ratio(account)
    rate = rules.check_rates([party.rate_bp for party in parties], ratio)
    with transaction.atomic():
        _hold(account)
        for old in SplitTerms.objects.select_for_update().filter(account=account, state=State.PROPOSED):
            _end(old, Actor("operator", operator_id))
        terms = SplitTerms.objects.create(
            account=account, store_id=store_id, rate_bp=rate, max_ratio=ratio, reason=reason,
            proposed_by=operator_id, proposed_at=now(),
        )  # fmt: skip
        for party in parties:
            party.terms = terms
        SplitParty.objects.bulk_create(parties)
        _note(Actor("operator", operator_id), "split.propose", terms, reason)
        _tell(terms, "proposed", reason)
    return terms


def _party(one: Wanted, account: MerchantAccount) -> SplitParty:
    name, number = one.name.strip(), one.number.strip()
    if one.kind == SplitParty.Kind.MERCHANT:
        # Only the partner's own number: what is shared is its fee, never another's goods money.
        number = account.mchid
    if not name or not number or len(name) > 80 or len(number) > 64:
        raise _bad_receiver("接收方的名称和号码都要填", "A receiver needs its name and number.")
    merchant = one.kind == SplitParty.Kind.MERCHANT
    return SplitParty(
        kind=one.kind,
        number=number,
        name_sealed=names.seal_name(name),
        name_shown=name if merchant else names.mask_person(name),
        rate_bp=one.rate_bp,
    )


def _bad_receiver(zh: str, en: str) -> Invalid:
    return Invalid("split_receiver_invalid", zh, en, field="receiver")


def _max_ratio(account: MerchantAccount) -> int:
    try:
        return gateway.sharing_of(account.id).max_ratio()
    except GatewayThrottled:
        raise
    except GatewayRefused as error:
        raise Conflict(
            "split_not_allowed",
            f"微信支付不允许这个子商户分账（{error.provider_code} {error.provider_message}）："
            "请商户在商户平台「产品中心 → 分账」开通并授权给服务商",
            "WeChat Pay does not let this sub-merchant's orders be shared.",
            provider_code=error.provider_code,
        ) from error


def agree(
    person: Person, store_id: int, terms_id: int, rate_bp: int, confirmed_at: datetime | None
) -> SplitTerms:
    """The leader agrees to exactly what was shown. From the next payment on, once WeChat Pay knows the receivers.

    The agreement before is replaced; what was paid under it keeps its terms. Again: no change. Raises NotFound, StepUpNeeded,
    Conflict `split_terms_changed` when the proposal is gone or another rate was shown.
    """
    store = access_store(person, store_id)
    stepup.require_for_account(person, confirmed_at)
    with transaction.atomic():
        terms = _locked(store.id, terms_id)
        if terms.state == State.AGREED and terms.rate_bp == rate_bp:
            return terms
        if terms.state != State.PROPOSED or terms.rate_bp != rate_bp:
            raise _changed()
        moment = now()
        SplitTerms.objects.filter(account_id=terms.account_id, state=State.AGREED).update(
            state=State.REPLACED, ended_at=moment, ended_by_kind="leader", ended_by=person.id
        )
        terms.state, terms.agreed_by, terms.agreed_at = State.AGREED, person.id, moment
        terms.save(update_fields=["state", "agreed_by", "agreed_at"])
        SplitParty.objects.filter(terms=terms).update(next_try_at=moment)
        _note(Actor("leader", person.id), "split.agree", terms)
        outbox.emit(AGREED, {"terms_id": str(terms.id)}, store_id=store.id, key=f"split_agreed:{terms.id}")
    return terms


def _changed() -> Conflict:
    return Conflict(
        "split_terms_changed",
        "分账约定刚刚有变化，请刷新后再看",
        "The proposal has changed; look at it again.",
    )


def decline(person: Person, store_id: int, terms_id: int) -> SplitTerms:
    """The leader doesn't want what is proposed. Again: no change. Raises NotFound, Conflict `split_terms_changed`."""
    store = access_store(person, store_id)
    with transaction.atomic():
        terms = _locked(store.id, terms_id)
        if terms.state == State.DECLINED:
            return terms
        if terms.state != State.PROPOSED:
            raise _changed()
        _end(terms, Actor("leader", person.id), State.DECLINED)
        _note(Actor("leader", person.id), "split.decline", terms)
    return terms


def end_by_leader(
    person: Person, store_id: int, terms_id: int, confirmed_at: datetime | None = None
) -> SplitTerms:
    """The leader ends the agreement: nothing is shared any more, of orders paid under it neither. Again: no change."""
    store = access_store(person, store_id)
    stepup.require_for_account(person, confirmed_at)
    with transaction.atomic():
        terms = _locked(store.id, terms_id)
        _end_agreed(terms, Actor("leader", person.id), "")
    return terms


def end_by_operator(terms_id: int, reason: str, operator_id: int) -> SplitTerms:
    """The operator withdraws a proposal, or ends an agreement. Again: no change. Raises NotFound."""
    with transaction.atomic():
        terms = SplitTerms.objects.select_for_update().filter(id=terms_id).first()
        if terms is None:
            raise NotFound
        _end_agreed(terms, Actor("operator", operator_id), reason)
    return terms


def _end_agreed(terms: SplitTerms, actor: Actor, reason: str) -> None:
    if terms.state not in (State.PROPOSED, State.AGREED):
        return
    _end(terms, actor)
    _note(actor, "split.end", terms, reason)
    if actor.kind == "operator":
        _tell(terms, "ended", reason)


def _tell(terms: SplitTerms, what: str, reason: str) -> None:
    outbox.emit(
        CHANGED,
        {
            "terms_id": str(terms.id),
            "store_id": str(terms.store_id),
            "what": what,
            "rate": rules.percent_text(terms.rate_bp),
            "reason": reason,
        },
        store_id=terms.store_id,
        key=f"split_terms:{terms.id}:{what}",
    )


def _end(terms: SplitTerms, actor: Actor, state: str = State.ENDED) -> None:
    terms.state, terms.ended_at = state, now()
    terms.ended_by_kind, terms.ended_by = actor.kind, actor.id
    terms.save(update_fields=["state", "ended_at", "ended_by_kind", "ended_by"])
    SplitParty.objects.filter(terms=terms).update(next_try_at=None)


def _locked(store_id: int, terms_id: int) -> SplitTerms:
    found = SplitTerms.objects.filter(id=terms_id, store_id=store_id).select_related("account").first()
    if found is None:
        raise NotFound
    _hold(found.account)
    return SplitTerms.objects.select_for_update().get(id=terms_id)


def _hold(account: MerchantAccount) -> None:
    """Two agreements of one account are never decided about at the same time, and no payment is written meanwhile."""
    MerchantAccount.objects.select_for_update().get(id=account.id)


def _note(actor: Actor, action: str, terms: SplitTerms, reason: str = "") -> None:
    audit.record(
        actor, action, "split_terms", terms.id, store_id=terms.store_id, reason=reason or terms.reason,
        rate_bp=terms.rate_bp, state=str(terms.state),
    )  # fmt: skip
