"""收付通: a platform shares and refunds the orders of its sub-merchants, with the same verbs as a partner."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from gateways import pay_platform as p
from gateways.sim_process import Simulator
from yantuan.gateways.errors import GatewayInvalid, GatewayRefused
from yantuan.gateways.wechatpay import (
    PartFailure,
    PartResult,
    Receiver,
    ReceiverType,
    RefundOrder,
    RefundState,
    Relation,
    ReturnState,
    ShareOrder,
    SharePart,
    ShareReturn,
    ShareState,
    SharingClient,
    SubMerchant,
    Unfreeze,
    WeChatPayClient,
    share_trouble,
)
from yantuan.gateways.wechatpay.ecommerce import EcommerceSharingClient

stack = pytest.mark.stack


@pytest.fixture
def platform(sim: Simulator, sub_mchid: str) -> Iterator[WeChatPayClient]:
    sim.post("/config", share_seconds=0, share_wait_seconds=0)
    own = sim.post("/merchants", provider=True)
    sim.post(f"/merchants/{own['mchid']}", ecommerce=True)
    pay = sim.partner_client(sub_mchid, sp_appid=sim.credentials.mini_appid, ecommerce=True)
    yield pay
    pay.shutdown()
    sim.post(f"/merchants/{own['mchid']}", ecommerce=False)


@pytest.fixture
def sharing(sim: Simulator, platform: WeChatPayClient) -> EcommerceSharingClient:
    return EcommerceSharingClient(platform, appid=sim.credentials.mini_appid)


@stack
def test_share_take_back_refund_and_finish(
    sim: Simulator, platform: WeChatPayClient, sharing: EcommerceSharingClient, sub_mchid: str
) -> None:
    transaction = sim.shared_order(platform)
    leader = sim.post("/js_codes", user="林姐")["openid"]
    sharing.add_receiver(Receiver(ReceiverType.PERSON, leader, Relation.OTHERS, name="林姐"))
    # The platform itself need not be added.
    parts = (
        SharePart(ReceiverType.MERCHANT, platform.mchid, 500, "平台服务费"),
        SharePart(ReceiverType.PERSON, leader, 199, "团长服务费", name="林姐"),
    )
    wish = ShareOrder("S1", transaction, parts, unfreeze_rest=False)
    assert sharing.share(wish).order_id == sharing.share(wish).order_id
    done = sharing.query_share("S1", transaction)
    assert done is not None and done.state is ShareState.FINISHED
    part = done.part(ReceiverType.PERSON, leader)
    assert part is not None and (part.result, part.failure) == (PartResult.SUCCESS, PartFailure.NONE)
    back = sharing.take_back(ShareReturn("B1", "S1", platform.mchid, 500, "退款"))
    assert back.state is ReturnState.SUCCESS and back.return_id and sharing.query_return("B1", "S1") == back
    body = platform.build_refund(RefundOrder("R1", 1000, 3990, transaction))
    accepted = platform.refund(body)
    assert accepted.state is RefundState.PROCESSING and accepted.refund_fen == 1000
    assert platform.refund(body).refund_id == accepted.refund_id
    asked = platform.query_refund("R1")
    assert asked is not None and asked.state is RefundState.SUCCESS and platform.query_refund("R2") is None
    assert sharing.unsplit_fen(transaction) == 3990 - 24 - 699 - 1000
    assert sharing.unfreeze(Unfreeze("S2", transaction, "完结")).out_order_no == "S2"
    freed = sharing.query_share("S2", transaction)
    assert freed is not None and [(q.account, q.amount_fen) for q in freed.parts] == [(sub_mchid, 2291)]
    book = sim.get("/book")["accounts"]
    assert (book[f"merchant:{sub_mchid}"], book["user:林姐"], sum(book.values())) == (2791, 199, 0)
    assert sharing.query_share("S9", transaction) is None and sharing.query_return("B9", "S1") is None


@stack
def test_the_two_ways_are_never_mixed_on_one_order(
    sim: Simulator, platform: WeChatPayClient, sharing: EcommerceSharingClient
) -> None:
    transaction = sim.shared_order(platform)
    part = SharePart(ReceiverType.MERCHANT, platform.mchid, 1, "x")
    sharing.share(ShareOrder("S1", transaction, (part,), unfreeze_rest=False))
    other = SharingClient(platform, appid=sim.credentials.mini_appid)
    for refused in (
        lambda: other.share(ShareOrder("S2", transaction, (part,), unfreeze_rest=False)),
        lambda: other.unfreeze(Unfreeze("S2", transaction, "x")),
    ):
        with pytest.raises(GatewayRefused) as caught:
            refused()
        assert caught.value.provider_code == "INVALID_REQUEST"
    assert sim.get("/book")["totals"]["shared"] == 1


@stack
def test_a_partner_that_is_no_platform_is_refused(
    sim: Simulator, platform: WeChatPayClient, sharing: EcommerceSharingClient
) -> None:
    transaction = sim.shared_order(platform)
    sim.post(f"/merchants/{platform.mchid}", ecommerce=False)
    part = SharePart(ReceiverType.MERCHANT, platform.mchid, 1, "x")
    with pytest.raises(GatewayRefused) as caught:
        sharing.share(ShareOrder("S1", transaction, (part,), unfreeze_rest=True))
    assert share_trouble(caught.value).value == "not_allowed"
    with pytest.raises(GatewayRefused):
        platform.refund(platform.build_refund(RefundOrder("R1", 1, 3990, transaction)))
    assert sim.get("/book")["totals"] == sim.get("/book")["totals"] | {
        "shared": 0,
        "refunding": 0,
        "kept": 3990,
    }


def test_what_makes_no_sense_is_never_sent() -> None:
    with pytest.raises(ValueError):
        SubMerchant("1900001001", ecommerce=True)

    def nobody(request: object) -> None:
        raise AssertionError("nothing may be sent")

    plain = p.client(nobody, sub_mchid="1900001001")  # type: ignore[arg-type]
    with pytest.raises(ValueError):
        EcommerceSharingClient(plain, appid="wx1")
    pay = p.client(nobody, sub_mchid="1900001001", sp_appid="wx1", ecommerce=True)  # type: ignore[arg-type]
    sharing = EcommerceSharingClient(pay, appid="wx1")
    for verb in (
        lambda: sharing.add_receiver(Receiver(ReceiverType.PERSON, "o1", Relation.STAFF)),
        lambda: sharing.share(ShareOrder("S1", "4200", (), unfreeze_rest=True)),
        lambda: sharing.share(ShareOrder("S 1", "4200", (), unfreeze_rest=True)),
    ):
        with pytest.raises(GatewayInvalid):
            verb()
