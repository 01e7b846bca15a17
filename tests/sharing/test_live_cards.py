"""Cards that go on counting in the chats: WeChat's side first, then what the product makes of it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.test import Client

import factories as make
from sharing.miniworld import Platform
from thrift import one_of_each
from yantuan.gateways.errors import GatewayInvalid, GatewayRefused, GatewayThrottled, GatewayUnavailable
from yantuan.gateways.wechat_api import WeChatShutsUsOut
from yantuan.gateways.wechat_links import GATHERED_TEMPLATE, Activity, ActivityClosed, ActivityOver
from yantuan.groupbuys.models import GroupBuy
from yantuan.kernel.clock import frozen, now
from yantuan.kernel.config import config
from yantuan.sharing import gateway, live_cards
from yantuan.sharing.models import LiveCard

pytestmark = [pytest.mark.django_db, pytest.mark.urls("stores.shop_urls")]
CREATE, CHANGE = "/activityid/create", "/updatablemsg/send"
PAGE = "pages/g/index"


def activities(platform: Platform) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = platform.control("GET", "/links")["activities"]
    return found


class TestGateway:
    """The client against the simulator."""

    def test_an_activity_is_counted_and_closed(self, platform: Platform) -> None:
        client = platform.links("trial")
        made = client.create_activity()
        client.count_members(made.activity_id, members=3, room=50)
        (card,) = activities(platform)
        assert (card["state"], card["shown"]) == (0, {"member_count": "3", "room_limit": "50"})
        client.close_activity(made.activity_id, PAGE, {"code": "a b"})
        (card,) = activities(platform)
        assert (card["state"], card["changes"]) == (1, 2)
        assert card["shown"] == {"path": f"{PAGE}?code=a+b", "version_type": "trial"}
        with pytest.raises(ActivityClosed):
            client.count_members(made.activity_id, members=4, room=50)

    def test_what_is_unknown_or_older_than_a_day_is_over(self, platform: Platform) -> None:
        made = platform.links().create_activity()
        with pytest.raises(ActivityOver):
            platform.links().count_members("nothing", members=0, room=1)
        platform.control("POST", "/clock", offset_seconds=86_500)
        with pytest.raises(ActivityOver):
            platform.links().close_activity(made.activity_id, PAGE, {})

    @pytest.mark.parametrize(
        ("code", "kind"),
        [
            ("47501", ActivityOver), ("47502", ActivityClosed), ("47503", GatewayRefused), ("47504", ActivityOver),
            ("44002", GatewayRefused), ("47001", GatewayRefused), ("48001", GatewayRefused), ("45009", GatewayThrottled),
            ("45011", GatewayThrottled), ("40013", WeChatShutsUsOut), ("-1", GatewayUnavailable),
        ],
    )  # fmt: skip
    def test_every_documented_refusal_has_its_type(
        self, platform: Platform, code: str, kind: type[Exception]
    ) -> None:
        client = platform.links()
        made = client.create_activity()
        platform.fault("wechat_code", value=code, times=2)
        with pytest.raises(kind):
            client.count_members(made.activity_id, members=1, room=2)
        assert activities(platform)[0]["changes"] == 0

    def test_a_token_that_ran_out_is_renewed_and_nothing_is_lost(self, platform: Platform) -> None:
        client = platform.links()
        made = client.create_activity()
        platform.fault("wechat_code", value="42001", times=1)
        client.count_members(made.activity_id, members=1, room=2)
        assert activities(platform)[0]["shown"]["member_count"] == "1"

    def test_what_would_be_refused_is_not_sent(self, platform: Platform) -> None:
        client = platform.links()
        for wrong in (
            lambda: client.count_members("", members=1, room=2),
            lambda: client.count_members("a", members=-1, room=2),
            lambda: client.count_members("a", members=0, room=0),
            lambda: client.close_activity("a", "/pages/g/index", {}),
        ):
            with pytest.raises(GatewayInvalid):
                wrong()
        assert platform.control("GET", "/calls")["calls"] == []


@pytest.fixture
def code(platform: Platform, monkeypatch: pytest.MonkeyPatch) -> str:
    """A sale that ends in eight hours, with stock left."""
    monkeypatch.setattr(config(), "wechat_live_cards", True)
    store = make.store(make.leader())
    sale = make.group_buy(store, [make.product(store)])
    end_in(sale.code, timedelta(hours=8))
    return sale.code


def end_in(code: str, left: timedelta) -> None:
    GroupBuy.objects.filter(code=code).update(ends_at=now() + left)


def ask(code: str) -> dict[str, Any]:
    answer = Client().post(f"/api/g/{code}/live-card")
    assert answer.status_code == 200, answer.content
    found: dict[str, Any] = answer.json()
    return found


def order(code: str, name: str) -> None:
    sale = GroupBuy.objects.get(code=code)
    make.order(sale, make.person(name))


def card() -> LiveCard:
    return LiveCard.objects.get()


def later(minutes: float) -> datetime:
    return now() + timedelta(minutes=minutes)


def test_everybody_who_shares_a_sale_gets_the_same_activity(platform: Platform, code: str) -> None:
    first = ask(code)
    left = live_cards._numbers(GroupBuy.objects.get(code=code).id)[1]
    assert first == {
        "activity_id": card().activity_id, "template_id": GATHERED_TEMPLATE, "members": 0, "room": left, "enabled": True,
    }  # fmt: skip
    assert first["activity_id"] and ask(code) == first
    assert platform.calls(CREATE) == 1


def test_the_cards_count_when_somebody_joins_but_not_more_often_than_they_may(
    platform: Platform, code: str
) -> None:
    room = ask(code)["room"]
    with frozen(later(6)):
        assert live_cards.update_due() == 0
    assert platform.calls(CHANGE) == 0
    order(code, "王小雁")
    with frozen(later(12)):
        assert live_cards.update_due() == 1
        assert (card().members, activities(platform)[0]["shown"]["member_count"]) == (1, "1")
        assert int(activities(platform)[0]["shown"]["room_limit"]) == card().room <= room
    order(code, "李阿姨")
    with frozen(later(14)):
        assert live_cards.update_due() == 0
    assert platform.calls(CHANGE) == 1
    with frozen(later(18)):
        assert live_cards.update_due() == 1
    assert (card().members, platform.calls(CHANGE)) == (2, 2)


@pytest.mark.parametrize("early", [True, False])
def test_when_the_sale_is_over_the_cards_say_so_once(platform: Platform, code: str, early: bool) -> None:
    ask(code)
    if early:
        GroupBuy.objects.filter(code=code).update(state="closed", closed_at=now())
    with frozen(later(6 if early else 8 * 60 + 1)):
        assert live_cards.update_due() == 1
        assert live_cards.update_due() == 0
    (shown,) = activities(platform)
    assert (card().state, shown["state"], shown["shown"]["path"]) == ("closed", 1, f"{PAGE}?code={code}")
    with frozen(later(9 * 60)):
        assert live_cards.update_due() == 0 and ask(code)["activity_id"] == ""
    assert (platform.calls(CREATE), platform.calls(CHANGE)) == (1, 1)


def test_the_end_is_not_waited_for_longer_than_it_takes(platform: Platform, code: str) -> None:
    end_in(code, timedelta(minutes=3))
    ask(code)
    assert card().next_at == GroupBuy.objects.get(code=code).ends_at


@pytest.mark.parametrize(
    "change",
    [
        {"ends_at": timedelta(hours=25)},
        {"ends_at": timedelta(minutes=-1)},
        {"state": "closed"},
        {"starts_at": timedelta(hours=1)},
    ],
)
def test_a_sale_whose_card_could_say_something_untrue_gets_a_plain_one(
    platform: Platform, code: str, change: dict[str, Any]
) -> None:
    values = {k: now() + v if isinstance(v, timedelta) else v for k, v in change.items()}
    GroupBuy.objects.filter(code=code).update(**values)
    assert ask(code) == {"activity_id": "", "template_id": "", "members": 0, "room": 0, "enabled": True}
    assert platform.calls(CREATE) == 0 and LiveCard.objects.count() == 0


def test_off_by_default_and_unknown_sales_are_said_so(
    platform: Platform, code: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert Client().post("/api/g/nothing/live-card").status_code == 404
    monkeypatch.setattr(config(), "wechat_live_cards", False)
    assert ask(code)["enabled"] is False and ask(code)["activity_id"] == ""
    assert live_cards.update_due() == 0
    assert platform.calls(CREATE) == 0 and LiveCard.objects.count() == 0


@pytest.mark.parametrize(
    ("fault", "minutes"), [("45009", 10), ("-1", 10), ("48001", 30), ("40164:invalid ip 203.0.113.9", 30)]
)
def test_a_refusal_is_kept_and_not_repeated_at_once(
    platform: Platform, code: str, fault: str, minutes: int
) -> None:
    platform.fault("wechat_code", value=fault, operation=f"/cgi-bin/message/wxopen{CREATE}", times=2)
    assert ask(code)["activity_id"] == ""
    assert (card().state, bool(card().error)) == ("refused", True)
    tried = platform.calls(CREATE)
    assert ask(code)["activity_id"] == "" and platform.calls(CREATE) == tried
    platform.http.delete("/_sim/faults")
    with frozen(later(minutes - 1)):
        assert ask(code)["activity_id"] == ""
    with frozen(later(minutes + 1)):
        assert ask(code)["activity_id"] != ""


@pytest.mark.parametrize(
    ("fault", "state"),
    one_of_each([
        ("47501", "lost"), ("47504", "lost"), ("47502", "closed"), ("47503", "refused"), ("47001", "refused"),
        ("44002", "refused"), ("45009", "live"), ("45011", "live"), ("-1", "live"), ("48001", "live"),
        ("40164:invalid ip 203.0.113.9", "live"),
    ], slice(1, None)),
)  # fmt: skip
def test_every_refusal_of_a_change_has_its_state_and_what_passes_loses_nothing(
    platform: Platform, code: str, fault: str, state: str
) -> None:
    ask(code)
    order(code, "王小雁")
    platform.fault("wechat_code", value=fault, operation=f"/cgi-bin/message/wxopen{CHANGE}", times=2)
    with frozen(later(6)):
        assert live_cards.update_due() == 0
    assert (card().state, card().members, activities(platform)[0]["changes"]) == (state, 0, 0)
    tried = platform.calls(CHANGE)
    platform.http.delete("/_sim/faults")
    with frozen(later(8)):
        assert live_cards.update_due() == 0 and platform.calls(CHANGE) == tried
    with frozen(later(40)):
        assert live_cards.update_due() == (1 if state == "live" else 0)
    assert (card().members, card().error == "") == ((1, True) if state == "live" else (0, state == "closed"))


def test_a_day_later_nothing_is_sent_any_more(platform: Platform, code: str) -> None:
    ask(code)
    GroupBuy.objects.filter(code=code).update(ends_at=now() + timedelta(days=3))
    with frozen(later(24 * 60 + 1)):
        assert live_cards.update_due() == 0
    assert (card().state, platform.calls(CHANGE)) == ("lost", 0)
    with frozen(later(8 * 24 * 60)):
        assert live_cards.clear_old() == 1


class Asked:
    """Links of which creating an activity does something first."""

    def __init__(self, first: Any, seconds: int = 86_400) -> None:
        self.first, self.seconds, self.made = first, seconds, 0

    def create_activity(self) -> Activity:
        self.made += 1
        self.first()
        return Activity(f"act{self.made}", datetime.now(UTC) + timedelta(seconds=self.seconds))


def test_two_at_the_same_moment_ask_once(platform: Platform, code: str) -> None:
    seen: list[str] = []
    asked = Asked(lambda: seen.append(ask(code)["activity_id"]))
    gateway.reset(asked)  # type: ignore[arg-type]
    assert ask(code)["activity_id"] == "act1"
    assert (seen, asked.made, LiveCard.objects.count()) == ([""], 1, 1)


def test_a_process_that_died_while_asking_holds_nobody_up(platform: Platform, code: str) -> None:
    sale = GroupBuy.objects.get(code=code)
    LiveCard.objects.create(
        store_id=sale.store_id, group_buy_id=sale.id, version=live_cards._version(), next_at=now(), created_at=now()
    )  # fmt: skip
    assert ask(code)["activity_id"] == ""
    with frozen(later(2)):
        assert ask(code)["activity_id"] != ""
    assert sorted(LiveCard.objects.values_list("state", flat=True)) == ["live", "refused"]


def test_an_activity_shorter_than_the_sale_is_not_used(platform: Platform, code: str) -> None:
    asked = Asked(lambda: None, seconds=3600)
    gateway.reset(asked)  # type: ignore[arg-type]
    assert ask(code)["activity_id"] == "" and ask(code)["activity_id"] == ""
    assert (card().state, asked.made) == ("lost", 1)


def test_it_is_not_asked_for_by_the_thousand(platform: Platform, code: str) -> None:
    answers = [Client().post(f"/api/g/{code}/live-card").status_code for _ in range(121)]
    assert answers[119] == 200 and answers[120] == 429
