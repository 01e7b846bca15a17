"""From the parcel that leaves to the receipt that follows its signature."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from fulfilment.tradeworld import Shop, Trade
from tracking.courierworld import (
    HOUR,
    NUMBER,
    Hundred,
    days,
    plan,
    push,
    result,
    row,
    shipped,
    tell,
    tracking,
)
from yantuan.fulfilment.actions import receive_due
from yantuan.kernel import outbox
from yantuan.kernel.clock import frozen, now
from yantuan.kernel.models import OutboxEvent
from yantuan.tracking import actions, gateway, rules, watching
from yantuan.tracking.models import TraceStep, Tracking


def events(trade: Trade) -> list[str]:
    return [event for event in trade.events("note") if event.startswith("parcel_")]


def test_a_parcel_that_left_is_subscribed_once(shop: Shop, hundred: Hundred) -> None:
    trade = shipped(shop)
    [asked] = hundred.asks("/poll")
    watched = tracking(trade)
    assert (asked["company"], asked["number"]) == ("yuantong", NUMBER)
    assert asked["parameters"]["callbackurl"].endswith(f"/notify/kuaidi100?t={watched.id}")
    assert (watched.state, watched.status, watched.problem) == ("watched", "created", "")
    actions.start(watched.shipment_id)
    watching.step(watched.id)
    assert len(hundred.asked) == 1


def test_phones_go_along_only_where_the_carrier_wants_them(shop: Shop, hundred: Hundred) -> None:
    shipped(shop)
    shipped(shop, "751234567890123", "ZTO")
    assert [a["parameters"].get("phone") for a in hundred.asks("/poll")] == [None, "1234"]


def test_nothing_is_watched_without_a_service_or_a_known_carrier(shop: Shop, hundred: Hundred) -> None:
    other = shop.order()
    body = {"carrier": "OTHER", "carrier_name": "顺路带", "tracking_no": "A12345", "lines": []}
    shop.boss.ok("POST", f"/leader/orders/{other.id}/shipments", body)
    outbox.drain()
    gateway.reset()
    trade = shipped(shop)
    assert Tracking.objects.count() == 0 and hundred.asked == []
    due = trade.row.auto_receive_at
    assert due is not None and due - now() > days(9)


@pytest.mark.parametrize(
    ("code", "problem", "state"),
    [
        ("700", "carrier_mismatch", "refused"), ("701", "carrier_mismatch", "refused"),
        ("702", "carrier_mismatch", "refused"), ("408", "phone_mismatch", "refused"), ("999", "refused", "refused"),
        ("600", "account", "waiting"), ("601", "account", "waiting"), ("500", "", "waiting"),
    ],
)  # fmt: skip
def test_each_refusal_has_its_state_and_none_loses_the_parcel(
    shop: Shop, hundred: Hundred, code: str, problem: str, state: str
) -> None:
    hundred.refuses["/poll"] = (code, "拒绝")
    trade = shipped(shop)
    watched = tracking(trade)
    assert (watched.problem, watched.state) == (problem, state)
    assert watched.alarm == ("refused" if state == "refused" else "")
    told = trade.buyer.ok("GET", f"/orders/{trade.id}/tracking")["parcels"][0]
    assert told["problem"] == rules.PROBLEMS.get(problem, "")
    del hundred.refuses["/poll"]
    with frozen(now() + 7 * HOUR):
        watching.step_due()
    assert tracking(trade).state == ("refused" if state == "refused" else "watched")


def test_501_is_success(shop: Shop, hundred: Hundred) -> None:
    hundred.refuses["/poll"] = ("501", "重复订阅")
    assert tracking(shipped(shop)).state == "watched"


def test_a_service_that_is_down_is_tried_again_later_and_later(shop: Shop, hundred: Hundred) -> None:
    hundred.down = True
    trade = shipped(shop)
    waits: list[float] = []
    for _ in range(4):
        watched = tracking(trade)
        assert watched.state == "waiting" and watched.next_at is not None
        waits.append((watched.next_at - now()).total_seconds())
        with frozen(watched.next_at):
            watching.step_due()
    assert waits == sorted(waits)
    hundred.down = False
    with frozen(now() + 8 * HOUR):
        watching.step_due()
    assert tracking(trade).state == "watched"


def test_a_number_too_short_for_the_service_is_told_and_never_sent(shop: Shop, hundred: Hundred) -> None:
    trade = shipped(shop, "12345")
    assert (tracking(trade).problem, hundred.asked) == ("number_shape", [])


def test_the_way_of_a_parcel(shop: Shop, hundred: Hundred) -> None:
    trade = shipped(shop)
    moment = now()
    for hours, word in enumerate(("picked_up", "in_transit", "delivering", "at_station", "signed")):
        tell(trade, row(moment + hours * HOUR, f"第{hours}步 13812345678", word))
        detail = shop.boss.ok("GET", f"/leader/orders/{trade.id}")
        parcel = detail["parcels"][0]
        assert (parcel["status"], parcel["state"]) == (word, rules.LABELS[word])
        assert parcel["latest"] == f"第{hours}步 138****5678"
    seen = trade.buyer.ok("GET", f"/orders/{trade.id}/tracking")["parcels"][0]
    assert [step["status"] for step in seen["steps"]] == [
        "signed", "at_station", "delivering", "in_transit", "picked_up",
    ]  # fmt: skip
    assert "13812345678" not in str(list(TraceStep.objects.values()))
    assert (tracking(trade).state, events(trade)) == ("ended", ["parcel_signed"])


def test_times_of_china_become_utc(shop: Shop, hundred: Hundred) -> None:
    trade = shipped(shop)
    at = now().replace(microsecond=0)
    tell(trade, row(at, "揽收", "picked_up"))
    assert TraceStep.objects.get().at == at


def test_three_days_after_the_signature_and_never_before(shop: Shop, hundred: Hundred) -> None:
    trade = shipped(shop)
    start = now().replace(microsecond=0)
    assert plan(trade) is not None
    tell(trade, row(start, "揽收", "picked_up"))
    assert plan(trade) is None
    with frozen(start + days(40)):
        assert receive_due() == 0
        tell(trade, row(start + days(39), "签收", "signed"))
    assert plan(trade) == start + days(42)
    with frozen(start + days(42) - timedelta(seconds=1)):
        assert receive_due() == 0
    with frozen(start + days(42)):
        assert receive_due() == 1
    assert trade.events("delivery") == ["ship_all", "receive"]
    assert trade.row.delivery == "received"


def test_every_parcel_must_be_signed_for(shop: Shop, hundred: Hundred) -> None:
    trade = shop.order(2)
    trade.ship(trade.piece(0, 1), number=NUMBER)
    outbox.drain()
    start = now().replace(microsecond=0)
    tell(trade, row(start, "签收", "signed"))
    assert plan(trade) is None
    trade.ship(number="YT9999999999999")
    outbox.drain()
    # Nothing was heard of the second one yet: the calendar.
    due = plan(trade)
    assert (
        due is not None
        and due - start > days(9)
        and OutboxEvent.objects.filter(topic="parcel.signed").count() == 0
    )
    tell(trade, row(start + HOUR, "派送", "delivering"))
    assert plan(trade) is None
    tell(trade, row(start + 2 * HOUR, "签收", "signed"))
    assert plan(trade) == start + 2 * HOUR + days(3)


@pytest.mark.parametrize(("word", "label"), [("exception", "运输异常"), ("returned", "退回中")])
def test_trouble_holds_the_order_until_it_is_over(
    shop: Shop, hundred: Hundred, word: str, label: str
) -> None:
    trade, other = shipped(shop), shipped(shop, "YT5555555555555")
    start = now().replace(microsecond=0)
    tell(trade, row(start, "疑难", word))
    assert (plan(trade), tracking(trade).alarm, events(trade)) == (None, word, [f"parcel_{word}"])
    desk = f"/leader/stores/{shop.world.store.id}/orders?tab=parcels"
    [seen] = shop.boss.ok("GET", desk)["items"]
    assert seen["id"] == str(trade.id) != str(other.id)
    parcel = shop.boss.ok("GET", f"/leader/orders/{trade.id}")["parcels"][0]
    assert (parcel["alarm"], parcel["state"]) == (word, label)
    tell(trade, row(start + HOUR, "签收", "signed"))
    assert (plan(trade), tracking(trade).alarm) == (start + HOUR + days(3), "")
    assert shop.boss.ok("GET", desk)["items"] == []


def test_an_open_case_still_holds_a_signed_order(shop: Shop, hundred: Hundred) -> None:
    trade = shipped(shop)
    start = now().replace(microsecond=0)
    tell(trade, row(start, "签收", "signed"))
    body = {"kind": "refund_only", "reason": "not_received", "lines": [trade.piece()], "amount_fen": 100}
    trade.buyer.ok("POST", f"/orders/{trade.id}/aftersales", body)
    with frozen(start + days(9)):
        assert receive_due() == 0


def test_without_any_news_the_calendar_stands(shop: Shop, hundred: Hundred) -> None:
    trade = shipped(shop)
    due = plan(trade)
    assert due is not None and due - now() > days(9)
    with frozen(due):
        assert receive_due() == 1


def test_all_signed_is_told_once(shop: Shop, hundred: Hundred) -> None:
    heard: list[dict[str, Any]] = []

    def hear(payload: dict[str, Any]) -> None:
        heard.append(payload)

    outbox.on("parcel.signed")(hear)
    try:
        trade = shipped(shop)
        start = now().replace(microsecond=0)
        for n in range(3):
            tell(trade, row(start + n * HOUR, f"签收{n}", "signed"))
        outbox.drain()
        assert heard == [{"order_id": trade.id, "at": start.isoformat()}]
    finally:
        outbox._handlers["parcel.signed"].remove(hear)


def test_what_was_missing_is_refunded_and_the_signed_rest_is_received(shop: Shop, hundred: Hundred) -> None:
    trade = shop.order(2)
    trade.ship(trade.piece(0, 1), number=NUMBER)
    outbox.drain()
    start = now().replace(microsecond=0)
    tell(trade, row(start, "签收", "signed"))
    trade.refund(trade.piece(0, 1))
    outbox.drain()
    assert (trade.row.delivery, plan(trade)) == ("shipped", start + days(3))


def test_a_corrected_number_starts_anew(shop: Shop, hundred: Hundred) -> None:
    trade = shipped(shop)
    start = now().replace(microsecond=0)
    tell(trade, row(start, "签收", "signed"))
    old = tracking(trade)
    body = {"carrier": "JTSD", "tracking_no": "JT1234567890123"}
    shop.boss.ok("PUT", f"/leader/shipments/{old.shipment_id}", body)
    outbox.drain()
    anew = tracking(trade)
    assert (anew.id, anew.tracking_no, anew.state, anew.status) == (
        old.id,
        "JT1234567890123",
        "watched",
        "created",
    )
    assert TraceStep.objects.count() == 0
    assert plan(trade) is not None and plan(trade) != start + days(3)
    # The old number's news are not about this order any more.
    push(result(NUMBER, [row(start + HOUR, "签收了", "signed")]), old.id)
    assert (tracking(trade).status, TraceStep.objects.count()) == ("created", 0)
    to_other = {"carrier": "OTHER", "carrier_name": "顺路带", "tracking_no": "A12345"}
    shop.boss.ok("PUT", f"/leader/shipments/{old.shipment_id}", to_other)
    outbox.drain()
    assert (tracking(trade).state, plan(trade) is not None) == ("stopped", True)


def test_a_withdrawn_parcel_is_left_alone(shop: Shop, hundred: Hundred) -> None:
    trade = shipped(shop)
    watched = tracking(trade)
    shop.boss.ok("POST", f"/leader/shipments/{watched.shipment_id}/withdraw")
    outbox.drain()
    tell(trade, row(now(), "签收", "signed"))
    assert (tracking(trade).state, tracking(trade).status, trade.row.delivery) == (
        "stopped",
        "created",
        "none",
    )
    assert TraceStep.objects.count() == 0 and plan(trade) is None


def test_after_receipt_nothing_is_asked_and_nothing_alarms(shop: Shop, hundred: Hundred) -> None:
    trade = shipped(shop)
    tell(trade, row(now(), "疑难", "exception"))
    trade.receive()
    outbox.drain()
    assert (tracking(trade).next_at, tracking(trade).alarm) == (None, "")
    tell(trade, row(now() + HOUR, "又疑难", "exception"))
    assert tracking(trade).alarm == ""
    parcel = trade.buyer.ok("GET", f"/orders/{trade.id}")["parcels"][0]
    assert (parcel["state"], parcel["status"], parcel["alarm"]) == ("已签收", "", "")


def test_silence_is_shown_after_two_days_and_asked_about_after_one(shop: Shop, hundred: Hundred) -> None:
    trade = shipped(shop)
    start = now()
    with frozen(start + days(1) + HOUR):
        assert (actions.mark_silent(), watching.step_due()) == (0, 1)
    assert len(hundred.asks("/poll/query.do")) == 1
    with frozen(start + days(2) + HOUR):
        assert actions.mark_silent() == 1
    desk = shop.boss.ok("GET", f"/leader/stores/{shop.world.store.id}/orders?tab=parcels")["items"]
    assert [one["id"] for one in desk] == [str(trade.id)]
    tell(trade, row(now(), "揽收", "picked_up"))
    assert tracking(trade).alarm == ""


def test_an_answer_on_asking_counts_like_a_push(shop: Shop, hundred: Hundred) -> None:
    trade = shipped(shop)
    hundred.traces[NUMBER] = result(NUMBER, [row(now(), "派送中", "delivering")])
    assert watching.ask(tracking(trade).id)
    assert (tracking(trade).status, TraceStep.objects.count()) == ("delivering", 1)


@pytest.mark.parametrize(
    "refusal", [("500", "查询无结果"), ("407", "已锁单"), ("502", "忙"), ("503", "签名"), ("408", "电话")]
)
def test_a_refused_question_changes_no_state(shop: Shop, hundred: Hundred, refusal: tuple[str, str]) -> None:
    trade = shipped(shop)
    hundred.refuses["/poll/query.do"] = refusal
    assert watching.ask(tracking(trade).id)
    assert (tracking(trade).state, tracking(trade).status, TraceStep.objects.count()) == (
        "watched",
        "created",
        0,
    )
