"""A refund after a split: the share comes back first, in sight, in proportion, and nothing is lost whatever happens."""

from __future__ import annotations

import pytest
from payworld import Simulator, World, fresh
from splitworld import (
    DAY,
    EIGHT_DAYS,
    after,
    agree_with_the_book,
    agreed,
    book,
    go_on,
    paid,
    purse,
    push_refund,
    received,
    refund,
    returns,
    sub_account,
)

from yantuan.kernel import outbox
from yantuan.kernel.clock import now
from yantuan.kernel.errors import Conflict
from yantuan.merchants.models import MerchantAccount
from yantuan.payments import jobs as payment_jobs
from yantuan.payments import queries
from yantuan.payments.models import Refund
from yantuan.reports.rules import RULES
from yantuan.reports.rules.base import Reader
from yantuan.splits import deciding, jobs
from yantuan.splits.models import Split, SplitReturn


@pytest.fixture
def account(world: World, sim: Simulator, monkeypatch: pytest.MonkeyPatch) -> MerchantAccount:
    return sub_account(world, sim, monkeypatch)


def split_done(world: World, sim: Simulator, pieces: int = 1) -> Split:
    """Shared; the clocks must be eight days ahead afterwards."""
    split = paid(world, sim, pieces)
    received(world, split)
    with after(sim, EIGHT_DAYS):
        go_on(go_on(split))
    assert split.state == "done"
    return split


@pytest.fixture
def split(world: World, sim: Simulator, account: MerchantAccount) -> Split:
    agreed(world, sim)
    return split_done(world, sim)


def test_the_share_comes_back_before_the_money_goes(
    world: World, sim: Simulator, split: Split, account: MerchantAccount
) -> None:
    with after(sim, EIGHT_DAYS + 60):
        row = push_refund(refund(world, split))
        assert [(r.amount_fen, r.state) for r in returns(row)] == [(199, "succeeded")]
        assert push_refund(row).state == "succeeded"
        assert (book(sim, split)["shared"], book(sim, split)["refunded"]) == (0, 3990)
        assert purse(sim, f"merchant:{account.mchid}") == purse(sim, f"merchant:{account.sub_mchid}") == 0
        agree_with_the_book(sim)


def test_parts_bring_back_their_proportion_and_all_together_everything(
    world: World, sim: Simulator, split: Split
) -> None:
    seconds, back = EIGHT_DAYS + 60, []
    for fen in (1, 999, 1000, 1990):
        with after(sim, seconds):
            row = refund(world, split, fen)
            push_refund(push_refund(push_refund(row)))
            assert Refund.objects.get(id=row.id).state == "succeeded"
            back.append(sum(r.amount_fen for r in returns(row)))
            agree_with_the_book(sim)
            held = 199 - sum(back)
            left = 3990 - fresh(split.order).refunded_fen
            assert held * 3990 <= 199 * left < (held + 1) * 3990
        seconds += 120
    assert back == [1, 49, 50, 99]


def test_a_refund_waits_in_sight_while_the_return_is_under_way(
    world: World, sim: Simulator, split: Split
) -> None:
    with after(sim, EIGHT_DAYS + 60):
        sim.fault("share_return_slow", seconds=300)
        row = push_refund(refund(world, split))
        assert (row.state, row.tries, queries.refund_state_label(row)) == ("created", 0, "先收回分账")
        assert queries.refund_problem(row) == "正在收回分账，收回后自动退款"
        assert returns(row)[0].state == "processing"
        assert push_refund(row).state == "created" and book(sim, split)["refunding"] == 0
    with after(sim, EIGHT_DAYS + 361):
        assert jobs.push_returns() == 1
        assert returns(row)[0].state == "succeeded"
        # The refund was woken: it goes at the next round.
        assert payment_jobs.push_refunds() == 1
        row.refresh_from_db()
        assert (row.state, queries.refund_problem(row)) == ("processing", "")
        assert push_refund(row).state == "succeeded"
        agree_with_the_book(sim)
    assert len([c for c in sim.calls("/return-orders") if c["method"] == "POST"]) == 1


@pytest.mark.parametrize(
    "fault", ["rate_limited", "answer_system_error", "answer_system_error_before", "answer_cut"]
)
def test_an_unclear_answer_about_a_return_is_asked_again_under_the_same_number(
    world: World, sim: Simulator, split: Split, fault: str
) -> None:
    with after(sim, EIGHT_DAYS + 60):
        sim.fault(fault, operation="share_return", times=None)
        row = push_refund(refund(world, split))
        number = returns(row)[0].out_return_no
        assert (row.state, returns(row)[0].state) == ("created", "created")
        sim.clear_faults()
        SplitReturn.objects.update(next_try_at=now())
        push_refund(push_refund(row))
        assert [(r.out_return_no, r.state) for r in returns(row)] == [(number, "succeeded")]
        assert Refund.objects.get(id=row.id).state == "succeeded"
        agree_with_the_book(sim)


def test_want_of_money_at_the_receiver_heals_by_itself_under_a_new_number(
    world: World, sim: Simulator, split: Split
) -> None:
    with after(sim, EIGHT_DAYS + 60):
        sim.fault("share_return_failed", value="BALANCE_NOT_ENOUGH")
        row = push_refund(refund(world, split))
        assert (row.state, returns(row)[0].failure) == ("created", "BALANCE_NOT_ENOUGH")
        assert "接收方余额不足" in queries.refund_problem(row)
        assert push_refund(row).state == "created" and len(returns(row)) == 1
    with after(sim, EIGHT_DAYS + 60 + 901):
        push_refund(push_refund(row))
        first, second = returns(row)
        assert (first.state, second.state) == ("replaced", "succeeded")
        assert first.out_return_no != second.out_return_no
        assert Refund.objects.get(id=row.id).state == "succeeded"
        agree_with_the_book(sim)


def failed(
    world: World, sim: Simulator, split: Split, reason: str = "ACCOUNT_ABNORMAL"
) -> tuple[Refund, SplitReturn]:
    sim.fault("share_return_failed", value=reason)
    row = push_refund(refund(world, split))
    assert (row.state, returns(row)[0].state) == ("created", "failed")
    return row, returns(row)[0]


def test_the_desk_takes_back_again(world: World, sim: Simulator, split: Split) -> None:
    with after(sim, EIGHT_DAYS + 60):
        row, lost = failed(world, sim, split)
        assert "等平台处理" in queries.refund_problem(row)
    with after(sim, EIGHT_DAYS + 6 * 3600):
        assert push_refund(row).state == "created" and len(returns(row)) == 1
        assert deciding.take_back_again(lost.id, "账户已恢复", 1).state == "succeeded"
        with pytest.raises(Conflict):
            deciding.take_back_again(lost.id, "账户已恢复", 1)
        with pytest.raises(Conflict):
            deciding.waive(lost.id, "放行", 1)
        assert payment_jobs.push_refunds() == 1
        push_refund(row)
        assert Refund.objects.get(id=row.id).state == "succeeded"
        agree_with_the_book(sim)


def test_the_desk_lets_a_refund_go_without_the_share(
    world: World, sim: Simulator, split: Split, account: MerchantAccount
) -> None:
    other = split_done(world, sim)
    with after(sim, EIGHT_DAYS + 60):
        row, lost = failed(world, sim, split)
        assert deciding.waive(lost.id, "先让买家拿到钱", 1).state == "waived"
        push_refund(push_refund(row))
        assert Refund.objects.get(id=row.id).state == "succeeded"
        # Paid from the merchant's own balance, which the other order filled; the partner still holds the share.
        assert book(sim, split)["shared"] == 199 and book(sim, other)["refunded"] == 0
        assert RULES["PS1"].check(Reader(now())) == []


def test_a_receiver_that_has_not_opened_returns(
    world: World, sim: Simulator, split: Split, account: MerchantAccount
) -> None:
    with after(sim, EIGHT_DAYS + 60):
        row, lost = failed(world, sim, split, "INVALID_REQUEST")
        assert lost.failure == "INVALID_REQUEST" and lost.tries == 1
        assert row.last_error.startswith("SHARE_RETURN")


def test_after_half_a_year_the_buyer_does_not_wait_for_what_can_not_come(
    world: World, sim: Simulator, split: Split
) -> None:
    other = split_done(world, sim)
    with after(sim, 190 * DAY):
        row = push_refund(push_refund(refund(world, split)))
        assert [(r.state, r.failure) for r in returns(row)] == [("waived", "TOO_LATE")]
        assert row.state == "succeeded" and sim.calls("/return-orders") == []
        assert book(sim, other)["refunded"] == 0


def test_what_persons_got_stays_with_them(world: World, sim: Simulator, account: MerchantAccount) -> None:
    agreed(world, sim, rate=200, person=100)
    mine, _ = split_done(world, sim), split_done(world, sim)
    with after(sim, EIGHT_DAYS + 60):
        row = push_refund(push_refund(refund(world, mine)))
        assert row.state == "succeeded"
        (back,) = returns(row)
        assert (back.part.party.kind, back.amount_fen) == ("MERCHANT_ID", 79)
        assert book(sim, mine)["shared"] == 40
        agree_with_the_book(sim)


def test_a_refund_asked_for_while_the_share_is_under_way_waits_for_it(
    world: World, sim: Simulator, account: MerchantAccount
) -> None:
    agreed(world, sim)
    split = paid(world, sim)
    received(world, split)
    with after(sim, EIGHT_DAYS):
        sim.fault("share_slow", seconds=120)
        assert go_on(split).state == "sharing"
        row = push_refund(refund(world, split))
        assert row.state == "created" and queries.refund_problem(row).startswith("分账正在处理")
        assert returns(row) == []
    with after(sim, EIGHT_DAYS + 121):
        Split.objects.update(next_try_at=now())
        push_refund(push_refund(row))
        assert Refund.objects.get(id=row.id).state == "succeeded"
        assert [r.state for r in returns(row)] == ["succeeded"]
        split.refresh_from_db()
        assert split.state == "done"
        agree_with_the_book(sim)


def test_refunds_that_overtake_each_other_bring_back_the_same(
    world: World, sim: Simulator, split: Split
) -> None:
    with after(sim, EIGHT_DAYS + 60):
        first = refund(world, split, 1000)
        second = refund(world, split, 500)
        Refund.objects.filter(id=second.id).update(created_at=first.created_at)
    with after(sim, EIGHT_DAYS + 300):
        for row in (second, first, second, first):
            push_refund(row)
        assert [Refund.objects.get(id=r.id).state for r in (first, second)] == ["succeeded"] * 2
        assert sum(r.amount_fen for r in (*returns(first), *returns(second))) == 199 - 199 * 2490 // 3990
        outbox.drain()
        agree_with_the_book(sim)
