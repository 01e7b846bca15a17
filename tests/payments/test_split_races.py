"""Sharing beside a refund: the refund is seen by the decision, or the refund waits for what was decided. Never neither."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection
from payworld import Simulator, World, make_world
from splitworld import agreed, paid, received, refund, sub_account

from races.racing import LOCK, meeting, together, without
from yantuan.kernel import outbox
from yantuan.kernel.clock import now
from yantuan.kernel.db import vendor
from yantuan.kernel.errors import Conflict
from yantuan.orders.models import Order
from yantuan.payments.models import Refund
from yantuan.payments.split_hooks import Wait
from yantuan.splits import planning, returning, terms
from yantuan.splits.models import Split, SplitTerms

pytestmark = pytest.mark.django_db(transaction=True)
SEEN = r'UPDATE "splits_split" SET|INSERT INTO "payments_refund" '
"""The decision has looked for refunds, the refund is not written yet."""
TOLD = r'UPDATE "splits_split" SET|SELECT .told.'
"""The decision is not written yet, the refund was told whether it must wait: the worst moment."""


@pytest.fixture
def ripe(transactional_db: None, sim: Simulator, monkeypatch: pytest.MonkeyPatch) -> tuple[World, Split]:
    """Protection is over; nothing is decided."""
    if vendor() != "postgresql":
        pytest.skip("SQLite lets one writer in at a time")
    world = make_world()
    sub_account(world, sim, monkeypatch)
    agreed(world, sim)
    split = paid(world, sim)
    received(world, split)
    Order.objects.filter(id=split.order_id).update(received_at=now() - timedelta(days=8))
    return world, split


def race(world: World, split: Split) -> tuple[str, object]:
    """Decide while the leader gives everything back: what was decided, and what the refund was told."""

    def give_back() -> object:
        row = refund(world, split)
        held = returning.before_refund(row.id)
        with connection.cursor() as cursor:
            cursor.execute("SELECT 'told'")
        return held

    decided, held = together([lambda: planning.decide(split.id).state, give_back])
    assert not isinstance(decided, Exception), decided
    assert not isinstance(held, Exception), held
    return str(decided), held


def test_a_refund_is_seen_or_waits(ripe: tuple[World, Split], monkeypatch: pytest.MonkeyPatch) -> None:
    world, split = ripe
    # Whatever is decided stays undone here: the platform is not asked.
    monkeypatch.setattr("yantuan.splits.work.push", lambda split_id: True)
    with meeting(SEEN, 2, seconds=1), meeting(TOLD, 2, seconds=1):
        decided, held = race(world, split)
    split.refresh_from_db()
    assert Refund.objects.get().amount_fen == 3990
    if decided == "sharing":
        assert isinstance(held, Wait) and split.amount_fen == 199
    else:
        assert (decided, held, split.amount_fen) == ("planned", None, 0)


def test_control_without_the_lock_a_refund_goes_while_its_share_does(
    ripe: tuple[World, Split], monkeypatch: pytest.MonkeyPatch
) -> None:
    world, split = ripe
    monkeypatch.setattr("yantuan.splits.work.push", lambda split_id: True)
    with without(LOCK), meeting(SEEN, 2), meeting(TOLD, 2):
        decided, held = race(world, split)
    # The whole payment is to be given back at once, and five percent of it shared.
    assert (decided, held) == ("sharing", None)


def test_two_workers_decide_once(ripe: tuple[World, Split]) -> None:
    _, split = ripe
    answers = together([lambda: planning.decide(split.id).amount_fen] * 4)
    assert answers == [199] * 4 and split.parts.count() == 1


def test_two_agreements_are_never_in_force(ripe: tuple[World, Split], sim: Simulator) -> None:
    world, _ = ripe
    first = SplitTerms.objects.get()

    def agree(terms_id: int, rate: int) -> str:
        return str(terms.agree(world.leader_person, world.store.id, terms_id, rate, now()).state)

    def propose(rate: int) -> int:
        made = SplitTerms.objects.create(
            account=first.account, store_id=first.store_id, rate_bp=rate, max_ratio=3000, reason="费",
            proposed_by=1, proposed_at=now(),
        )  # fmt: skip
        return int(made.id)

    second = propose(700)
    answers = together([lambda: agree(second, 700), lambda: agree(second, 700), lambda: agree(first.id, 500)])
    kinds = [type(answer) for answer in answers]
    assert kinds[:2] == [str, str] and kinds[2] in (str, Conflict)
    outbox.drain()
    assert [t.id for t in SplitTerms.objects.filter(state="agreed")] == [second]
