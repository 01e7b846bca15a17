"""When a leader is told: at once, gathered, not at night; and never more than a robot takes."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from notices.test_notices import ROBOT, Robot
from yantuan.identity.models import Person
from yantuan.kernel import outbox
from yantuan.kernel.clock import CHINA, frozen, now
from yantuan.leaders.models import Leader
from yantuan.notices import actions, jobs, pace, queries, sending
from yantuan.notices.models import Delivery, RobotPace, StoreHours
from yantuan.notices.rules import MARKDOWN_BYTES, Words, allowed_at, markdown
from yantuan.notices.schemas import ChannelIn, HoursIn
from yantuan.stores.models import Store

NIGHT = (22 * 60 + 30, 7 * 60 + 30)
OFF = (None, None)
MOMENTS = st.integers(1_767_225_600, 1_798_761_600).map(lambda seconds: datetime.fromtimestamp(seconds, UTC))
MINUTES = st.integers(0, 24 * 60 - 1)


def at(hour: int, minute: int = 0) -> datetime:
    return datetime(2026, 11, 23, hour, minute, tzinfo=CHINA)


@pytest.mark.parametrize(
    ("moment", "kind", "digest", "quiet", "urgent", "due"),
    [
        (at(12, 1), "order_paid", "none", OFF, True, at(12, 1)),
        (at(12, 1), "order_paid", "none", NIGHT, True, at(12, 1)),
        (at(22, 30), "order_paid", "none", NIGHT, True, at(7, 30) + timedelta(days=1)),
        (at(3), "order_paid", "none", NIGHT, True, at(7, 30)),
        (at(7, 30), "order_paid", "none", NIGHT, True, at(7, 30)),
        (at(3), "refund_trouble", "daily", NIGHT, True, at(3)),
        (at(3), "refund_trouble", "daily", NIGHT, False, at(7, 30)),
        (at(3), "test", "daily", NIGHT, False, at(3)),
        (at(12, 1), "order_paid", "hourly", OFF, True, at(13)),
        (at(12), "order_paid", "hourly", OFF, True, at(12)),
        (at(12, 1), "order_paid", "daily", OFF, True, at(20)),
        (at(20, 1), "order_paid", "daily", OFF, True, at(20) + timedelta(days=1)),
        (at(22, 1), "order_paid", "hourly", NIGHT, True, at(7, 30) + timedelta(days=1)),
        (at(13), "order_paid", "none", (12 * 60, 14 * 60), True, at(14)),
        (at(13), "order_paid", "none", (60, 60), True, at(13)),
    ],
)
def test_when_a_message_may_go_out(
    moment: datetime,
    kind: str,
    digest: str,
    quiet: tuple[int | None, int | None],
    urgent: bool,
    due: datetime,
) -> None:
    assert allowed_at(moment, kind, digest, quiet, urgent) == due


@given(MOMENTS, st.sampled_from(["none", "hourly", "daily"]), MINUTES, MINUTES)
def test_never_earlier_never_in_the_quiet_and_never_later_than_two_days(
    moment: datetime, digest: str, start: int, end: int
) -> None:
    due = allowed_at(moment, "order_paid", digest, (start, end), True)
    assert moment <= due <= moment + timedelta(days=2)
    local = due.astimezone(CHINA)
    minute = local.hour * 60 + local.minute
    inside = start <= minute < end if start < end else start != end and (minute >= start or minute < end)
    assert not inside


@given(st.text(max_size=60), st.text(max_size=4000), st.integers(0, 3))
def test_a_robots_message_keeps_its_link_and_fits(title: str, body: str, times: int) -> None:
    text = markdown(Words(title, body * (times + 1)), "https://shop.example/pages/orders/index")
    assert len(text.encode()) <= MARKDOWN_BYTES
    assert text.endswith("\n[打开订单](https://shop.example/pages/orders/index)")


@pytest.fixture
def store(db: None) -> Store:
    who = Person.objects.create(nickname="林小满", created_at=now())
    leader = Leader.objects.create(person=who, certification="approved", created_at=now())
    made = Store.objects.create(leader=leader, code="shop1", name="小店", created_at=now(), updated_at=now())
    actions.save_channel(who, made, "wecom", ChannelIn(enabled=True, target=ROBOT))
    return made


@pytest.fixture
def robot(monkeypatch: pytest.MonkeyPatch) -> Robot:
    double = Robot()
    monkeypatch.setattr(sending, "robot", lambda: double)
    return double


def tell(store: Store, kind: str, number: int) -> None:
    actions.tell_leader(store, kind, Words(f"新订单 #{number}", "葡萄 ×1", 3990), f"{kind}:{number}")
    outbox.drain()


def test_the_night_is_quiet_and_the_morning_brings_one_message(store: Store, robot: Robot) -> None:
    hours = HoursIn(quiet_from=NIGHT[0], quiet_to=NIGHT[1])
    actions.save_hours(store.leader.person, store, hours)
    assert queries.hours(store).model_dump() == hours.model_dump()
    for number in range(3):
        with frozen(at(23) + timedelta(minutes=number * 30)):
            tell(store, "order_paid", number)
            jobs.deliver_due()
    assert robot.sent == []
    with frozen(at(0, 30) + timedelta(days=1)):
        tell(store, "refund_trouble", 9)
    assert len(robot.sent) == 1 and "#9" in robot.sent[0]
    with frozen(at(7, 30) + timedelta(days=1)):
        jobs.deliver_due()
    assert len(robot.sent) == 2 and "3 条新消息" in robot.sent[1]
    assert Delivery.objects.filter(state="waiting").count() == 0


def test_a_digest_gathers_an_hour_and_a_test_does_not_wait(store: Store, robot: Robot) -> None:
    who = store.leader.person
    actions.save_channel(who, store, "wecom", ChannelIn(enabled=True, digest="hourly"))
    assert queries.channel_out(store, "wecom").digest == "hourly"
    for number in (1, 2):
        with frozen(at(12, number * 10)):
            tell(store, "order_paid", number)
    with frozen(at(12, 40)):
        actions.send_test(store, "wecom")
        outbox.drain()
        jobs.deliver_due()
    with frozen(at(12, 41)):
        jobs.deliver_due()
    assert len(robot.sent) == 1 and "测试消息" in robot.sent[0]
    with frozen(at(13)):
        jobs.deliver_due()
    assert len(robot.sent) == 2 and "2 条新消息，共 ¥79.80" in robot.sent[1]
    actions.save_channel(who, store, "wecom", ChannelIn(enabled=True))
    assert queries.channel_out(store, "wecom").digest == "hourly"


def test_half_a_quiet_time_is_none(store: Store) -> None:
    with pytest.raises(ValueError, match="belong together"):
        HoursIn(quiet_from=60)
    assert StoreHours.objects.count() == 0


def test_a_robot_takes_twenty_a_minute_from_all_of_us(db: None) -> None:
    start = at(12)
    for second in range(pace.PER_MINUTE):
        with frozen(start + timedelta(seconds=second)):
            assert pace.take("key-1") == 0
    with frozen(start + timedelta(seconds=30)):
        assert pace.take("key-1") == 31
        assert pace.take("key-2") == 0
    with frozen(start + timedelta(seconds=61)):
        assert pace.take("key-1") == 0
        assert pace.take("key-1") > 0
    assert "key-1" not in str(list(RobotPace.objects.values()))


def test_a_full_robot_makes_wait_without_counting_a_failure(store: Store, robot: Robot) -> None:
    with frozen(at(12)):
        key = sending.unseal("channel", store_target(store))
        for _ in range(pace.PER_MINUTE):
            assert pace.take(key) == 0
        tell(store, "order_paid", 1)
        row = Delivery.objects.get()
        assert (row.state, row.tries, row.error, robot.sent) == ("waiting", 0, "", [])
        assert row.due_at == at(12) + timedelta(seconds=61)
    with frozen(at(12, 2)):
        jobs.deliver_due()
    assert len(robot.sent) == 1 and Delivery.objects.get().state == "sent"


def store_target(store: Store) -> str:
    return str(actions.LeaderChannel.objects.get(store_id=store.id, kind="wecom").target_sealed)
