"""Subscription messages to buyers: which event gets the permit, what is in the message, and what each refusal changes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import factories as make
from sharing.miniworld import Platform
from yantuan.gateways.errors import GatewayRefused, GatewayThrottled
from yantuan.gateways.wechat_api import ConsentMissing
from yantuan.gateways.wechat_mini import MessageRefused, TemplateGone
from yantuan.identity.models import Channel
from yantuan.kernel import outbox
from yantuan.kernel.clock import now
from yantuan.kernel.config import WechatTemplate, config
from yantuan.notices import actions, permits, queries, reminding
from yantuan.notices.models import Consent, ConsentMark, Delivery, InboxMessage, TemplateTrouble
from yantuan.notices.pushes import consent_changed, message_fared, popup_answered
from yantuan.notices.rules import Words, may_spend
from yantuan.orders.models import Order
from yantuan.push.messages import Push

pytestmark = pytest.mark.django_db
EVENTS = ["paid", "unpaid", "shipped", "arrived", "refunded", "aftersale"]
ONE = "one-for-all"
FIELDS = {"thing1": "what", "character_string2": "number", "amount3": "sum", "time4": "time", "thing5": "goods", "phrase6": "status"}  # fmt: skip


@given(st.sampled_from(EVENTS), st.integers(0, 5), st.lists(st.sampled_from(EVENTS), max_size=6))
def test_the_last_permit_is_kept_for_what_matters_most(event: str, left: int, others: list[str]) -> None:
    spent = may_spend(event, left, [event, *others])
    assert not (spent and left == 0)
    assert spent or left <= 1
    if event in ("arrived", "shipped") or not others:
        assert spent == (left > 0)
    if event == "paid" and "arrived" in others:
        assert spent == (left > 1)


@pytest.fixture
def wechat(platform: Platform, monkeypatch: pytest.MonkeyPatch) -> Iterator[Platform]:
    """Every event uses one template, which WeChat has."""
    platform.control("POST", "/config", templates=[f"{ONE}={' '.join(FIELDS)}"])
    template = WechatTemplate(id=ONE, fields=FIELDS)  # type: ignore[arg-type]
    monkeypatch.setattr(config(), "wechat_templates", dict.fromkeys(EVENTS, template))
    yield platform


@pytest.fixture
def order(wechat: Platform) -> Order:
    seller = make.leader()
    store = make.store(seller)
    sale = make.group_buy(store, [make.product(store)])
    placed = make.order(sale, make.person("王小雁"))
    outbox.drain()
    Channel.objects.create(
        person=placed.person, kind="mini", appid=config().wechat_mini_appid, created_at=now(),
        openid=wechat.world.openid_of(config().wechat_mini_appid, "小雁"),
    )  # fmt: skip
    return placed


def allow(wechat: Platform, order: Order, times: int = 1) -> None:
    wechat.control("POST", "/consents", user="小雁", template_id=ONE, count=times)
    for _ in range(times):
        actions.add_consent(order.person, ONE, accepted=True)


def tell(order: Order, kind: str, key: str = "k") -> None:
    words = Words(f"订单 #{order.number} 有消息", order.goods_text, order.total_fen)
    actions.tell_buyer(order.person_id, kind, words, key, store_id=order.store_id, order_id=order.id)
    outbox.drain()


def inbox(wechat: Platform) -> list[Any]:
    return list(wechat.control("GET", "/inbox?channel=subscribe")["messages"])


def left(order: Order) -> int:
    return Consent.objects.get(person_id=order.person_id, template_id=ONE).permits


def test_a_message_says_what_the_template_asks_for(wechat: Platform, order: Order) -> None:
    allow(wechat, order)
    tell(order, "order_shipped")
    (sent,) = inbox(wechat)
    data = {name: value["value"] for name, value in sent["details"]["data"].items()}
    assert set(data) == set(FIELDS) and data["character_string2"] == str(order.number)
    assert data["phrase6"] == "已发货" and data["amount3"].endswith("元")
    assert sent["details"]["page"] == f"pages/order/index?id={order.id}"
    row = Delivery.objects.get(channel="buyer")
    assert (row.state, row.recipient, left(order)) == ("sent", f"{order.person_id}/shipped", 0)
    assert row.provider_id != ""
    assert queries.deliveries(order.store, None).items == []


def test_without_a_permit_only_the_app_tells(wechat: Platform, order: Order) -> None:
    tell(order, "order_shipped")
    assert Delivery.objects.count() == 0 and inbox(wechat) == []
    assert InboxMessage.objects.filter(person_id=order.person_id, kind="order_shipped").count() == 1


def test_the_only_permit_waits_for_the_goods(wechat: Platform, order: Order) -> None:
    allow(wechat, order)
    for kind in ("order_paid", "aftersale", "refund_done"):
        tell(order, kind, kind)
    assert inbox(wechat) == [] and left(order) == 1
    tell(order, "order_arrived")
    assert len(inbox(wechat)) == 1 and left(order) == 0


def test_taken_back_at_wechat_our_count_follows(wechat: Platform, order: Order) -> None:
    actions.add_consent(order.person, ONE, accepted=True)
    tell(order, "order_shipped")
    row = Delivery.objects.get(channel="buyer")
    assert (row.state, row.permit_bound, left(order), inbox(wechat)) == ("failed", False, 0, [])
    assert "次数" in row.error


@pytest.mark.parametrize("code", ["40037", "43107"])
def test_a_deleted_template_is_off_for_everybody_and_costs_no_permit(
    wechat: Platform, order: Order, code: str
) -> None:
    allow(wechat, order, 2)
    wechat.fault("wechat_code", value=code, operation="/cgi-bin/message/subscribe/send")
    tell(order, "order_shipped", "a")
    assert (Delivery.objects.get().state, left(order)) == ("failed", 2)
    assert list(TemplateTrouble.objects.values_list("template_id", "code")) == [(ONE, code)]
    assert queries.templates().buyer == []
    tell(order, "order_shipped", "b")
    assert Delivery.objects.count() == 1 and inbox(wechat) == []
    TemplateTrouble.objects.all().delete()
    assert queries.templates().buyer == [ONE]
    tell(order, "order_shipped", "c")
    assert len(inbox(wechat)) == 1 and left(order) == 1


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ("47003:argument invalid! data.thing1.value invalid", "（thing1）"),
        ("45168:hit sensitive word", "不允许的词"),
        ("41030:invalid page", "没有发布"),
        ("40003:invalid openid", "40003"),
    ],
)
def test_a_refused_content_says_which_field_and_frees_the_permit(
    wechat: Platform, order: Order, value: str, words: str
) -> None:
    allow(wechat, order)
    wechat.fault("wechat_code", value=value, operation="/cgi-bin/message/subscribe/send")
    tell(order, "order_shipped")
    row = Delivery.objects.get()
    assert row.state == "failed" and words in row.error and left(order) == 1
    assert TemplateTrouble.objects.count() == 0


@pytest.mark.parametrize(
    "value", ["43108:concurrent", "45009:quota", "-1:busy", "40164:invalid ip 203.0.113.9"]
)
def test_what_passes_is_tried_again_with_the_same_permit(wechat: Platform, order: Order, value: str) -> None:
    allow(wechat, order)
    wechat.fault("wechat_code", value=value, operation="/cgi-bin/message/subscribe/send")
    tell(order, "order_shipped")
    row = Delivery.objects.get()
    assert (row.state, row.permit_bound, row.tries, left(order)) == ("waiting", True, 1, 0)


def test_every_documented_refusal_has_its_type(platform: Platform) -> None:
    openid = platform.world.openid_of(platform.world.credentials.mini_appid, "小雁")
    mini = platform.mini()
    kinds: dict[str, type[GatewayRefused]] = {
        "40003": GatewayRefused, "40037": TemplateGone, "41030": MessageRefused, "43101": ConsentMissing,
        "43107": TemplateGone, "43108": GatewayThrottled, "45168": MessageRefused, "47003": MessageRefused,
    }  # fmt: skip
    for code, kind in kinds.items():
        platform.fault("wechat_code", value=code, operation="/cgi-bin/message/subscribe/send")
        with pytest.raises(kind) as refused:
            mini.send_subscribe_message(openid, "t", {"thing1": "x"})
        assert type(refused.value) is kind and refused.value.provider_code == code


def push(order: Order, event: str, number: int = 1, **entry: str) -> Push:
    fields = {"List": entry}
    openid = Channel.objects.get(person_id=order.person_id, kind="mini").openid
    return Push(number, event, openid, now(), fields)


def popup(order: Order, number: int, status: str = "accept") -> None:
    said = {"TemplateId": ONE, "SubscribeStatusString": status}
    popup_answered(push(order, "subscribe_msg_popup_event", number, **said))


def test_one_tap_told_by_two_witnesses_is_one_permit(order: Order) -> None:
    popup(order, 1)
    actions.add_consent(order.person, ONE, accepted=True)
    assert left(order) == 1
    actions.add_consent(order.person, ONE, accepted=True)
    popup(order, 2)
    popup(order, 2)
    assert left(order) == 2
    popup(order, 3, "reject")
    popup(order, 4)
    assert left(order) == 3
    assert permits.forget_marks() == 0 and ConsentMark.objects.count() == 5


def test_a_word_taken_back_leaves_none_but_what_was_given_since(order: Order) -> None:
    actions.add_consent(order.person, ONE, accepted=True)
    said = {"TemplateId": ONE, "SubscribeStatusString": "reject"}
    late = push(order, "subscribe_msg_change_event", **said)
    consent_changed(late)
    assert left(order) == 0


def test_a_message_that_did_not_arrive_is_not_called_sent(wechat: Platform, order: Order) -> None:
    allow(wechat, order)
    tell(order, "order_shipped")
    msgid = Delivery.objects.get().provider_id
    message_fared(push(order, "subscribe_msg_sent_event", MsgID=msgid, ErrorCode="0", ErrorStatus="success"))
    assert Delivery.objects.get().state == "sent"
    message_fared(
        push(order, "subscribe_msg_sent_event", MsgID=msgid, ErrorCode="10002", ErrorStatus="user block")
    )
    row = Delivery.objects.get()
    assert row.state == "failed" and "user block" in row.error


def test_an_order_about_to_close_is_reminded_once(wechat: Platform, order: Order) -> None:
    allow(wechat, order, 2)
    assert reminding.remind_unpaid() == 0
    moment = now()
    Order.objects.filter(id=order.id).update(
        payment_method="wechatpay",
        placed_at=moment - reminding.BEFORE * 2,
        expires_at=moment + reminding.BEFORE / 2,
    )
    assert reminding.remind_unpaid() == 1
    assert reminding.remind_unpaid() == 0
    outbox.drain()
    assert [one["details"]["data"]["phrase6"]["value"] for one in inbox(wechat)] == ["待支付"]


def test_templates_are_asked_for_by_what_matters_most(
    wechat: Platform, monkeypatch: pytest.MonkeyPatch
) -> None:
    chosen = {event: WechatTemplate(id=f"t-{event}", fields={"thing1": "what"}) for event in EVENTS}
    monkeypatch.setattr(config(), "wechat_templates", chosen)
    assert queries.templates().buyer == ["t-arrived", "t-shipped", "t-refunded"]
