"""预售报备: WeChat hears of paid orders that leave later than fifteen days, once, and a leader hears of a refusal."""

from __future__ import annotations

from datetime import date, datetime, timedelta

import pytest
from deskworld import Desk, Sale, sell

from fulfilment.tradeworld import Shop
from yantuan.gateways.errors import GatewayRefused
from yantuan.gateways.wechat_shipping import ShippingRefused
from yantuan.groupbuys.options import OfferOptions, packed
from yantuan.groupbuys.options.limits import OfferLimits
from yantuan.kernel import outbox
from yantuan.kernel.clock import CHINA, now
from yantuan.kernel.models import OutboxEvent
from yantuan.notices.models import InboxMessage
from yantuan.orders.models import OrderEvent
from yantuan.orders.presale import end_of
from yantuan.orders.queries import order_detail
from yantuan.shipinfo import facts, presale

REPORT = "/opspecialorder"


def today() -> date:
    return now().astimezone(CHINA).date()


def promised(desk: Desk, shop: Shop, days: int) -> tuple[Sale, date]:
    """A paid order whose goods were promised for so many days from today."""
    day = today() + timedelta(days=days)
    offer = shop.world.offers[0]
    offer.options = packed(OfferOptions(limits=OfferLimits(ships_on=day)))
    offer.save(update_fields=["options"])
    return sell(desk, shop), day


def notes(sale: Sale) -> list[str]:
    rows = OrderEvent.objects.filter(order_id=sale.trade.id, axis="note", event=presale.EVENT)
    return [str(row.data["ships_on"]) for row in rows]


def test_a_late_promise_is_reported_once_and_stands_in_the_timeline(desk: Desk, shop: Shop) -> None:
    sale, day = promised(desk, shop, 30)
    until = int((end_of(day) - timedelta(seconds=1)).timestamp())
    assert sale.at_wechat["special"] == {"type": 1, "delay_to": until}
    presale.report(sale.trade.id)
    assert notes(sale) == [day.isoformat()]
    texts = {(one.text, one.text_en) for one in order_detail(sale.trade.row, "leader").timeline}
    assert (
        f"已向微信报备预售，预计 {day} 前发货",
        f"WeChat was told that this pre-sale ships by {day}",
    ) in texts


@pytest.mark.parametrize("days", [0, 9, 14])
def test_what_keeps_the_usual_rule_is_not_reported(desk: Desk, shop: Shop, days: int) -> None:
    sale, _ = promised(desk, shop, days)
    assert (desk.calls(REPORT), sale.at_wechat["special"], notes(sale)) == ([], None, [])


def test_a_year_ahead_is_reported_as_far_as_the_rule_goes() -> None:
    paid = datetime(2026, 11, 23, 12, 0, tzinfo=CHINA)
    assert presale.ships_at(date(2026, 12, 8), paid) == datetime(2026, 12, 8, 23, 59, 59, tzinfo=CHINA)
    assert presale.ships_at(date(2026, 12, 7), paid) is None
    far = presale.ships_at(date(2027, 12, 31), paid)
    assert far is not None and timedelta(days=329) < far - paid < timedelta(days=330)


def test_a_payment_not_known_yet_is_asked_about_again(desk: Desk, shop: Shop) -> None:
    desk.fault("payment_not_visible", times=1)
    sale, day = promised(desk, shop, 30)
    assert (sale.at_wechat["special"], notes(sale)) == (None, [])
    waiting = OutboxEvent.objects.filter(topic="order.paid").exclude(state="done")
    assert waiting.update(available_at=now()) == 1
    outbox.drain()
    assert notes(sale) == [day.isoformat()] and sale.at_wechat["special"]["type"] == 1


def test_a_refusal_is_told_to_the_leader_and_not_repeated(desk: Desk, shop: Shop) -> None:
    # What it says of itself is known, so that the next answer is about the order.
    assert facts.managed()
    desk.fault("wechat_code", value="268546001", times=1)
    sale, _ = promised(desk, shop, 30)
    told = InboxMessage.objects.filter(order_id=sale.trade.id, kind="shipping_info")
    assert [row.title for row in told] == [f"订单 #{sale.trade.row.number} 的预售没有报备成功"]
    open_rows = OutboxEvent.objects.filter(topic="order.paid").exclude(state="done")
    assert notes(sale) == [] and not open_rows.exists()


def test_an_instance_under_no_rule_reports_nothing(desk: Desk, shop: Shop) -> None:
    desk.control("POST", "/shipping", managed=False)
    sale, _ = promised(desk, shop, 30)
    assert (desk.calls(REPORT), notes(sale)) == ([], [])


def test_each_documented_refusal_of_the_desk(desk: Desk, shop: Shop) -> None:
    sale, client = sell(desk, shop), desk.client()
    good = now() + timedelta(days=30)
    cases = [
        (sale.transaction_id, now() + timedelta(days=14), "268546001", "bad_day"),
        (sale.transaction_id, now() + timedelta(days=331), "268546001", "bad_day"),
        ("4200000000", good, "268546002", "not_visible"),
    ]
    for number, moment, code, kind in cases:
        with pytest.raises(ShippingRefused) as caught:
            client.report_presale(number, moment)
        assert (caught.value.provider_code, caught.value.kind) == (code, kind)
    with pytest.raises(GatewayRefused) as wrong:
        client._call("/opspecialorder", {"order_id": sale.transaction_id, "type": 3})
    assert wrong.value.provider_code == "268546000"
    assert sale.at_wechat["special"] is None
    sale.ship()
    with pytest.raises(ShippingRefused) as over:
        client.report_presale(sale.transaction_id, good)
    assert over.value.kind == "not_visible"
