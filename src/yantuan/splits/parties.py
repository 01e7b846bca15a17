"""Making receivers known to WeChat Pay once the leader has agreed, and forgetting those nothing needs any more."""

from __future__ import annotations

import logging

from django.db.models import QuerySet

from yantuan.gateways.errors import GatewayInvalid, GatewayRefused, GatewayThrottled, GatewayUnavailable
from yantuan.gateways.wechatpay import Receiver, ReceiverType, Relation, share_trouble
from yantuan.kernel import faults
from yantuan.kernel.clock import now
from yantuan.kernel.config import config
from yantuan.kernel.errors import AppError, Conflict
from yantuan.payments.closing import each
from yantuan.splits import gateway, names, rules
from yantuan.splits.models import Split, SplitParty, SplitTerms
from yantuan.splits.states import OPEN

log = logging.getLogger("yantuan.splits")

BATCH = 50
State = SplitParty.State
_RELATIONS = {
    SplitParty.Kind.MERCHANT: {"provider": Relation.SERVICE_PROVIDER, "platform": Relation.PLATFORM},
    SplitParty.Kind.PERSON: {"provider": Relation.PARTNER, "platform": Relation.OTHERS},
}
"""By what the partner account is: 收付通 knows fewer relations, and no partners."""
_OVER = (SplitTerms.State.DECLINED, SplitTerms.State.REPLACED, SplitTerms.State.ENDED)


def add_all(terms_id: int) -> None:
    """Add the receivers of an agreement that are due."""
    each(add, list(_due().filter(terms_id=terms_id).values_list("id", flat=True)))


def add_due() -> int:
    """Add every receiver that is due; answers how many."""
    return each(add, list(_due().order_by("next_try_at").values_list("id", flat=True)[:BATCH]))


def _due() -> QuerySet[SplitParty]:
    return SplitParty.objects.filter(
        state=State.PENDING, next_try_at__lte=now(), terms__state=SplitTerms.State.AGREED
    )


def add(party_id: int) -> bool:
    """Make one receiver known; adding it again is harmless. Must be called outside a transaction."""
    if not _due().filter(id=party_id).update(next_try_at=now() + rules.LEASE):
        return True
    party = SplitParty.objects.select_related("terms").get(id=party_id)
    party.tries = min(party.tries + 1, rules.MAX_TRIES)
    SplitParty.objects.filter(id=party_id).update(tries=party.tries)
    kind = SplitParty.Kind(party.kind)
    relation = _RELATIONS[kind][config().wechatpay_sp_kind]
    wanted = Receiver(ReceiverType(party.kind), party.number, relation, names.open_name(party.name_sealed))
    try:
        client = gateway.sharing_of(party.terms.account_id)
        faults.point("splits.party.before_call")
        client.add_receiver(wanted)
        faults.point("splits.party.after_call")
    except GatewayThrottled as error:
        return _later(party, error)
    except (GatewayRefused, GatewayInvalid) as error:
        return _refused(party, error)
    except AppError as error:
        return _later(party, error)
    SplitParty.objects.filter(id=party_id, state=State.PENDING).update(
        state=State.ACTIVE, added_at=now(), next_try_at=None, problem="", problem_words=""
    )
    return True


def _later(party: SplitParty, error: AppError) -> bool:
    log.warning("no clear word about receiver %s: %s", party.id, error)
    SplitParty.objects.filter(id=party.id, state=State.PENDING).update(
        next_try_at=rules.ask_at(party.tries, now())
    )
    return not isinstance(error, (GatewayUnavailable, GatewayThrottled))


def _refused(party: SplitParty, error: GatewayRefused | GatewayInvalid) -> bool:
    log.error("receiver %s refused: %s", party.id, error)
    problem, words = "other", ""
    if isinstance(error, GatewayRefused):
        problem = str(share_trouble(error))
        words = f"{error.provider_code} {error.provider_message}"[:200]
        # The platform has one code for several rules; its words tell which.
        problem = "name" if problem == "broke_a_rule" and ("全称" in words or "姓名" in words) else problem
    SplitParty.objects.filter(id=party.id, state=State.PENDING).update(
        state=State.REFUSED, problem=problem, problem_words=words, next_try_at=None
    )
    return True


def try_again(party_id: int) -> SplitParty:
    """Add a refused receiver once more, now. Raises Conflict `split_receiver_not_refused`."""
    done = SplitParty.objects.filter(
        id=party_id, state=State.REFUSED, terms__state=SplitTerms.State.AGREED
    ).update(state=State.PENDING, next_try_at=now())
    if not done:
        raise Conflict("split_receiver_not_refused", "这个接收方现在不需要重新添加", "It needs no other try.")
    add(party_id)
    return SplitParty.objects.get(id=party_id)


def forget_unused() -> int:
    """Take receivers off whose agreement is over and whose orders are all decided; answers how many were tried."""
    waiting = Split.objects.filter(state__in=OPEN).values("terms_id")
    rows = SplitParty.objects.filter(state=State.ACTIVE, terms__state__in=_OVER).exclude(terms_id__in=waiting)
    return each(_forget, list(rows.order_by("id").values_list("id", flat=True)[:BATCH]))


def _forget(party_id: int) -> bool:
    party = SplitParty.objects.select_related("terms").get(id=party_id)
    same = SplitParty.objects.filter(
        kind=party.kind, number=party.number, terms__account_id=party.terms.account_id
    ).exclude(id=party.id)
    needed = same.filter(terms__state=SplitTerms.State.AGREED).exists()
    if not needed and same.filter(terms__splits__state__in=OPEN).exists():
        return True
    if not needed:
        try:
            client = gateway.sharing_of(party.terms.account_id)
            client.delete_receiver(ReceiverType(party.kind), party.number)
        except AppError as error:
            log.warning("receiver %s stays for now: %s", party.id, error)
            return not isinstance(error, (GatewayUnavailable, GatewayThrottled))
    SplitParty.objects.filter(id=party.id).update(state=State.REMOVED, removed_at=now())
    return True
