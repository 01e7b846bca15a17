"""One permit is one subscription message: none is lost to a crash or a lost answer, none is spent twice."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta

import pytest
from django.conf import settings
from django.db import transaction

from races.racing import Guard, together, unconstrained, without
from yantuan.gateways.errors import GatewayError, GatewayRefused, GatewayThrottled, GatewayUnavailable
from yantuan.gateways.wechat_api import ConsentMissing
from yantuan.identity import gateway as identity_gateway
from yantuan.identity.models import Channel, Person
from yantuan.kernel import faults, outbox
from yantuan.kernel.clock import frozen, now
from yantuan.kernel.config import config
from yantuan.leaders.models import Leader
from yantuan.notices import actions, permits, sending
from yantuan.notices.models import Consent, Delivery
from yantuan.notices.rules import MAX_TRIES, Words
from yantuan.notices.schemas import ChannelIn
from yantuan.stores.models import Store

pytestmark = pytest.mark.django_db(transaction=True)
TEMPLATE = "template-of-new-orders"
on_postgres = pytest.mark.skipif(
    "postgresql" not in settings.DATABASES["default"]["ENGINE"], reason="races need --db=postgres"
)


class Mini:
    """WeChat as far as messages go: keeps what it delivered, raises what `trouble` holds, before or after delivering."""

    def __init__(self) -> None:
        self.sent: list[str] = []
        self.data: Mapping[str, str] = {}
        self.trouble: GatewayError | None = None
        self.answer_lost = False

    def send_subscribe_message(
        self,
        openid: str,
        template_id: str,
        data: Mapping[str, str],
        *,
        page: str = "",
        state: str = "formal",
    ) -> str:
        assert (openid, template_id) == ("openid-of-leader", TEMPLATE)
        if self.trouble is not None and not self.answer_lost:
            raise self.trouble
        self.sent.append(next(iter(data.values())))
        self.data = data
        if self.trouble is not None:
            raise self.trouble
        return "1"


@pytest.fixture
def mini(monkeypatch: pytest.MonkeyPatch) -> Iterator[Mini]:
    double = Mini()
    monkeypatch.setattr(identity_gateway, "mini", lambda: double)
    monkeypatch.setattr(config(), "wechat_template_new_order", TEMPLATE)
    monkeypatch.setattr(config(), "wechat_mini_appid", "mini-app")
    yield double


@pytest.fixture
def store(mini: Mini) -> Store:
    """Its leader signed in by the mini-program and switched subscription messages on; no permit yet."""
    person = Person.objects.create(nickname="林小满", created_at=now())
    leader = Leader.objects.create(person=person, certification="approved", created_at=now())
    Channel.objects.create(
        person=person, kind="mini", appid="mini-app", openid="openid-of-leader", created_at=now()
    )
    return _store(leader, "shop1")


def _store(leader: Leader, code: str) -> Store:
    store = Store.objects.create(leader=leader, code=code, name="小店", created_at=now(), updated_at=now())
    actions.save_channel(leader.person, store, "subscribe", ChannelIn(enabled=True))
    return store


def _give(store: Store, count: int) -> None:
    for _ in range(count):
        actions.add_consent(store.leader.person, TEMPLATE, accepted=True)


def _left() -> int:
    return Consent.objects.get().permits


def _tell(store: Store, number: int, moment: datetime | None = None) -> None:
    """Queue one message; nothing is sent."""
    with frozen(moment or now()):
        words = Words(f"新订单 #{number}", "葡萄", 1000)
        actions.tell_leader(store, "order_paid", words, f"paid:{number}")


def _send(store: Store, moment: datetime | None = None) -> None:
    with frozen(moment or now() + timedelta(hours=1)):
        sending.deliver("subscribe", str(store.id))


def _rows() -> list[tuple[str, int, bool]]:
    return list(Delivery.objects.order_by("id").values_list("state", "tries", "permit_bound"))


def test_a_message_sent_costs_one_permit(store: Store, mini: Mini) -> None:
    _give(store, 2)
    _tell(store, 1)
    outbox.drain()
    assert (mini.sent, _left(), _rows()) == (["新订单 #1"], 1, [("sent", 1, True)])


def test_the_values_go_by_the_templates_own_names(
    store: Store, mini: Mini, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(config(), "wechat_template_new_order_keys", "thing7 amount12 time3")
    _give(store, 1)
    _tell(store, 1)
    outbox.drain()
    assert list(mini.data) == ["thing7", "amount12", "time3"]
    assert (mini.data["thing7"], mini.data["amount12"]) == ("新订单 #1", "10.00元")


def test_without_a_permit_nothing_is_asked(store: Store, mini: Mini) -> None:
    actions.add_consent(store.leader.person, TEMPLATE, accepted=False)
    _tell(store, 1)
    outbox.drain()
    row = Delivery.objects.get()
    assert (mini.sent, row.state, row.error, row.permit_bound) == ([], "failed", sending.NO_PERMIT, False)
    assert Consent.objects.count() == 0


def test_a_burst_costs_one_permit(store: Store, mini: Mini) -> None:
    _give(store, 5)
    for n in range(1, 4):
        _tell(store, n)
    _send(store)
    assert (len(mini.sent), _left()) == (1, 4)
    assert _rows() == [("sent", 1, True), ("gathered", 0, False), ("gathered", 0, False)]


@pytest.mark.parametrize("lost", [False, True])
def test_a_retry_takes_no_second_permit(store: Store, mini: Mini, lost: bool) -> None:
    """Whether WeChat got nothing or only its answer was lost."""
    _give(store, 1)
    _tell(store, 1)
    mini.trouble, mini.answer_lost = GatewayUnavailable("wechat", "ReadTimeout"), lost
    start = now()
    for n in range(3):
        _send(store, start + timedelta(hours=n))
    assert (_left(), _rows()) == (0, [("waiting", 3, True)])
    mini.trouble = None
    _send(store, start + timedelta(hours=4))
    assert (_left(), _rows()) == (0, [("sent", 4, True)])


@pytest.mark.parametrize("point", ["notices.subscribe.before_call", "notices.subscribe.after_call"])
def test_a_crash_around_the_call_takes_no_second_permit(
    store: Store, mini: Mini, monkeypatch: pytest.MonkeyPatch, point: str
) -> None:
    """The process dies at the point: nothing is noted, the claim runs out, another process takes the message up."""
    _give(store, 1)
    _tell(store, 1)

    def die(name: str) -> None:
        if name == point:
            raise SystemExit(faults.KILLED)

    with monkeypatch.context() as dying:
        dying.setattr(faults, "point", die)
        with pytest.raises(SystemExit):
            _send(store, now())
    assert (_left(), _rows()) == (0, [("waiting", 0, True)])
    _send(store, now() + timedelta(seconds=sending.CLAIM_SECONDS + 1))
    assert (_left(), _rows()) == (0, [("sent", 1, True)])
    assert mini.sent == ["新订单 #1"] * (1 if point.endswith("before_call") else 2)


def test_messages_that_were_tried_alone_need_one_permit_together(store: Store, mini: Mini) -> None:
    """The second came while the first paused, each got its permit; as one message they give one back."""
    _give(store, 2)
    mini.trouble = GatewayUnavailable("wechat", "ConnectTimeout", sent=False)
    start = now()
    _tell(store, 1, start)
    _send(store, start)
    with frozen(start):
        Delivery.objects.update(due_at=start + timedelta(seconds=200))
    _tell(store, 2, start + timedelta(seconds=100))
    _send(store, start + timedelta(seconds=130))
    assert (_left(), _rows()) == (0, [("waiting", 1, True), ("waiting", 1, True)])
    mini.trouble = None
    _send(store, start + timedelta(hours=1))
    assert len(mini.sent) == 1
    assert (_left(), _rows()) == (1, [("sent", 2, True), ("gathered", 1, False)])


def test_a_refusal_that_used_nothing_gives_the_permit_back(store: Store, mini: Mini) -> None:
    _give(store, 1)
    _tell(store, 1)
    mini.trouble = GatewayRefused("wechat", "47003", "argument invalid")
    _send(store)
    assert (mini.sent, _left(), _rows()) == ([], 1, [("failed", 1, False)])


def test_giving_up_gives_the_permit_back(store: Store, mini: Mini) -> None:
    _give(store, 1)
    _tell(store, 1)
    mini.trouble = GatewayThrottled("wechat", "45009", "reach max api daily quota limit")
    start = now()
    for n in range(MAX_TRIES):
        assert (_left(), _rows()) == (1 if n == 0 else 0, [("waiting", n, n > 0)])
        _send(store, start + timedelta(hours=n))
    assert (mini.sent, _left(), _rows()) == ([], 1, [("failed", MAX_TRIES, False)])


def test_wechat_knows_best_that_there_is_none(store: Store, mini: Mini) -> None:
    """43101: the permits we thought to have are gone, but for one given after we asked."""
    _give(store, 3)
    _tell(store, 1)
    mini.trouble = ConsentMissing("wechat", "43101", "user refuse to accept the msg")
    _send(store)
    row = Delivery.objects.get()
    assert (_left(), _rows(), row.error) == (0, [("failed", 1, False)], sending.NO_PERMIT)
    asked_at = now()
    _give(store, 1)
    permits.run_out([row], store.leader.person_id, TEMPLATE, asked_at)
    assert _left() == 1


def test_a_token_renewed_by_another_process_is_no_refusal(store: Store, mini: Mini) -> None:
    _give(store, 1)
    _tell(store, 1)
    mini.trouble = GatewayRefused("wechat", "40001", "invalid credential")
    _send(store, now())
    assert (_left(), _rows()) == (0, [("waiting", 1, True)])
    mini.trouble = None
    _send(store)
    assert (_left(), _rows()) == (0, [("sent", 2, True)])


def test_one_who_is_late_changes_nothing_of_what_another_sent(store: Store, mini: Mini) -> None:
    """A claim ran out under a slow call; the other process has sent the message when this one's call fails at last."""
    _give(store, 2)
    _tell(store, 1)
    slow = list(Delivery.objects.all())
    _send(store)
    assert (_left(), _rows()) == (1, [("sent", 1, True)])
    sending._fail(slow, "迟到")
    sending._put_back(slow, sending._BROKEN)
    assert (_left(), _rows()) == (1, [("sent", 1, True)])
    assert Delivery.objects.get().error == ""


def test_bound_and_noted_in_one_transaction(store: Store) -> None:
    """What fails behind the spending takes it back."""
    _give(store, 1)
    _tell(store, 1)
    with pytest.raises(RuntimeError), transaction.atomic():
        assert permits.bind(list(Delivery.objects.all()), store.leader.person_id, TEMPLATE)
        raise RuntimeError("the database went away")
    assert (_left(), _rows()) == (1, [("waiting", 0, False)])


LAST = Guard(
    re.compile('^UPDATE "notices_consent"'), re.compile(r'"notices_consent"\."permits" >= \d+'), "1 = 1"
)
"""The look at how many are left, in the update that takes one."""


def _race(store: Store) -> list[str]:
    """Two stores of one leader send at one instant, with one permit left; the states of their messages."""
    stores = [store, _store(store.leader, "shop2")]
    _give(store, 1)
    for n, one in enumerate(stores):
        _tell(one, n)
    ends = together([lambda one=one: sending.deliver("subscribe", str(one.id)) for one in stores])  # type: ignore[misc]
    assert ends == [None, None]
    return sorted(Delivery.objects.values_list("state", flat=True))


@on_postgres
def test_two_messages_race_for_the_last_permit(store: Store, mini: Mini) -> None:
    for _ in range(10):
        assert _race(store) == ["failed", "sent"]
        assert (_left(), len(mini.sent)) == (0, 1)
        assert Delivery.objects.filter(permit_bound=True).count() == 1
        Delivery.objects.all().delete()
        Consent.objects.all().delete()
        Store.objects.exclude(id=store.id).delete()
        mini.sent.clear()


@on_postgres
def test_without_the_look_both_would_take_it(store: Store, mini: Mini) -> None:
    """Negative control."""
    with without(LAST), unconstrained("notices_consent", "notices_consent_permits_check"):
        assert _race(store) == ["sent", "sent"]
        assert _left() == -1
        Consent.objects.all().delete()
