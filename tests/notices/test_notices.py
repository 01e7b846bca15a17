"""Messages: once each, bursts gathered, failures visible, live to open apps."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import timedelta

import pytest

from yantuan.gateways.email import MailLoginRefused
from yantuan.gateways.errors import GatewayThrottled, GatewayUnavailable
from yantuan.gateways.wecom import RobotGone
from yantuan.kernel import outbox
from yantuan.kernel.clock import frozen, now
from yantuan.kernel.config import config
from yantuan.kernel.errors import Invalid
from yantuan.kernel.models import OutboxEvent
from yantuan.leaders import actions as leader_actions
from yantuan.notices import actions, jobs, queries, sending
from yantuan.notices.models import Delivery, InboxMessage, LeaderChannel
from yantuan.notices.rules import MAX_TRIES, Words, due_at, gathered, pause
from yantuan.notices.schemas import ChannelIn, ReadIn
from yantuan.stores import actions as store_actions
from yantuan.stores.models import Store

pytestmark = pytest.mark.django_db(transaction=True)
ROBOT = "https://qyapi.example/cgi-bin/webhook/send?key=693a91f6-7xxx-4bc4-97a0-0ec2sifa5aaa"
TOO_MANY = GatewayThrottled("wecom", "45009", "api freq out of limit")


class Robot:
    """Records what is posted; raises what `trouble` holds."""

    def __init__(self) -> None:
        self.sent: list[str] = []
        self.trouble: Exception | None = None

    def send_text(self, key: str, content: str, *, mentioned_mobiles: Sequence[str] = ()) -> None:
        raise AssertionError("messages to leaders are markdown")

    def send_markdown(self, key: str, content: str) -> None:
        if self.trouble:
            raise self.trouble
        self.sent.append(content)


@pytest.fixture
def robot(monkeypatch: pytest.MonkeyPatch) -> Iterator[Robot]:
    double = Robot()
    monkeypatch.setattr(sending, "robot", lambda: double)
    yield double


@pytest.fixture
def wecom(store: Store) -> LeaderChannel:
    return actions.save_channel(store.leader.person, store, "wecom", ChannelIn(enabled=True, target=ROBOT))


def test_the_target_is_sealed_and_only_hinted(wecom: LeaderChannel) -> None:
    assert wecom.target_hint == "…5aaa"
    assert "693a91f6" not in wecom.target_sealed


@pytest.mark.parametrize(
    ("kind", "target"),
    [("wecom", "http://127.0.0.1/?x=1"), ("email", "a@b"), ("email", "a@b.cn\nBcc: c@d.cn")],
)
def test_a_target_that_cannot_be_one_is_refused(store: Store, kind: str, target: str) -> None:
    with pytest.raises(Invalid):
        actions.save_channel(store.leader.person, store, kind, ChannelIn(enabled=True, target=target))
    assert LeaderChannel.objects.filter(enabled=True).count() == 0


def test_one_event_is_one_message_however_often_it_is_told(
    store: Store, wecom: LeaderChannel, robot: Robot
) -> None:
    for _ in range(3):
        actions.tell_leader(store, "order_paid", Words("新订单 #1 ¥39.90", "葡萄 ×1", 3990), "paid:1")
    outbox.drain()
    assert robot.sent == [f"**新订单 #1 ¥39.90**\n> 葡萄 ×1\n[打开订单]({_orders_link()})"]
    assert InboxMessage.objects.count() == 1
    assert list(Delivery.objects.values_list("state", "tries")) == [("sent", 1)]


def _orders_link() -> str:
    return "http://127.0.0.1:8000/pages/orders/index"


def test_a_burst_becomes_two_messages(store: Store, wecom: LeaderChannel, robot: Robot) -> None:
    """The first at once, everything within the next seconds as one."""
    start = now()
    with frozen(start):
        actions.tell_leader(store, "order_paid", Words("新订单 #1 ¥10.00", "", 1000), "paid:1")
        outbox.drain()
    for n in range(2, 42):
        with frozen(start + timedelta(milliseconds=10 * n)):
            actions.tell_leader(store, "order_paid", Words(f"新订单 #{n} ¥10.00", "", 1000), f"paid:{n}")
    with frozen(start + timedelta(seconds=21)):
        outbox.drain()
    assert len(robot.sent) == 2
    assert robot.sent[1].startswith("**40 条新消息，共 ¥400.00**")
    assert "还有 32 条" in robot.sent[1]
    assert Delivery.objects.filter(state="gathered").count() == 39
    assert InboxMessage.objects.count() == 41


def test_a_provider_that_is_away_is_tried_again(store: Store, wecom: LeaderChannel, robot: Robot) -> None:
    robot.trouble = GatewayUnavailable("wecom", "timeout")
    actions.tell_leader(store, "order_paid", Words("新订单", "", None), "paid:1")
    outbox.drain()
    row = Delivery.objects.get()
    assert (row.state, row.tries) == ("waiting", 1)
    robot.trouble = None
    with frozen(now() + timedelta(minutes=2)):
        sending.deliver("wecom", str(store.id))
    assert len(robot.sent) == 1
    row.refresh_from_db()
    assert row.state == "sent"


def test_a_robot_that_is_gone_fails_visibly_and_is_not_asked_again(
    store: Store, wecom: LeaderChannel, robot: Robot
) -> None:
    robot.trouble = RobotGone("wecom", "93000", "invalid webhook url")
    actions.tell_leader(store, "order_paid", Words("新订单", "", None), "paid:1")
    outbox.drain()
    row = queries.deliveries(store, "").items[0]
    assert (row.state, row.state_label) == ("failed", "发送失败")
    assert row.error != ""
    assert OutboxEvent.objects.exclude(state="done").count() == 0


def test_a_refused_mail_login_is_tried_again_and_shown_at_the_channel(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    mailed: list[str] = []
    wrong = True

    class Post:
        def send(self, to: str, subject: str, text: str, **more: str) -> str:
            if wrong:
                raise MailLoginRefused(535)
            mailed.append(subject)
            return "<1@box>"

    monkeypatch.setattr(sending, "mail", Post)
    monkeypatch.setattr(config(), "smtp_host", "mail.example.com")
    person = store.leader.person
    actions.save_channel(person, store, "email", ChannelIn(enabled=True, target="leader@example.com"))
    assert queries.channel_out(store, "email").problem == ""
    actions.tell_leader(store, "order_paid", Words("新订单", "", None), "paid:1")
    outbox.drain()
    row = Delivery.objects.get()
    assert (row.state, row.tries) == ("waiting", 1)
    shown = queries.channel_out(store, "email")
    assert "账号或密码" in shown.problem and "自动补发" in shown.problem
    assert [queries.channel_out(store, kind).problem for kind in ("wecom", "subscribe")] == ["", ""]
    wrong = False
    with frozen(now() + timedelta(minutes=1)):
        sending.deliver("email", str(store.id))
    assert mailed == ["[小店] 新订单"]
    assert queries.channel_out(store, "email").problem == ""


def test_a_channel_switched_off_gets_nothing(store: Store, wecom: LeaderChannel, robot: Robot) -> None:
    actions.save_channel(store.leader.person, store, "wecom", ChannelIn(enabled=False))
    actions.tell_leader(store, "order_paid", Words("新订单", "", None), "paid:1")
    outbox.drain()
    assert robot.sent == []
    assert InboxMessage.objects.count() == 1


def test_reading_is_per_side_and_up_to_a_message(store: Store) -> None:
    person = store.leader.person
    for n in range(3):
        actions.post(person.id, "leader", "x", Words(f"m{n}", ""), f"l{n}")
    actions.post(person.id, "buyer", "x", Words("b", ""), "b")
    second = InboxMessage.objects.filter(role="leader").order_by("id")[1]
    actions.mark_read(person, ReadIn(role="leader", up_to=second.id))
    counts = queries.unread(person.id)
    assert (counts.leader, counts.buyer) == (1, 1)
    page = queries.messages(person, "leader", "")
    assert [m.read for m in page.items] == [False, True, True]


def test_due_times_and_gathering_are_exact() -> None:
    start = now()
    gather = timedelta(seconds=20)
    assert due_at(start, None, gather) == start
    assert due_at(start, start - timedelta(seconds=20), gather) == start
    assert due_at(start, start - timedelta(seconds=5), gather) == start + timedelta(seconds=15)
    assert gathered([Words("a", "b", 1)]) == Words("a", "b", 1)
    assert gathered([Words("a", ""), Words("c", "")]) == Words("2 条新消息", "· a\n· c", None)


@pytest.mark.parametrize("what", ["leader", "store"])
def test_a_leader_hears_of_a_stop_and_its_reason_and_of_its_end(
    store: Store, wecom: LeaderChannel, robot: Robot, what: str
) -> None:
    stop, go = (
        (leader_actions.suspend_leader, leader_actions.restore_leader)
        if what == "leader"
        else (store_actions.suspend_store, store_actions.restore_store)
    )
    target = store.leader.id if what == "leader" else store.id
    for _ in range(2):
        stop(target, "资料过期", 1)
    outbox.drain()
    go(target, "资料已补", 1)
    with frozen(now() + timedelta(minutes=1)):
        outbox.drain()
    bodies = list(InboxMessage.objects.order_by("id").values_list("role", "kind", "body"))
    assert bodies == [("leader", "selling", "资料过期"), ("leader", "selling", "资料已补")]
    assert [("暂停" in sent, "恢复" in sent) for sent in robot.sent] == [(True, False), (False, True)]


def test_what_fails_unexpectedly_is_tried_a_bounded_number_of_times(
    store: Store, wecom: LeaderChannel, robot: Robot
) -> None:
    robot.trouble = RuntimeError("a bug")
    actions.tell_leader(store, "order_paid", Words("新订单", "", None), "paid:1")
    moment = now()
    for _ in range(MAX_TRIES + 2):
        moment += timedelta(hours=1)
        with frozen(moment):
            sending.deliver("wecom", str(store.id))
    row = Delivery.objects.get()
    assert (row.state, row.tries, row.error) == ("failed", MAX_TRIES, "平台内部出错，消息没有发出")


def test_a_message_is_tried_for_a_day_and_at_least_every_quarter_of_an_hour() -> None:
    pauses = [pause(tries) for tries in range(1, MAX_TRIES)]
    assert pauses[:10] == [2, 4, 8, 16, 32, 64, 128, 256, 512, 900]
    assert max(pauses) == 900
    assert 24 * 3600 <= sum(pauses) < 25 * 3600
    assert pause(5000) == 900


@pytest.mark.parametrize("trouble", [GatewayUnavailable("wecom", "ReadError"), TOO_MANY])
def test_an_hour_without_the_channel_loses_nothing_and_ends_with_the_first_that_gets_through(
    store: Store, wecom: LeaderChannel, robot: Robot, trouble: Exception
) -> None:
    """NOT-01. What waits out a long pause comes as one message right behind the next new one."""
    robot.trouble = trouble
    start = now()
    for minute in range(60):
        moment = start + timedelta(minutes=minute)
        with frozen(moment):
            if minute % 20 == 0:
                words = Words(f"新订单 #{minute}", "", 1000)
                actions.tell_leader(store, "order_paid", words, f"paid:{minute}")
            jobs.deliver_due()
    assert robot.sent == []
    assert set(Delivery.objects.values_list("state", flat=True)) == {"waiting"}
    robot.trouble = None
    Delivery.objects.update(due_at=start + timedelta(minutes=70))
    with frozen(start + timedelta(minutes=61)):
        actions.tell_leader(store, "order_paid", Words("新订单 #99", "", 1000), "paid:99")
        Delivery.objects.filter(event_key="paid:99").update(due_at=now())
        jobs.deliver_due()
        jobs.deliver_due()
    assert [text.split("\n")[0] for text in robot.sent] == ["**新订单 #99**", "**3 条新消息，共 ¥30.00**"]
    assert not Delivery.objects.filter(state__in=["waiting", "failed"]).exists()
    assert OutboxEvent.objects.filter(state="dead").count() == 0


def test_one_recipient_in_trouble_holds_up_nobody(
    store: Store, wecom: LeaderChannel, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The worst kind, an error nobody foresaw, for the one whose turn is first."""
    other = Store.objects.create(
        leader=store.leader, code="shop2", name="新店", created_at=now(), updated_at=now()
    )
    actions.save_channel(store.leader.person, other, "wecom", ChannelIn(enabled=True, target=ROBOT))
    for one in (store, other):
        actions.tell_leader(one, "order_paid", Words(one.name, "", None), "paid:1")
    double = Robot()
    turns: list[Exception | None] = [RuntimeError("a bug"), None]

    def robot_in_turn() -> Robot:
        double.trouble = turns.pop(0)
        return double

    monkeypatch.setattr(sending, "robot", robot_in_turn)
    jobs.deliver_due()
    states = dict(Delivery.objects.values_list("recipient", "state"))
    assert states == {str(store.id): "waiting", str(other.id): "sent"}
