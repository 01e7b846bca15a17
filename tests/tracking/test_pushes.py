"""Pushes at the door: forged ones change nothing, genuine ones end at the same timeline however often and in whatever order they come."""

from __future__ import annotations

import itertools
import json
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

import pytest
from django.db import OperationalError
from django.test import Client
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fulfilment.tradeworld import Shop, Trade
from tracking.courierworld import CODES, NUMBER, Hundred, push, push_form, result, row, shipped, tracking
from yantuan.gateways import kdniao
from yantuan.gateways.kdniao import KdniaoClient, KdniaoSettings
from yantuan.kernel import outbox
from yantuan.kernel.clock import frozen, now
from yantuan.tracking import gateway, inbox
from yantuan.tracking.models import CourierPush, TraceStep, Tracking

HOUR = timedelta(hours=1)
DOOR = "/notify/kuaidi100"
FORM = "application/x-www-form-urlencoded"


def footprint() -> Any:
    return (
        list(Tracking.objects.order_by("id").values()),
        list(TraceStep.objects.order_by("id").values()),
        CourierPush.objects.count(),
    )


def test_a_genuine_push_is_answered_as_the_service_wants(shop: Shop, hundred: Hundred) -> None:
    trade = shipped(shop)
    answer = push(result(NUMBER, [row(now(), "揽收", "picked_up")]), tracking(trade).id)
    assert (answer.status_code, json.loads(answer.content)) == (
        200, {"result": True, "returnCode": "200", "message": "成功"},
    )  # fmt: skip
    kept = CourierPush.objects.get()
    assert (kept.outcome, kept.problem, kept.seen) == ("applied", "", 1)


def test_the_answer_does_not_wait_for_the_work(shop: Shop, hundred: Hundred) -> None:
    trade = shipped(shop)
    push(result(NUMBER, [row(now(), "揽收", "picked_up")]), tracking(trade).id, work=False)
    assert (CourierPush.objects.get().outcome, TraceStep.objects.count()) == ("waiting", 0)
    outbox.drain()
    assert (CourierPush.objects.get().outcome, TraceStep.objects.count()) == ("applied", 1)


def test_phones_of_riders_are_nowhere_to_be_read(shop: Shop, hundred: Hundred) -> None:
    trade = shipped(shop)
    push(result(NUMBER, [row(now(), "派件员：张三 13812345678", "delivering")]), tracking(trade).id)
    stored = (
        str(list(CourierPush.objects.values()))
        + str(list(TraceStep.objects.values()))
        + str(list(Tracking.objects.values()))
    )
    assert "13812345678" not in stored and "张三" not in stored


@pytest.mark.parametrize(
    "spoil",
    [
        lambda form: {**form, "sign": "0" * 32},
        lambda form: {**form, "sign": ""},
        lambda form: {"param": form["param"]},
        lambda form: {**form, "param": form["param"].replace('"0"', '"3"')},
        lambda form: {},
        lambda form: push_form(result(NUMBER, []), salt=""),
        lambda form: push_form(result(NUMBER, []), salt="guess"),
    ],
)
def test_a_forged_push_changes_nothing(shop: Shop, hundred: Hundred, spoil: Any) -> None:
    trade = shipped(shop)
    form = spoil(push_form(result(NUMBER, [row(now(), "签收", "in_transit")])))
    before, order = footprint(), trade.row
    answer = Client().post(f"{DOOR}?t={tracking(trade).id}", urlencode(form), content_type=FORM)
    outbox.drain()
    assert answer.status_code == 403 and json.loads(answer.content)["result"] is False
    assert footprint() == before and trade.row.auto_receive_at == order.auto_receive_at


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"x" * (256 * 1024 + 1), 413), (b"\xff\xfe&&&===", 403), (b"", 403), (b"&".join([b"a=1"] * 2000), 400),
        (b"param=%00&sign=%00", 403),
    ],
)  # fmt: skip
def test_rough_bodies_are_refused(shop: Shop, hundred: Hundred, body: bytes, status: int) -> None:
    before = footprint()
    assert Client().post(DOOR, body, content_type=FORM).status_code == status
    assert Client().get(DOOR).status_code == 405
    assert footprint() == before


def test_a_database_away_is_told_so_that_it_comes_again(
    shop: Shop, hundred: Hundred, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(*args: Any) -> int:
        raise OperationalError("away")

    monkeypatch.setattr(inbox, "receive", away)
    assert push(result(NUMBER, []), "1").status_code == 503


def test_genuine_nonsense_is_kept_for_a_person(shop: Shop, hundred: Hundred) -> None:
    push({"data": "x"}, "1")  # type: ignore[dict-item]
    odd = CourierPush.objects.get()
    assert (odd.outcome, odd.problem) == ("unmatched", "unreadable")
    push(result("YT0000000000000", [row(now(), "揽收")]), "123")
    assert CourierPush.objects.filter(problem="no_such_parcel").count() == 1


def test_without_a_service_nobody_is_believed(shop: Shop, hundred: Hundred) -> None:
    trade = shipped(shop)
    gateway.reset()
    assert push(result(NUMBER, [row(now(), "签收", "signed")]), tracking(trade).id).status_code == 403
    assert (CourierPush.objects.count(), TraceStep.objects.count()) == (0, 0)


def test_old_texts_are_forgotten(shop: Shop, hundred: Hundred) -> None:
    trade = shipped(shop)
    push(result(NUMBER, [row(now(), "揽收")]), tracking(trade).id)
    assert inbox.tidy() == 0
    with frozen(now() + timedelta(days=22)):
        assert inbox.tidy() == 1
    assert CourierPush.objects.get().sealed == ""


def test_two_boxes_under_one_number_share_its_news(shop: Shop, hundred: Hundred) -> None:
    pair = shop.world.buyer()
    trades = [shop.order(pair=pair) for _ in range(2)]
    for trade in trades:
        body = {"carrier": "SF", "tracking_no": "SF1234567890123", "lines": []}
        shop.boss.ok("POST", f"/leader/orders/{trade.id}/shipments", body)
    outbox.drain()
    assert len(hundred.asks("/poll")) == 2
    push(result("SF1234567890123", [row(now(), "揽收", "picked_up")], com="shunfeng"), tracking(trades[0]).id)
    assert [tracking(trade).status for trade in trades] == ["picked_up", "picked_up"]


def test_a_number_typed_in_elsewhere_shows_nobody_elses_way(shop: Shop, hundred: Hundred) -> None:
    """Where the carrier asks for the phone, a push for one recipient's parcel tells another recipient nothing."""
    number = "SF1234567890123"
    trade = shipped(shop, number, "SF")
    stranger = shipped(shop, "SF1111111111111", "SF")
    Tracking.objects.filter(order_id=stranger.id).update(tracking_no=number)
    type(stranger.row).objects.filter(id=stranger.id).update(phone_last4="9999")
    push(result(number, [row(now(), "揽收", "picked_up")], com="shunfeng"), tracking(trade).id)
    push(result(number, [row(now(), "揽收了", "picked_up")], com="shunfeng"), "")
    assert (tracking(trade).status, tracking(stranger).status) == ("picked_up", "created")


STATUSES = sorted(CODES)


def timeline(trade: Trade) -> Any:
    seen = tracking(trade)
    steps = TraceStep.objects.filter(tracking=seen).order_by("at", "key").values_list("at", "text", "status")
    return seen.status, seen.told_at, seen.latest, seen.signed_at, trade.row.auto_receive_at, list(steps)


def start_over(trade: Trade) -> None:
    """As it was before the first push."""
    seen = tracking(trade)
    TraceStep.objects.filter(tracking=seen).delete()
    CourierPush.objects.all().delete()
    Tracking.objects.filter(id=seen.id).update(
        status="created",
        told_at=None,
        told_steps=0,
        latest="",
        signed_at=None,
        news_at=None,
        alarm="",
        state="watched",
    )
    type(trade.row).objects.filter(id=trade.id).update(auto_receive_at=None)


WAYS = st.lists(
    st.tuples(st.integers(0, 6), st.sampled_from(STATUSES)),
    min_size=1,
    max_size=5,
    unique_by=lambda one: one[0],
)
HOW = settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@HOW
@given(way=WAYS, chance=st.randoms(use_true_random=False), whole=st.booleans())
def test_any_order_of_pushes_ends_at_the_same_timeline(
    shop: Shop, hundred: Hundred, way: list[tuple[int, str]], chance: Any, whole: bool
) -> None:
    """Snapshots that grow line by line (or single lines), once in their order, then shuffled and doubled."""
    trade = shipped(shop, f"YT{next(_numbers):013d}")
    seen = tracking(trade)
    begin = now().replace(microsecond=0)
    rows = [row(begin + hour * HOUR, f"第{hour}步", word) for hour, word in sorted(way)]
    told = [result(seen.tracking_no, rows[: n + 1] if whole else [rows[n]]) for n in range(len(rows))]
    with frozen(begin + 9 * HOUR):
        for trace in told:
            push(trace, seen.id)
        straight = timeline(trade)
        start_over(trade)
        mixed = [*told, *told]
        chance.shuffle(mixed)
        for trace in mixed:
            push(trace, seen.id)
    assert timeline(trade) == straight
    assert straight[0] == sorted(way)[-1][1] and len(straight[-1]) == len(rows)
    assert CourierPush.objects.count() == len(told)


_numbers = itertools.count(1)


def bird() -> None:
    gateway.reset(KdniaoClient(KdniaoSettings("https://bird.example.com", "1237100", "APPKEY")))


def bird_form(trade: Trade, status: str = "3") -> dict[str, str]:
    seen = tracking(trade)
    entry = {
        "OrderCode": str(seen.id), "ShipperCode": "YTO", "LogisticCode": seen.tracking_no, "Success": True,
        "State": status, "StateEx": "",
        "Traces": [{"AcceptTime": (now() + 8 * HOUR).strftime("%Y-%m-%d %H:%M:%S"), "AcceptStation": "已签收"}],
    }  # fmt: skip
    data = {"PushTime": "2026-05-14 10:01:00", "EBusinessID": "1237100", "Count": "1", "Data": [entry]}
    text = json.dumps(data, ensure_ascii=False)
    return {"RequestData": text, "RequestType": "101", "DataSign": kdniao.data_sign(text, "APPKEY")}


def test_kdniao_pushes_and_wants_its_own_answer(shop: Shop, hundred: Hundred) -> None:
    trade = shipped(shop)
    bird()
    answer = Client().post("/notify/kdniao", urlencode(bird_form(trade)), content_type=FORM)
    outbox.drain()
    said = json.loads(answer.content)
    assert (answer.status_code, said["Success"], said["Reason"]) == (200, True, "")
    assert sorted(said) == ["EBusinessID", "Reason", "Success", "UpdateTime"]
    assert tracking(trade).status == "signed"


def test_kdniaos_forger_changes_nothing(shop: Shop, hundred: Hundred) -> None:
    trade = shipped(shop)
    bird()
    form = bird_form(trade)
    before = footprint()
    for spoilt in ({**form, "DataSign": "x"}, {**form, "RequestData": form["RequestData"] + " "}, {}):
        answer = Client().post("/notify/kdniao", urlencode(spoilt), content_type=FORM)
        assert (answer.status_code, json.loads(answer.content)["Success"]) == (403, False)
    assert Client().post(DOOR, urlencode(push_form(result(NUMBER, []))), content_type=FORM).status_code == 403
    outbox.drain()
    assert footprint() == before
