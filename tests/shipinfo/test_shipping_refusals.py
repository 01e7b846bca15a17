"""Every code the desk may answer, and what becomes of the order for its leader; nothing is lost and nothing is told twice."""

from __future__ import annotations

from datetime import timedelta

import pytest
from deskworld import Desk, sell, work

from fulfilment.tradeworld import Shop
from thrift import one_of_each
from yantuan.gateways.errors import GatewayInvalid, GatewayRefused, GatewayUnavailable
from yantuan.gateways.wechat_shipping import (
    EXPRESS,
    SPLIT,
    UNIFIED,
    ParcelInfo,
    ShippingRefused,
    ShippingUpload,
)
from yantuan.kernel import clock
from yantuan.kernel.clock import now
from yantuan.notices.models import InboxMessage
from yantuan.shipinfo import uploading

UPLOAD = "/upload_shipping_info"
INVALID = (
    "10060005", "10060006", "10060007", "10060008", "10060009", "10060014", "10060020", "10060024", "10060025",
    "10060026", "268485194", "268485195", "268485196", "268485197", "268485224", "268485226", "268485227", "268485228",
)  # fmt: skip


@pytest.mark.parametrize(
    ("code", "state", "problem", "told"),
    one_of_each(
        [
            *((code, "failed", "invalid", 1) for code in INVALID),
            ("10060003", "corrected", "chance_used", 1),
            ("10060004", "failed", "not_shippable", 1),
            ("10060031", "failed", "openid", 1),
            ("10060023", "done", "", 0),
            ("10060002", "done", "", 0),
            ("10060001", "waiting", "indexing", 0),
            ("10060012", "waiting", "slow", 0),
            ("10060019", "waiting", "slow", 0),
            ("268485216", "waiting", "slow", 0),
            ("-1", "waiting", "slow", 0),
            ("45009", "waiting", "slow", 0),
            ("45011", "waiting", "slow", 0),
            ("48001", "waiting", "platform", 0),
            ("40164", "waiting", "platform", 0),
            ("89503", "waiting", "platform", 0),
        ],
        slice(1, None),
    ),
)
def test_each_code(desk: Desk, shop: Shop, code: str, state: str, problem: str, told: int) -> None:
    sale = sell(desk, shop, 1)
    desk.fault("shipping_refused", value=code)
    sale.ship()
    info = sale.info
    assert (info.state, info.problem) == (state, problem)
    assert len(desk.calls(UPLOAD)) == 1
    assert InboxMessage.objects.filter(kind="shipping_info").count() == told
    if state == "waiting":
        assert info.provider_code == code and info.next_try_at is not None and info.next_try_at > now()
        with clock.frozen(info.next_try_at + timedelta(seconds=1)):
            uploading.push_due()
        assert sale.state == "done" and sale.info.problem == "" and len(sale.told) == 1
    elif state == "failed":
        assert (
            info.provider_code == code and sale.leader()["advice"] and sale.leader()["actions"] == ["retry"]
        )
        assert uploading.push_due() == 0
        sale.leader("retry")
        assert sale.state == "done"


def test_a_lost_answer_is_asked_again_and_counts_once(desk: Desk, shop: Shop) -> None:
    sale = sell(desk, shop, 1)
    sale.ship()
    first = sale.info.upload_time
    # As if the answer had been lost: the platform has it, we don't know.
    type(sale.info).objects.update(
        state="waiting", uploaded=[], complete=False, mode=0, next_try_at=now(), waiting_since=now()
    )
    uploading.push_due()
    assert sale.state == "done" and not sale.info.chance_used
    assert sale.at_wechat["shipping"]["finish_shipping_count"] == 1
    assert first is not None and sale.info.upload_time is not None and sale.info.upload_time > first


def test_two_workers_try_once(desk: Desk, shop: Shop) -> None:
    sale = sell(desk, shop, 1)
    desk.fault("shipping_refused", value="10060012")
    sale.ship()
    info = sale.info
    assert info.next_try_at is not None
    with clock.frozen(info.next_try_at + timedelta(seconds=1)):
        assert uploading.push_due() == 1 and uploading.push_due() == 0


def test_the_pauses_grow_while_the_platform_is_silent(desk: Desk, shop: Shop) -> None:
    sale = sell(desk, shop, 1)
    desk.fault("wechat_quota", times=0)
    sale.ship()
    pauses, start = [], now()
    for _ in range(5):
        due = sale.info.next_try_at
        assert due is not None
        pauses.append(round((due - start).total_seconds()))
        with clock.frozen(due + timedelta(milliseconds=5)):
            start = now()
            uploading.push_due()
    assert pauses == sorted(pauses) and pauses[0] == 10 and pauses[-1] > pauses[0]


def test_a_correction_after_the_buyer_confirmed(desk: Desk, shop: Shop) -> None:
    sale = sell(desk, shop, 1)
    sale.ship()
    sale.correct("YT9999999999999")
    desk.act("confirm", sale.number)
    sale.leader("correct")
    assert (sale.state, sale.info.problem) == ("done", "finished")
    assert sale.told == [("YTO", "YT1234567890123")]


def test_the_settlement_refuses_a_correction(desk: Desk, shop: Shop) -> None:
    sale = sell(desk, shop, 1)
    sale.ship()
    desk.act("settle", sale.number)
    desk.deliver_all()
    assert sale.state == "settled"
    sale.correct("YT9999999999999")
    assert sale.state == "settled" and sale.refused("correct") == (409, "finished_at_wechat")


def parcel(**more: str) -> ParcelInfo:
    return ParcelInfo(**{"item_desc": "x", "tracking_no": "1", "express_company": "YTO", **more})


def upload(**more: object) -> ShippingUpload:
    fields: dict[str, object] = {
        "transaction_id": "4", "openid": "o", "logistics_type": EXPRESS, "delivery_mode": UNIFIED,
        "parcels": (parcel(),), "upload_time": now(), **more,
    }  # fmt: skip
    return ShippingUpload(**fields)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "wrong",
    [
        {"parcels": ()},
        {"parcels": (parcel(), parcel())},
        {"parcels": tuple([parcel()] * 16), "delivery_mode": SPLIT},
        {"all_delivered": False},
        {"logistics_type": 4, "delivery_mode": SPLIT},
        {"parcels": (parcel(item_desc=""),)},
        {"parcels": (parcel(item_desc="苹" * 121),)},
        {"parcels": (parcel(tracking_no=""),)},
        {"parcels": (parcel(tracking_no="1" * 129),)},
        {"parcels": (parcel(express_company=""),)},
        {"parcels": (parcel(express_company="SF"),)},
        {"openid": ""},
        {"transaction_id": ""},
    ],
)
def test_what_breaks_a_written_rule_is_not_sent(desk: Desk, wrong: dict[str, object]) -> None:
    with pytest.raises(GatewayInvalid):
        desk.client().upload(upload(**wrong))
    assert desk.calls(UPLOAD) == []


def test_the_other_calls_and_their_refusals(desk: Desk, shop: Shop) -> None:
    sale, client = sell(desk, shop, 1), desk.client()
    order = client.get_order(sale.transaction_id)
    assert (order.state, order.finished, order.parcels) == (1, False, ())
    for call, kind in (
        (lambda: client.get_order("nobody"), "not_visible"),
        (lambda: client.notify_confirm_receive(sale.transaction_id, now()), "not_shipped"),
    ):
        with pytest.raises(ShippingRefused) as refused:
            call()
        assert refused.value.kind == kind
    sale.ship()
    assert client.get_order(sale.transaction_id).parcels == (("YTO", "YT1234567890123"),)
    with pytest.raises(ShippingRefused) as refused:
        client.notify_confirm_receive(sale.transaction_id, now() - timedelta(days=1))
    assert refused.value.kind == "received_early"
    client.notify_confirm_receive(sale.transaction_id, now() + timedelta(seconds=5))
    with pytest.raises(ShippingRefused) as refused:
        client.notify_confirm_receive(sale.transaction_id, now() + timedelta(seconds=5))
    assert refused.value.kind == "reminded"
    pickup = sell(desk, shop, 1, pickup=True)
    pickup.trade.hand_out()
    work()
    with pytest.raises(ShippingRefused) as refused:
        client.notify_confirm_receive(pickup.transaction_id, now() + timedelta(seconds=5))
    assert refused.value.kind == "not_express"
    client.set_msg_jump_path("pages/order/index")
    with pytest.raises(ShippingRefused):
        client.set_msg_jump_path("/pages/order/index")
    assert client.is_trade_managed() is True
    desk.fault("wechat_token_expired")
    assert any(one.delivery_id == "YTO" for one in client.delivery_list())
    desk.fault("wechat_busy", times=0)
    with pytest.raises(GatewayUnavailable):
        client.is_trade_managed()


def test_only_the_mini_program_may_call(desk: Desk) -> None:
    c = desk.world.credentials
    client = desk.client()
    client._tokened._appid, client._tokened._secret = c.oa_appid, c.oa_secret
    with pytest.raises(GatewayRefused) as refused:
        client.delivery_list()
    assert refused.value.provider_code == "48001"
