"""The statement of a sale after refunds and shares equals the simulator's own book and bill, to the fen."""

from __future__ import annotations

import io
import json
from datetime import date, timedelta
from typing import Any

import openpyxl
import pytest
from payworld import Simulator, World, signed_in_client, start_pay
from splitworld import EIGHT_DAYS, after, agreed, go_on, push_refund, received, refund, sub_account
from splitworld import paid as paid_shared

from yantuan.kernel import clock, outbox
from yantuan.kernel.clock import CHINA
from yantuan.kernel.models import AuditEntry
from yantuan.merchants.models import MerchantAccount
from yantuan.payments import actions as payments
from yantuan.payments import reconcile
from yantuan.payments.models import OfflineProof
from yantuan.reports.bill_fees import estimate
from yantuan.reports.models import BillFee
from yantuan.splits.models import Split
from yantuan.statements import queries
from yantuan.statements.rules import STREAMS, Totals, total


@pytest.fixture
def account(world: World, sim: Simulator, monkeypatch: pytest.MonkeyPatch) -> MerchantAccount:
    made = sub_account(world, sim, monkeypatch)
    sim.call("POST", "/config", {"bills_at_once": True})
    agreed(world, sim)
    return made


def paid_offline(world: World) -> int:
    order = world.order(None, 2, method="offline")
    payments.send_proof(order.person, order.id, None, "已转账")
    payments.confirm_proof(world.leader_person, OfflineProof.objects.get(order=order).id)
    return order.id


def today() -> date:
    return clock.now().astimezone(CHINA).date()


def sums(world: World) -> Totals:
    return total(queries.every_entry(world.group_buy))


def book_of(sim: Simulator) -> dict[str, int]:
    told = sim.call("GET", "/book")["totals"]
    return {key: int(told[key]) for key in ("paid", "refunded", "shared")}


def story(world: World, sim: Simulator) -> list[Split]:
    """Three payments: one shared and partly given back, one given back whole, one that waits for its share."""
    splits = [paid_shared(world, sim, pieces) for pieces in (1, 2, 1)]
    received(world, splits[0])
    return splits


def agrees_with_the_book(world: World, sim: Simulator) -> Totals:
    found, told = sums(world), book_of(sim)
    online = found.methods["wechatpay"]
    assert (online.paid_fen, online.refunded_fen, online.shares_fen) == (
        told["paid"], told["refunded"], told["shared"],
    )  # fmt: skip
    assert online.net_fen == told["paid"] - told["refunded"] - told["shared"] - online.fees_fen
    assert found.whole.net_fen == online.net_fen + found.methods["offline"].net_fen
    return found


def test_the_statement_equals_the_book_and_the_bill(
    world: World, sim: Simulator, account: MerchantAccount
) -> None:
    splits = story(world, sim)
    offline = paid_offline(world)
    with after(sim, EIGHT_DAYS):
        go_on(go_on(splits[0]))
    with after(sim, EIGHT_DAYS + 60):
        push_refund(push_refund(refund(world, splits[0], 1000)))
        push_refund(push_refund(refund(world, splits[1])))
        given = payments.refund_as_leader(
            world.leader_person, offline, [], include_freight=True, reason="缺货", restock=False
        )
        before = agrees_with_the_book(world, sim)
        # In flight is not given back yet.
        assert before.methods["offline"].refunded_fen == 0
        assert queries.refunding_fen(world.group_buy) == given.amount_fen
        payments.confirm_offline_refund(world.leader_person, given.id)
        assert before.whole.estimates == 5

        # 3990, 7980 and 3990 were paid; 1000 and 7980 went back: 0.6 % of each, halves up.
        fees = 24 + 48 + 24 - 6 - 48
        assert before.methods["wechatpay"].fees_fen == before.methods["wechatpay"].estimated_fen == fees
        for day in {today(), (clock.now().astimezone(CHINA) - timedelta(days=8)).date()}:
            assert reconcile.reconcile(day, account.id) == 0
        found = agrees_with_the_book(world, sim)
    assert BillFee.objects.count() == 5
    whole = found.whole
    assert (whole.estimates, whole.estimated_fen, whole.fees_fen) == (0, 0, fees)
    assert (found.methods["offline"].payments, found.methods["offline"].net_fen) == (1, 0)
    # 5 % of 3990 was shared, 50 of it came back with the refund of 1000.
    assert whole.shares_fen == 199 - 50
    assert (queries.refunding_fen(world.group_buy), queries.open_shares(world.group_buy)) == (0, 2)


def test_a_day_compared_twice_keeps_one_fee_and_the_newer(
    world: World, sim: Simulator, account: MerchantAccount
) -> None:
    split = paid_shared(world, sim)
    for _ in range(2):
        reconcile.reconcile(today(), account.id)
        assert list(BillFee.objects.values_list("number", "fee_fen", "rate_bp")) == [
            (split.attempt.out_trade_no, 24, 60)
        ]
        BillFee.objects.update(fee_fen=99)
    reconcile.reconcile(today(), account.id)
    assert BillFee.objects.get().fee_fen == 24


def test_the_newest_billed_rate_is_the_estimate_for_what_has_no_bill(
    world: World, sim: Simulator, account: MerchantAccount
) -> None:
    paid_shared(world, sim)
    reconcile.reconcile(today(), account.id)
    BillFee.objects.update(rate_bp=38)
    paid_shared(world, sim, 2)
    found = sums(world).whole
    assert (found.estimates, found.estimated_fen, found.fees_fen) == (1, estimate(7980, 38), 24 + 30)


def _get(world: World, target: str, person: Any = None) -> Any:
    client, headers = signed_in_client(person or world.leader_person)
    return client.get(f"/api/leader/group-buys/{world.group_buy.id}/{target}", headers=headers)


def test_page_lists_and_files_tell_the_same_figures(
    world: World, sim: Simulator, account: MerchantAccount
) -> None:
    story(world, sim)
    paid_offline(world)
    outbox.drain()
    page = json.loads(_get(world, "statement").content)
    listed: dict[str, int] = {}
    for stream in STREAMS:
        rows = json.loads(_get(world, f"statement/{stream}").content)["items"]
        listed[stream] = sum(row["fen"] for row in rows)
        assert [int(row["id"]) for row in rows] == sorted((int(row["id"]) for row in rows), reverse=True)
    assert page["whole"]["paid_fen"] == listed["wechatpay_in"] + listed["offline_in"] == 3990 * 4 + 8780
    assert [one["paid_fen"] for one in page["methods"]] == [listed["wechatpay_in"], listed["offline_in"]]

    answer = _get(world, "statement.xlsx")
    made = openpyxl.load_workbook(io.BytesIO(answer.content))
    assert made.sheetnames == ["汇总", "微信收款", "线下收款"]
    last = [cell.value for cell in made["汇总"][4]]
    assert last[0] == "合计" and round(last[2] * 100) == page["whole"]["paid_fen"]
    assert round(last[8] * 100) == page["whole"]["net_fen"]
    first = made["微信收款"][2]
    assert isinstance(first[1].value, str) and len(first[1].value) > 15 and first[5].value == "估算"

    paper = _get(world, "statement.pdf")
    assert paper.content.startswith(b"%PDF-") and paper["Content-Type"] == "application/pdf"
    kinds = AuditEntry.objects.filter(action="statement.file").order_by("id").values_list("data", flat=True)
    assert [(one["kind"], one["entries"]) for one in kinds] == [("sheet", 4), ("paper", 4)]


def test_a_stranger_sees_nothing(world: World, sim: Simulator) -> None:
    other = world.buyer()
    for target in ("statement", "statement/offline_in", "statement.xlsx", "statement.pdf"):
        assert _get(world, target, other).status_code == 404
    assert not AuditEntry.objects.filter(action="statement.file").exists()


def test_lists_go_on_by_key(world: World, sim: Simulator, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(queries, "PAGE", 2)
    for _ in range(5):
        order = world.order(None, 1, method="offline")
        payments.send_proof(order.person, order.id, None, "")
        payments.confirm_proof(world.leader_person, OfflineProof.objects.get(order=order).id)
    seen: list[int] = []
    before: int | None = None
    for _ in range(3):
        rows, before = queries.page(world.group_buy, "offline_in", before)
        seen += [row.id for row in rows]
    assert before is None and seen == sorted(OfflineProof.objects.values_list("id", flat=True), reverse=True)


def test_an_order_paid_at_wechat_without_an_agreement_has_a_fee_and_no_share(
    world: World, sim: Simulator
) -> None:
    order = world.order()
    _, attempt = start_pay(order)
    sim.pay(attempt.out_trade_no)
    payments.refresh(order.person, order.id)
    found = sums(world).methods["wechatpay"]
    assert (found.paid_fen, found.fees_fen, found.shares_fen) == (4790, 29, 0)
    assert found.net_fen == 4761
