"""The day's bill of shares against our rows: agreement is silent, lost news is booked, what differs comes to the desk."""

from __future__ import annotations

from datetime import date

import pytest
from payworld import Simulator, World, start_pay
from splitworld import (
    EIGHT_DAYS,
    after,
    agree_with_the_book,
    agreed,
    go_on,
    paid,
    push_refund,
    received,
    refund,
    returns,
    sub_account,
)

from yantuan.gateways.errors import GatewayRefused, GatewayUnavailable
from yantuan.gateways.wechatpay.sharing_bill import parse_share_bill
from yantuan.kernel import clock
from yantuan.kernel.clock import CHINA
from yantuan.merchants.models import MerchantAccount
from yantuan.payments import actions as payments
from yantuan.payments import reconcile
from yantuan.payments.models import BillDifference
from yantuan.splits import gateway
from yantuan.splits import reconcile as share_reconcile
from yantuan.splits.models import Split, SplitPart, SplitReturn

HEAD = "分账时间,分账发起方,分账方,微信订单号,微信分账/回退单号,分账明细单号,商户分账单号,订单金额,分账接收方,金额,业务类型,处理状态"
LINE = "`2026-11-23 10:00:00,`1,`2,`4200,`3008,`3601,`S1,`39.90,`1900000201,`{},`分账,`处理成功"
FOOT = "总条数,总金额\n`1,`1.99\n"
DAY = date(2026, 11, 23)


@pytest.fixture
def account(world: World, sim: Simulator, monkeypatch: pytest.MonkeyPatch) -> MerchantAccount:
    return sub_account(world, sim, monkeypatch)


@pytest.fixture
def split(world: World, sim: Simulator, account: MerchantAccount) -> Split:
    """Shared, eight days on."""
    sim.call("POST", "/config", {"bills_at_once": True})
    agreed(world, sim)
    made = paid(world, sim)
    received(world, made)
    with after(sim, EIGHT_DAYS):
        go_on(go_on(made))
    return made


def today() -> date:
    return clock.now().astimezone(CHINA).date()


def compared(account: MerchantAccount) -> list[tuple[str, str]]:
    """What the day's comparison left open."""
    reconcile.reconcile(today(), account.id)
    rows = BillDifference.objects.filter(state="open", day=today()).order_by("number")
    return list(rows.values_list("number", "problem"))


def test_a_bill_of_shares_is_read_by_its_places_whatever_its_headings_say() -> None:
    (row,) = parse_share_bill(DAY, f"{HEAD}\n{LINE.format('1.99')}\n{FOOT}".encode())
    assert (row.number, row.receiver, row.amount_fen, row.transaction_id, row.kind) == (
        "S1", "1900000201", 199, "4200", "分账",
    )  # fmt: skip
    for broken in ("", "x", f"{HEAD}\n{LINE.format('1.999')}\n{FOOT}", "a,b\n`1,`2\n" + FOOT):
        with pytest.raises(GatewayUnavailable):
            parse_share_bill(DAY, broken.encode())


def test_shares_and_returns_agree_with_the_bill(
    world: World, sim: Simulator, split: Split, account: MerchantAccount
) -> None:
    with after(sim, EIGHT_DAYS + 60):
        push_refund(push_refund(refund(world, split, 1000)))
        assert compared(account) == []
        rows = gateway.sharing_of(account.id).share_bill(today())
        assert sorted((r.number[:1], r.kind, r.amount_fen) for r in rows) == [
            ("B", "分账回退", 50), ("S", "分账", 199), ("S", "解冻", 3791),
        ]  # fmt: skip
        agree_with_the_book(sim)


def test_an_account_that_never_shared_is_not_asked(
    world: World, sim: Simulator, account: MerchantAccount
) -> None:
    sim.call("POST", "/config", {"bills_at_once": True})
    order = world.order()
    _, attempt = start_pay(order)
    sim.pay(attempt.out_trade_no)
    payments.refresh(order.person, order.id)
    assert compared(account) == [] and sim.calls("/profitsharing/bills") == []


def test_what_the_bill_knows_and_we_do_not_is_booked_from_it(
    world: World, sim: Simulator, split: Split, account: MerchantAccount
) -> None:
    """As if every answer had been lost."""
    with after(sim, EIGHT_DAYS + 60):
        Split.objects.update(state="sharing", done_at=None)
        SplitPart.objects.update(result="pending", finished_at=None)
        assert compared(account) == []
        split.refresh_from_db()
        assert (split.state, split.parts.get().result) == ("done", "success")
        row = push_refund(refund(world, split, 1000))
        SplitReturn.objects.update(state="processing", done_at=None)
        assert compared(account) == [] and returns(row)[0].state == "succeeded"
        agree_with_the_book(sim)


def test_what_differs_comes_to_the_desk(
    world: World, sim: Simulator, split: Split, account: MerchantAccount
) -> None:
    with after(sim, EIGHT_DAYS + 60):
        sim.fault("bill_row_amount", out_trade_no=split.out_order_no, value="1")
        assert compared(account) == [(split.out_order_no, "share_amount_differs")]
        found = BillDifference.objects.get()
        assert (found.order_id, found.store_id, found.bill_line["金额"]) == (
            split.order_id, split.store_id, "2.00",
        )  # fmt: skip
        assert compared(account) == []
        SplitPart.objects.update(result="closed")
        assert compared(account) == [(split.out_order_no, "share_not_booked")]
        SplitPart.objects.update(result="success")
        # A line that isn't on this day's bill is asked about.
        sim.fault("bill_row_missing", out_trade_no=split.out_order_no, times=2)
        assert compared(account) == []
        Split.objects.update(out_order_no="S0000000000000")
        # What the share was and what was set free with it have one number.
        assert set(compared(account)) == {
            ("S0000000000000", "share_not_in_bill"), (split.out_order_no, "unknown_share"),
        }  # fmt: skip
        Split.objects.update(out_order_no=split.out_order_no)
        assert compared(account) == []


def test_a_bill_that_is_refused_is_told_and_one_in_the_making_is_awaited(
    world: World, sim: Simulator, split: Split, account: MerchantAccount, monkeypatch: pytest.MonkeyPatch
) -> None:
    with after(sim, EIGHT_DAYS + 60):
        codes = iter(["NO_AUTH", "STATEMENT_CREATING"])

        def refuse(self: object, day: date) -> None:
            raise GatewayRefused("wechatpay", next(codes), "no")

        monkeypatch.setattr("yantuan.gateways.wechatpay.SharingClient.share_bill", refuse)
        assert [d.problem for d in share_reconcile.differences(today(), account.id)] == ["share_bill_refused"]
        with pytest.raises(GatewayRefused):
            share_reconcile.differences(today(), account.id)
