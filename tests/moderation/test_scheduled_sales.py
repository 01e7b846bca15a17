"""定时发布 where contents are checked: judged when the time is set, public at the time and not before."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from contentworld import Hall

from yantuan.groupbuys.schedule import publish_due
from yantuan.kernel import outbox
from yantuan.kernel.clock import frozen, now
from yantuan.notices.models import InboxMessage


def words(text: str) -> dict[str, str]:
    return {"kind": "text", "text": text}


def planned(hall: Hall, text: str) -> Any:
    sale = hall.draft("周末水果团", words(text), publish_at=(now() + timedelta(hours=2)).isoformat())
    outbox.drain()
    hall.judge_pictures()
    return hall.sale(sale)


def test_it_is_judged_before_and_opens_at_its_time(hall: Hall) -> None:
    sale = planned(hall, "今早现摘")
    assert (sale["status"], sale["review"]) == ("draft", None)
    assert sale["publish_at"] is not None and hall.reachable(sale) == []
    told = InboxMessage.objects.filter(person_id=hall.boss.who.id, kind="selling")
    assert [message.title for message in told] == ["「周末水果团」内容审核通过，会按时发布"]
    asked = len(hall.checks())
    with frozen(now() + timedelta(hours=2)):
        assert publish_due() == 1
        assert (hall.sale(sale)["status"], hall.sale(sale)["publish_at"]) == ("open", None)
    assert len(hall.checks()) == asked


def test_words_that_may_not_be_shown_are_told_at_once_and_never_open(hall: Hall) -> None:
    sale = planned(hall, "顺带卖违禁烟花")
    assert sale["status_label"] == "审核未通过"
    with frozen(now() + timedelta(hours=2)):
        publish_due()
        assert hall.sale(sale)["status"] == "draft"
    assert hall.reachable(sale) == []


def test_taking_the_time_away_takes_the_wish_away(hall: Hall) -> None:
    sale = hall.draft("周末水果团", words("今早现摘"), publish_at=(now() + timedelta(hours=2)).isoformat())
    hall.boss.ok("PUT", f"/leader/group-buys/{sale['id']}", hall.body("周末水果团", words("今早现摘")))
    outbox.drain()
    hall.judge_pictures()
    with frozen(now() + timedelta(hours=3)):
        assert publish_due() == 0
    assert hall.sale(sale)["status"] == "draft"
    assert hall.reachable(sale) == []
