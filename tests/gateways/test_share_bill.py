"""The bill of shares at the simulator: what stands in it, whose it is, and each refusal."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from gateways.sim_process import Simulator
from yantuan.gateways.errors import GatewayRefused, GatewayThrottled, GatewayUnverified
from yantuan.gateways.wechatpay import (
    Receiver,
    ReceiverType,
    Relation,
    ShareOrder,
    SharePart,
    ShareReturn,
    SharingClient,
    WeChatPayClient,
)
from yantuan.kernel import clock
from yantuan.kernel.clock import CHINA

pytestmark = pytest.mark.stack


@pytest.fixture
def sharing(sim: Simulator, partner: WeChatPayClient) -> SharingClient:
    made = SharingClient(partner, appid=sim.credentials.mini_appid)
    own = sim.get(f"/merchants/{partner.mchid}")
    made.add_receiver(Receiver(ReceiverType.MERCHANT, partner.mchid, Relation.SERVICE_PROVIDER, own["name"]))
    return made


@pytest.fixture
def shared(sim: Simulator, partner: WeChatPayClient, sharing: SharingClient) -> str:
    """A share of 5 yuan of which one came back; answers the transaction."""
    transaction = sim.shared_order(partner)
    part = SharePart(ReceiverType.MERCHANT, partner.mchid, 500, "技术服务费")
    sharing.share(ShareOrder("S1", transaction, (part,), unfreeze_rest=True))
    sharing.query_share("S1", transaction)
    sharing.take_back(ShareReturn("B1", "S1", partner.mchid, 100, "退款收回分账"))
    return str(transaction)


def today() -> date:
    return clock.now().astimezone(CHINA).date()


def test_shares_returns_and_what_was_set_free_stand_in_it(
    partner: WeChatPayClient, sharing: SharingClient, shared: str, sub_mchid: str
) -> None:
    rows = sharing.share_bill(today())
    assert sorted((r.number, r.kind, r.receiver, r.amount_fen) for r in rows) == [
        ("B1", "分账回退", partner.mchid, 100),
        ("S1", "分账", partner.mchid, 500),
        ("S1", "解冻", sub_mchid, 3490),
    ]
    assert {r.transaction_id for r in rows} == {shared} and rows[0].columns["处理状态"] == "处理成功"


def test_another_sub_merchant_sees_nothing_and_the_partner_everything(
    sim: Simulator, sharing: SharingClient, shared: str
) -> None:
    other = sim.partner_client(str(sim.post("/sub_merchants", name="宁波小满商贸有限公司")["sub_mchid"]))
    everything = sim.partner_client()
    try:
        assert SharingClient(other, appid=sim.credentials.mini_appid).share_bill(today()) == ()
        assert len(SharingClient(everything, appid=sim.credentials.mini_appid).share_bill(today())) == 3
    finally:
        other.shutdown()
        everything.shutdown()


def test_days_without_a_bill(sim: Simulator, sharing: SharingClient, shared: str) -> None:
    assert sharing.share_bill(today() - timedelta(days=3)) == ()
    sim.post("/config", bills_at_once=False)
    for day in (today(), today() - timedelta(days=93)):
        with pytest.raises(GatewayRefused) as caught:
            sharing.share_bill(day)
        assert caught.value.provider_code == "PARAM_ERROR"


def test_bad_answers(sim: Simulator, sharing: SharingClient, shared: str) -> None:
    sim.post("/faults", kind="bill_wrong_hash", times=None)
    with pytest.raises(GatewayUnverified):
        sharing.share_bill(today())
    sim.control.delete("/_sim/faults")
    sim.post("/faults", kind="rate_limited", operation="share_bill", times=None)
    with pytest.raises(GatewayThrottled):
        sharing.share_bill(today())
    sim.control.delete("/_sim/faults")
    sim.post("/faults", kind="answer_system_error", operation="share_bill")
    assert len(sharing.share_bill(today())) == 3
