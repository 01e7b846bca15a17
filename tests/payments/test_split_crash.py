"""Dying beside any call about sharing is harmless: nothing but the lease ends, and every effect happens once.

At each point no transaction is open, so that an error there leaves in the database exactly what a killed process leaves.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from payworld import Simulator, World
from splitworld import (
    EIGHT_DAYS,
    after,
    agree_with_the_book,
    agreed,
    book,
    go_on,
    paid,
    proposed,
    push_refund,
    received,
    refund,
    returns,
    sub_account,
)

from yantuan.kernel import faults, outbox
from yantuan.kernel.clock import now
from yantuan.merchants.models import MerchantAccount
from yantuan.payments import jobs as payment_jobs
from yantuan.payments import refund_work
from yantuan.payments.models import Refund
from yantuan.splits import jobs, parties, terms, work
from yantuan.splits.models import Split, SplitParty, SplitReturn

POINTS = ("splits.share", "splits.free", "splits.return", "splits.party")
LEASE = 91.0


@pytest.fixture
def account(world: World, sim: Simulator, monkeypatch: pytest.MonkeyPatch) -> MerchantAccount:
    return sub_account(world, sim, monkeypatch)


@contextmanager
def dying_at(point: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    with monkeypatch.context() as patch, pytest.raises(faults.FaultRaised):
        patch.setattr(faults, "_armed", faults._Armed(point, 1, "raise"))
        yield


def test_every_point_of_sharing_is_tried_here() -> None:
    ours = {name for name in faults.POINTS if name.startswith("splits.")}
    assert ours == {f"{point}.{where}_call" for point in POINTS for where in ("before", "after")}


@pytest.fixture(params=["before", "after"])
def where(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def test_sharing(
    world: World, sim: Simulator, account: MerchantAccount, monkeypatch: pytest.MonkeyPatch, where: str
) -> None:
    agreed(world, sim)
    split = paid(world, sim)
    received(world, split)
    with after(sim, EIGHT_DAYS):
        with dying_at(f"splits.share.{where}_call", monkeypatch):
            work.push(split.id)
        split.refresh_from_db()
        assert (split.state, book(sim, split)["shared"]) == ("sharing", 199 if where == "after" else 0)
        # Somebody else may have it: nobody touches it before the lease ends.
        assert jobs.push_splits() == 0
    with after(sim, EIGHT_DAYS + LEASE):
        assert jobs.push_splits() == 1
        assert go_on(split).state == "done"
        assert book(sim, split)["shared"] == 199
        agree_with_the_book(sim)


def test_setting_free(
    world: World, sim: Simulator, account: MerchantAccount, monkeypatch: pytest.MonkeyPatch, where: str
) -> None:
    made = agreed(world, sim)
    split = paid(world, sim)
    terms.end_by_leader(world.leader_person, world.store.id, made.id, now())
    Split.objects.update(next_try_at=now())
    with dying_at(f"splits.free.{where}_call", monkeypatch):
        work.push(split.id)
    split.refresh_from_db()
    assert (split.state, split.why) == ("freeing", "ended")
    with sim.later(LEASE):
        assert jobs.push_splits() == 1
        assert go_on(split).state == "freed"
        agree_with_the_book(sim)


def test_taking_back(
    world: World, sim: Simulator, account: MerchantAccount, monkeypatch: pytest.MonkeyPatch, where: str
) -> None:
    agreed(world, sim)
    split = paid(world, sim)
    received(world, split)
    with after(sim, EIGHT_DAYS):
        go_on(go_on(split))
    with after(sim, EIGHT_DAYS + 60):
        row = refund(world, split)
        with dying_at(f"splits.return.{where}_call", monkeypatch):
            refund_work.push(row.id)
        assert [r.state for r in returns(row)] == ["created"]
        assert payment_jobs.push_refunds() == 0 and jobs.push_returns() == 0
        assert book(sim, split)["refunding"] == 0
    with after(sim, EIGHT_DAYS + 60 + LEASE):
        assert jobs.push_returns() == 1 and payment_jobs.push_refunds() == 1
        push_refund(row)
        assert Refund.objects.get(id=row.id).state == "succeeded"
        assert [(r.amount_fen, r.state) for r in SplitReturn.objects.all()] == [(199, "succeeded")]
        agree_with_the_book(sim)


def test_adding_a_receiver(
    world: World, sim: Simulator, account: MerchantAccount, monkeypatch: pytest.MonkeyPatch, where: str
) -> None:
    made = proposed(world, sim)
    terms.agree(world.leader_person, world.store.id, made.id, made.rate_bp, now())
    party = SplitParty.objects.get()
    with dying_at(f"splits.party.{where}_call", monkeypatch):
        parties.add(party.id)
    assert terms.in_force(account.id) is None
    outbox.drain()
    assert terms.in_force(account.id) is None
    with sim.later(LEASE):
        assert jobs.add_due_receivers() == 1
    assert terms.in_force(account.id) == made.id
