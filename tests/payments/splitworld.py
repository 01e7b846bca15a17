"""A store whose leader agreed to share with the partner, at the running simulator, and payments made under it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from merchantworld import partner
from payworld import Simulator, World, fresh, start_pay

from yantuan.fulfilment import handing
from yantuan.fulfilment.schemas import PickupIn
from yantuan.kernel import outbox
from yantuan.kernel.actors import SYSTEM
from yantuan.kernel.clock import now
from yantuan.merchants import actions
from yantuan.merchants.models import MerchantAccount
from yantuan.orders.models import Order
from yantuan.payments import actions as payments
from yantuan.payments import refund_work
from yantuan.payments.models import Refund
from yantuan.splits import terms, work
from yantuan.splits.models import Split, SplitParty, SplitReturn, SplitTerms
from yantuan.splits.terms import Wanted

DAY = 86400.0
EIGHT_DAYS = 8 * DAY
RATE = 500
"""Five percent."""


def sub_account(world: World, sim: Simulator, monkeypatch: pytest.MonkeyPatch) -> MerchantAccount:
    """The store is paid through a sub-merchant of the partner; shares are decided at once."""
    made = partner(sim, monkeypatch)
    sim.call("POST", "/config", {"share_seconds": 0})
    return actions.set_partner(world.store.id, made["sub_mchid"], "测试", SYSTEM)


def partner_name(sim: Simulator) -> str:
    return str(sim.call("POST", "/merchants", {"provider": True})["name"])


def proposed(world: World, sim: Simulator, *, rate: int = RATE, person: int = 0) -> SplitTerms:
    wanted = [Wanted(SplitParty.Kind.MERCHANT, partner_name(sim), rate)]
    if person:
        openid = next(iter(sim.users.values()))["oa_openid"]
        wanted.append(Wanted(SplitParty.Kind.PERSON, "王小雁", person, openid))
    return terms.propose(world.store.id, wanted, "技术服务费", 1)


def agreed(world: World, sim: Simulator, *, rate: int = RATE, person: int = 0) -> SplitTerms:
    """The leader agreed, and WeChat Pay knows the receivers."""
    made = proposed(world, sim, rate=rate, person=person)
    terms.agree(world.leader_person, world.store.id, made.id, made.rate_bp, now())
    outbox.drain()
    assert terms.in_force(made.account_id) == made.id, list(made.parties.values("state", "problem_words"))
    made.refresh_from_db()
    return made


def paid(world: World, sim: Simulator, pieces: int = 1) -> Split:
    """An order for pick-up, paid under the agreement."""
    order = world.order(None, pieces, delivery_method="pickup")
    _, attempt = start_pay(order)
    sim.pay(attempt.out_trade_no)
    payments.refresh(order.person, order.id)
    outbox.drain()
    return Split.objects.get(attempt=attempt)


def received(world: World, split: Split) -> Order:
    handing.hand_out(world.leader_person, split.order_id, PickupIn())
    return fresh(split.order)


@contextmanager
def after(sim: Simulator, seconds: float) -> Iterator[None]:
    """Both clocks ahead, and everything frozen money waits for is due."""
    with sim.later(seconds):
        yield


def go_on(split: Split) -> Split:
    """What the worker does next with a split, due or not."""
    Split.objects.filter(id=split.id, next_try_at__isnull=False).update(next_try_at=now())
    work.push(split.id)
    split.refresh_from_db()
    return split


def refund(world: World, split: Split, fen: int | None = None) -> Refund:
    """The leader gives back all, or some fen of the first line."""
    wishes = []
    if fen is not None:
        line = split.order.lines.get()
        wishes = [payments.Wish(line.id, 1, fen)]
    return payments.refund_as_leader(
        world.leader_person, split.order_id, wishes, include_freight=True, reason="缺货", restock=False
    )


def push_refund(row: Refund) -> Refund:
    """What the worker does next with a refund, due or not."""
    Refund.objects.filter(id=row.id, next_try_at__isnull=False).update(next_try_at=now())
    refund_work.push(row.id)
    row.refresh_from_db()
    return row


def returns(row: Refund) -> list[SplitReturn]:
    return list(SplitReturn.objects.filter(refund=row).order_by("created_at", "id"))


def purse(sim: Simulator, account: str) -> int:
    """An account's balance in the provider's own book."""
    return int(sim.call("GET", "/book")["accounts"].get(account, 0))


def book(sim: Simulator, split: Split) -> Any:
    return sim.book(split.attempt.out_trade_no)


def agree_with_the_book(sim: Simulator) -> None:
    """Three ways: the provider's book of each order, our rows, and the order itself."""
    for split in Split.objects.select_related("attempt", "order"):
        told = book(sim, split)
        ours = sum(p.amount_fen for p in split.parts.filter(result="success"))
        back = sum(r.amount_fen for r in SplitReturn.objects.filter(part__split=split, state="succeeded"))
        given = sum(r.amount_fen for r in Refund.objects.filter(attempt=split.attempt, state="succeeded"))
        assert (told["shared"], told["refunded"], told["paid"]) == (
            ours - back,
            given,
            split.attempt.paid_fen,
        )
        assert (split.order.paid_fen, split.order.refunded_fen) == (told["paid"], told["refunded"])
        if split.state in ("done", "freed"):
            assert told["frozen"] == 0, split.state
