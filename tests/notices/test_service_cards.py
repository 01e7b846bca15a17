"""Service cards: one per payment in the mini-program, in step with its order, and never lost to a passing refusal."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

import factories as make
from sharing.miniworld import Platform
from thrift import one_of_each
from yantuan.gateways.errors import GatewayRefused, GatewayUnavailable
from yantuan.gateways.wechat_cards import Card, CardRefused, CardsClient
from yantuan.gateways.wechat_tokens import MemoryTokenStore
from yantuan.kernel.clock import frozen, now
from yantuan.kernel.config import config
from yantuan.notices import cards
from yantuan.notices.models import ServiceCard
from yantuan.notices.pushes import card_fared
from yantuan.orders.models import Order
from yantuan.payments.models import PaymentAttempt
from yantuan.push.messages import Push

pytestmark = pytest.mark.django_db
PUT = "/wxa/set_user_notify"


@pytest.fixture
def wechat(platform: Platform, monkeypatch: pytest.MonkeyPatch) -> Iterator[Platform]:
    monkeypatch.setattr(config(), "wechat_service_cards", True)
    monkeypatch.setattr(config(), "public_url", "https://shop.example")
    cards.reset(CardsClient(platform.settings(), MemoryTokenStore(), transport=platform.transport))
    yield platform
    cards.reset()


@pytest.fixture
def order(wechat: Platform) -> Order:
    """Paid in the mini-program, on both sides."""
    store = make.store(make.leader())
    placed = make.order(make.group_buy(store, [make.product(store)]), make.person("王小雁"))
    appid, moment = config().wechat_mini_appid, now()
    openid = wechat.world.openid_of(appid, "小雁")
    wechat.world.db.insert(
        "orders",
        out_trade_no="P1", trade_type="JSAPI", request="{}", appid=appid, mchid=wechat.world.credentials.mchid,
        description="x", attach="", notify_url="http://shop.test/n", total=placed.total_fen, openid=openid,
        created_at=moment.timestamp(), expires_at=moment.timestamp() + 900, state="SUCCESS", transaction_id="42001",
        paid_at=moment.timestamp(), payer_openid=openid, payer="小雁",
    )  # fmt: skip
    PaymentAttempt.objects.create(
        order=placed, store_id=placed.store_id, trade_type="JSAPI", appid=appid, mchid="1", out_trade_no="P1",
        amount_fen=placed.total_fen, paid_fen=placed.total_fen, payer_openid=openid, state="succeeded",
        transaction_id="42001", success_at=moment, time_expire=moment, created_at=moment,
    )  # fmt: skip
    return placed


def shown(wechat: Platform) -> list[tuple[int, int]]:
    return [(one["notify_type"], one["state"]) for one in wechat.control("GET", "/cards")["cards"]]


def card() -> ServiceCard:
    return ServiceCard.objects.get()


def move(order: Order, delivery: str) -> None:
    Order.objects.filter(id=order.id).update(delivery=delivery)
    cards.follow(order.id)


def content(wechat: Platform) -> dict[str, Any]:
    (one,) = wechat.control("GET", "/cards")["cards"]
    found: dict[str, Any] = one["content"]
    return found


def test_a_card_follows_its_order_as_far_as_the_steps_are_known(wechat: Platform, order: Order) -> None:
    cards.follow(order.id)
    cards.follow(order.id)
    assert cards.push_due() == 1 and shown(wechat) == [(2001, 1)]
    page = f"pages/order/index?id={order.id}"
    (goods,) = content(wechat)["product_list"]["info_list"]
    assert content(wechat)["wxa_path_query"] == goods["product_path_query"] == page
    assert goods["product_img"] == f"https://shop.example/share/g/{order.group_buy.code}/card.jpg"
    assert cards.push_due() == 0
    move(order, "part_shipped")
    assert cards.push_due() == 1 and shown(wechat) == [(2001, 3)]
    move(order, "shipped")
    assert cards.push_due() == 1 and shown(wechat) == [(2001, 4)]
    assert content(wechat) == {"cur_status": 4, "wxa_path_query": page}
    move(order, "received")
    assert cards.push_due() == 0
    assert (card().state, card().shown, wechat.calls(PUT)) == ("over", 4, 3)


def test_goods_to_be_fetched_are_said_to_be_paid_and_no_more(wechat: Platform, order: Order) -> None:
    Order.objects.filter(id=order.id).update(delivery_method="pickup", delivery="awaiting_pickup")
    cards.follow(order.id)
    assert cards.push_due() == 1 and shown(wechat) == [(2002, 1)]
    move(order, "picked")
    assert cards.push_due() == 0 and shown(wechat) == [(2002, 1)]
    assert card().state == "over"


def test_what_moved_before_the_first_card_comes_as_its_next_step(wechat: Platform, order: Order) -> None:
    Order.objects.filter(id=order.id).update(delivery="received")
    cards.follow(order.id)
    assert cards.push_due() == 1 and shown(wechat) == [(2001, 1)]
    assert cards.push_due() == 1 and shown(wechat) == [(2001, 4)]
    assert card().state == "over"


def test_nothing_a_card_lacks_leaves_the_house(
    wechat: Platform, order: Order, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(config(), "public_url", "http://shop.example")
    cards.follow(order.id)
    assert cards.push_due() == 0
    assert (card().state, wechat.calls(PUT)) == ("failed", 0) and "product_img" in card().error


def test_a_payment_not_known_yet_is_asked_for_a_minute_later(wechat: Platform, order: Order) -> None:
    wechat.fault("card_not_visible")
    cards.follow(order.id)
    assert cards.push_due() == 0 and shown(wechat) == []
    assert (card().state, card().tries) == ("waiting", 1)
    assert cards.push_due() == 0 and wechat.calls(PUT) == 1
    with frozen(now() + timedelta(seconds=61)):
        assert cards.push_due() == 1
    assert shown(wechat) == [(2001, 1)]


def test_a_day_after_paying_no_card_begins(wechat: Platform, order: Order) -> None:
    cards.follow(order.id)
    with frozen(now() + timedelta(hours=25)):
        assert cards.push_due() == 0
    assert (card().state, wechat.calls(PUT)) == ("failed", 0)


def test_switched_off_or_paid_elsewhere_there_is_none(
    wechat: Platform, order: Order, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(config(), "wechat_service_cards", False)
    cards.follow(order.id)
    assert ServiceCard.objects.count() == 0 and cards.push_due() == 0
    monkeypatch.setattr(config(), "wechat_service_cards", True)
    PaymentAttempt.objects.update(appid="wxoa")
    cards.follow(order.id)
    assert ServiceCard.objects.count() == 0


@pytest.mark.parametrize(
    ("code", "state"),
    one_of_each([
        ("85431", "waiting"), ("45009", "waiting"), ("-1", "waiting"), ("85437", "waiting"), ("85449", "waiting"),
        ("85436", "over"), ("85438", "over"), ("85448", "shown"), ("40003", "failed"), ("85433", "failed"),
        ("85434", "failed"), ("85435", "failed"), ("85439", "failed"), ("85440", "failed"), ("85441", "failed"),
        ("85442", "failed"), ("85443", "failed"), ("85444", "failed"), ("85461", "failed"), ("85462", "failed"),
        ("85470", "failed"), ("85471", "failed"), ("48001", "failed"),
    ], slice(1, None)),
)  # fmt: skip
def test_every_documented_refusal(wechat: Platform, order: Order, code: str, state: str) -> None:
    wechat.fault("wechat_code", value=code, operation=PUT, times=2)
    cards.follow(order.id)
    cards.push_due()
    assert card().state == state
    assert (card().error == "") == (state == "shown")


@pytest.mark.parametrize(
    ("code", "state"),
    [("-10001", "shown"), ("-10002", "shown"), ("-1003", "failed"), ("-1004", "failed"), ("-1005", "shown"), ("-7", "shown")],
)  # fmt: skip
def test_a_card_its_buyer_was_not_told_of(wechat: Platform, order: Order, code: str, state: str) -> None:
    cards.follow(order.id)
    cards.push_due()
    told = {
        "notify_code": "p1.42001",
        "notify_type": 2001,
        "card_status": 1,
        "fail_ret": int(code),
        "fail_msg": "no",
    }
    for number in ("p1.42002", "p1.42001"):
        content = told | {"notify_code": number}
        card_fared(Push(1, "notify_service_msg_send_result", "oBuyer", now(), content))
        assert bool(card().error) == (number == "p1.42001")
    assert card().state == state
    assert card().error == cards.NOT_TOLD.get(code, "没有通知到买家（-7 no）")
    move(order, "shipped")
    assert cards.push_due() == (1 if state == "shown" else 0)


def test_the_client_tells_refusals_apart(wechat: Platform, order: Order) -> None:
    client = CardsClient(wechat.settings(), MemoryTokenStore(), transport=wechat.transport)
    openid = wechat.world.openid_of(config().wechat_mini_appid, "小雁")
    values: dict[str, Any] = {
        "openid": openid, "transaction_id": "42001", "kind": 2001, "step": 2, "page": "pages/order/index?id=1",
        "title": "葡萄", "picture": "https://shop.example/a.jpg", "count": 1, "paid_fen": order.total_fen, "paid_at": now(),
    }  # fmt: skip
    with pytest.raises(CardRefused) as refused:
        client.put(Card(**values | {"paid_fen": 1}), first=True)
    assert (refused.value.kind, refused.value.provider_code) == ("invalid", "85433")
    client.put(Card(**values), first=True)
    client.put(Card(**values), first=False)
    wechat.fault("wechat_code", value="85431", operation=PUT)
    with pytest.raises(GatewayUnavailable):
        client.put(Card(**values | {"step": 3}), first=False)
    wechat.fault("wechat_code", value="48001", operation=PUT)
    with pytest.raises(GatewayRefused):
        client.put(Card(**values | {"step": 3}), first=False)
    assert shown(wechat) == [(2001, 2)]
