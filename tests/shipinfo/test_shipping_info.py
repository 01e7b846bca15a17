"""Shipping information from the parcel to the settlement, against the simulator's desk."""

from __future__ import annotations

from datetime import timedelta

import pytest
from deskworld import Desk, sell, work
from django.db import transaction

from fulfilment.tradeworld import Shop
from yantuan.fulfilment import actions as fulfilment
from yantuan.kernel import clock
from yantuan.kernel.clock import now
from yantuan.notices.models import InboxMessage
from yantuan.orders.models import Order, OrderLine
from yantuan.payments.models import PaymentAttempt
from yantuan.reports.rules import RULES
from yantuan.reports.rules.base import Reader
from yantuan.shipinfo import flow, following, gateway, jobs, uploading
from yantuan.shipinfo.models import PlatformFact, ShippingInfo

UPLOAD = "/upload_shipping_info"


def test_one_parcel_of_everything(desk: Desk, shop: Shop) -> None:
    sale = sell(desk, shop, 2, 1)
    assert not ShippingInfo.objects.exists() and sale.leader() is None
    sale.ship()
    info = sale.leader()
    assert (info["state"], info["state_label"], info["problem"], info["actions"]) == (
        "done",
        "已上传",
        "",
        [],
    )
    at = sale.at_wechat
    assert (
        at["order_state"] == 2
        and at["shipping"]["delivery_mode"] == 1
        and at["shipping"]["logistics_type"] == 1
    )
    assert sale.told == [("YTO", "YT1234567890123")]
    assert at["shipping"]["goods_desc"].count("*") == 2
    assert len(desk.calls(UPLOAD)) == 1
    work()
    uploading.push_due()
    assert len(desk.calls(UPLOAD)) == 1


def test_several_parcels_are_split_until_the_last(desk: Desk, shop: Shop) -> None:
    sale = sell(desk, shop, 2, 1)
    sale.ship(sale.trade.piece(0, 1), number="YT1000000000001")
    assert sale.state == "sent" and sale.at_wechat["order_state"] == 1
    sale.ship(sale.trade.piece(1, 1), number="77123456789012", carrier="STO")
    assert sale.state == "sent" and len(sale.told) == 2
    sale.ship(number="YT1000000000003")
    assert sale.state == "done" and sale.at_wechat["order_state"] == 2
    assert sale.at_wechat["shipping"]["delivery_mode"] == 2
    assert sale.told == [("YTO", "YT1000000000001"), ("STO", "77123456789012"), ("YTO", "YT1000000000003")]
    assert not sale.info.chance_used and len(desk.calls(UPLOAD)) == 3


def test_a_refund_of_the_rest_finishes_the_shipping(desk: Desk, shop: Shop) -> None:
    sale = sell(desk, shop, 2)
    sale.ship(sale.trade.piece(0, 1), number="YT1000000000001")
    assert sale.state == "sent"
    with transaction.atomic():
        OrderLine.objects.filter(order_id=sale.trade.id).update(refunded_quantity=1)
        fulfilment.settle_delivery(sale.trade.id)
    work()
    assert sale.state == "done" and sale.at_wechat["order_state"] == 2
    assert sale.told == [("YTO", "YT1000000000001")] and not sale.info.chance_used


def test_sf_needs_a_masked_phone(desk: Desk, shop: Shop) -> None:
    sale = sell(desk, shop, 1)
    sale.ship(number="SF1234567890123", carrier="SF")
    assert sale.state == "done"
    contact = sale.at_wechat["shipping"]["shipping_list"][0]["contact"]["receiver_contact"]
    assert contact == f"+86-{contact[4:7]}****{sale.trade.row.phone_last4}"


def test_the_payment_is_visible_only_later(desk: Desk, shop: Shop) -> None:
    sale = sell(desk, shop, 1)
    desk.fault("payment_not_visible", times=4)
    sale.ship()
    start = now()
    pauses = []
    for _ in range(4):
        info = sale.info
        assert (info.state, info.problem, info.provider_code) == ("waiting", "indexing", "10060001")
        assert info.next_try_at is not None
        pauses.append(round((info.next_try_at - start).total_seconds()))
        with clock.frozen(info.next_try_at + timedelta(milliseconds=5)):
            start = now()
            uploading.push_due()
    assert pauses == [10, 60, 300, 1800]
    assert sale.state == "done" and sale.info.problem == "" and sale.leader()["problem"] == ""
    assert not InboxMessage.objects.filter(kind="shipping_info").exists()


def test_a_payment_nobody_knows_is_given_up_after_a_day(desk: Desk, shop: Shop) -> None:
    sale = sell(desk, shop, 1)
    desk.fault("payment_not_visible", times=0)
    sale.ship()
    with clock.frozen(now() + timedelta(hours=25)):
        uploading.push_due()
        assert sale.leader()["problem"] == "not_visible" and sale.state == "failed"
        assert InboxMessage.objects.filter(kind="shipping_info").count() == 1
        assert uploading.push_due() == 0
        desk.control("DELETE", "/faults")
        assert sale.leader("retry")["state"] == "waiting"
        uploading.push_due()
    assert sale.state == "done"


def test_a_corrected_number_spends_the_one_chance_when_the_leader_agrees(desk: Desk, shop: Shop) -> None:
    sale = sell(desk, shop, 1)
    sale.ship()
    sale.correct("YT9999999999999")
    info = sale.leader()
    assert (info["state"], info["problem"], info["actions"]) == ("changed", "changed", ["correct"])
    assert sale.told == [("YTO", "YT1234567890123")] and len(desk.calls(UPLOAD)) == 1
    sale.leader("correct")
    assert sale.state == "corrected" and sale.told == [("YTO", "YT9999999999999")]
    assert sale.leader()["correction_used"] is True
    sale.correct("YT8888888888888")
    again = sale.leader()
    assert (again["state"], again["problem"], again["actions"]) == ("corrected", "chance_used", [])
    assert sale.refused("correct") == (409, "correction_used")
    assert sale.told == [("YTO", "YT9999999999999")] and len(desk.calls(UPLOAD)) == 2
    assert InboxMessage.objects.filter(kind="shipping_info").count() == 2


def test_a_number_corrected_back_asks_nothing(desk: Desk, shop: Shop) -> None:
    sale = sell(desk, shop, 1)
    sale.ship()
    sale.correct("YT9999999999999")
    sale.correct("YT1234567890123")
    assert sale.state == "done" and sale.info.problem == ""
    assert sale.refused("correct") == (409, "nothing_to_correct")
    assert sale.refused("retry") == (409, "nothing_to_retry")


def test_a_number_corrected_before_the_last_parcel_costs_nothing(desk: Desk, shop: Shop) -> None:
    sale = sell(desk, shop, 2)
    sale.ship(sale.trade.piece(0, 1), number="YT1000000000001")
    sale.correct("YT1000000000009")
    sale.ship(number="YT1000000000002")
    assert sale.state == "done" and sale.told == [("YTO", "YT1000000000009"), ("YTO", "YT1000000000002")]
    assert not sale.info.chance_used


def test_a_parcel_withdrawn_and_shipped_again(desk: Desk, shop: Shop) -> None:
    sale = sell(desk, shop, 1)
    sale.ship()
    parcel = sale.trade.row.shipments.get()  # type: ignore[attr-defined]
    shop.boss.ok("POST", f"/leader/shipments/{parcel.id}/withdraw")
    work()
    assert sale.state == "done" and len(desk.calls(UPLOAD)) == 1
    sale.ship(number="YT7777777777777")
    assert sale.state == "changed"
    sale.leader("correct")
    assert sale.told == [("YTO", "YT7777777777777")] and sale.state == "corrected"


def test_withdrawn_before_it_was_told(desk: Desk, shop: Shop) -> None:
    sale = sell(desk, shop, 1)
    desk.fault("wechat_busy", times=0)
    sale.ship()
    assert (sale.state, sale.info.problem) == ("waiting", "slow")
    parcel = sale.trade.row.shipments.get()  # type: ignore[attr-defined]
    shop.boss.ok("POST", f"/leader/shipments/{parcel.id}/withdraw")
    work()
    assert sale.state == "unshipped" and sale.info.next_try_at is None


def test_a_carrier_the_platform_does_not_know(desk: Desk, shop: Shop) -> None:
    sale = sell(desk, shop, 1)
    sale.ship(number="ABC12345", carrier="OTHER", carrier_name="村口小王快递")
    info = sale.leader()
    assert (info["state"], info["actions"]) == ("carrier_unknown", ["retry"]) and "快递公司" in info["advice"]
    assert desk.calls(UPLOAD) == []
    assert InboxMessage.objects.filter(kind="shipping_info").count() == 1
    page = shop.boss.ok("GET", f"/leader/stores/{sale.trade.row.store_id}/orders?tab=ship_info")
    assert [row["id"] for row in page["items"]] == [str(sale.trade.id)]
    counts = shop.boss.ok("GET", f"/leader/stores/{sale.trade.row.store_id}/order-counts")
    assert counts["ship_info"] == 1
    sale.correct("YT1234567890123")
    assert sale.state == "done"


def test_a_carrier_listed_under_another_id_is_found_by_its_name(desk: Desk, shop: Shop) -> None:
    sale = sell(desk, shop, 1)
    sale.ship(number="300123456789", carrier="ANE")
    assert sale.told == [("ANEWL", "300123456789")]
    other = sell(desk, shop, 1)
    other.ship(number="JD00112233445566", carrier="OTHER", carrier_name="京东")
    assert other.told == [("JD", "JD00112233445566")]


def test_pick_up_is_told_when_the_goods_arrive(desk: Desk, shop: Shop) -> None:
    sale = sell(desk, shop, 2, pickup=True)
    other = sell(desk, shop, 1, pickup=True)
    where = f"/leader/orders/{sale.trade.id}/goods-arrived"
    before = sale.leader()
    assert (before["state"], before["actions"]) == (
        "unshipped",
        ["arrived"],
    ) and not ShippingInfo.objects.exists()
    assert shop.boss.ok("POST", where) == {"orders": 2}
    work()
    assert sale.state == other.state == "done" and sale.leader()["actions"] == []
    at = sale.at_wechat
    assert at["shipping"]["logistics_type"] == 4 and at["order_state"] == 2
    assert at["shipping"]["goods_desc"].endswith("*2")
    assert shop.boss.ok("POST", where) == {"orders": 0}
    sale.trade.hand_out()
    work()
    assert len(desk.calls(UPLOAD)) == 2


def test_pick_up_is_told_at_the_first_hand_out_otherwise(desk: Desk, shop: Shop) -> None:
    sale = sell(desk, shop, 2, pickup=True)
    sale.trade.hand_out(sale.trade.piece(0, 1))
    work()
    assert sale.state == "done"
    sale.trade.hand_out()
    work()
    assert len(desk.calls(UPLOAD)) == 1


def test_a_payment_by_code_learns_its_payer_from_the_platform(desk: Desk, shop: Shop) -> None:
    sale = sell(desk, shop, 1, trade_type="NATIVE")
    sale.ship()
    assert sale.state == "done"


def test_a_payment_by_code_the_desk_never_hears_of_troubles_nobody(desk: Desk, shop: Shop) -> None:
    sale = sell(desk, shop, 1, trade_type="NATIVE")
    desk.fault("payment_not_visible", times=0)
    sale.ship()
    assert sale.state == "waiting"
    with clock.frozen(now() + timedelta(hours=25)):
        uploading.push_due()
    assert sale.state == "not_needed" and not InboxMessage.objects.filter(kind="shipping_info").exists()


def test_a_mini_program_outside_the_rule(desk: Desk, shop: Shop) -> None:
    desk.control("POST", "/shipping", managed=False)
    sale = sell(desk, shop, 1)
    sale.ship()
    assert sale.state == "not_needed" and desk.calls(UPLOAD) == [] and sale.leader() is None
    assert sale.trade.buyer.ok("GET", f"/orders/{sale.trade.id}")["wechat_confirm"] is None
    desk.control("POST", "/shipping", managed=True)
    PlatformFact.objects.update(fetched_at=now() - timedelta(days=2))
    jobs.sweep()
    work()
    assert sale.state == "done"


@pytest.mark.parametrize("appid", ["wxother", ""])
def test_payments_elsewhere_need_nothing(desk: Desk, shop: Shop, appid: str) -> None:
    sale = sell(desk, shop, 1)
    PaymentAttempt.objects.update(appid=appid)
    sale.ship()
    assert not ShippingInfo.objects.exists() and sale.leader() is None


def test_backfill_of_what_was_shipped_before(desk: Desk, shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    sale, unshipped = sell(desk, shop, 1), sell(desk, shop, 1)
    with monkeypatch.context() as patched:
        patched.setattr("yantuan.shipinfo.gateway.configured", lambda: False)
        sale.ship()
        assert not ShippingInfo.objects.exists() and following.sweep() == 0
    assert following.sweep() == 1
    work()
    assert sale.state == "done" and not ShippingInfo.objects.filter(order_id=unshipped.trade.id).exists()
    assert following.sweep() == 0


def test_money_given_back_before_shipping(desk: Desk, shop: Shop) -> None:
    sale = sell(desk, shop, 1)
    desk.fault("wechat_busy", times=0)
    sale.ship()
    Order.objects.filter(id=sale.trade.id).update(payment="refunded")
    flow.refresh(sale.trade.id)
    assert sale.state == "closed" and sale.info.next_try_at is None


def test_a_parcel_changed_while_the_platform_was_told(
    desk: Desk, shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    sale = sell(desk, shop, 2)
    client = desk.client()
    real = client.upload
    changed: list[bool] = []

    def upload(what: object) -> None:
        real(what)  # type: ignore[arg-type]
        if not changed:
            changed.append(True)
            parcel = sale.trade.row.shipments.get()  # type: ignore[attr-defined]
            body = {"carrier": "YTO", "tracking_no": "YT5555555555555"}
            shop.boss.ok("PUT", f"/leader/shipments/{parcel.id}", body)

    monkeypatch.setattr(client, "upload", upload)
    gateway.reset(client)
    sale.ship(sale.trade.piece(0, 1))
    assert (sale.state, sale.told) == ("waiting", [("YTO", "YT1234567890123")])
    work()
    assert sale.told == [("YTO", "YT5555555555555")] and sale.state == "sent"


def test_the_self_check_finds_what_was_never_told(
    desk: Desk, shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    def found(hours: int) -> list[list[str]]:
        return [one.ids for one in RULES["W1"].check(Reader(now() + timedelta(hours=hours)))]

    told, untold = sell(desk, shop, 1), sell(desk, shop, 1)
    told.ship()
    with monkeypatch.context() as patched:
        patched.setattr("yantuan.shipinfo.gateway.configured", lambda: False)
        untold.ship()
    assert found(1) == [] and found(25) == [[str(untold.trade.id)]]
    PlatformFact.objects.filter(name__startswith="managed").update(value=False)
    assert found(25) == []
    ShippingInfo.objects.update(state="waiting", waiting_since=now())
    assert found(1) == [] and found(25) == [[str(told.info.id)]]
