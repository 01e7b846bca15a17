"""The words of pick-up points: judged before buyers read them, and nothing typed is lost."""

from __future__ import annotations

from typing import Any

from contentworld import Hall
from django.test import Client

import factories
from fulfilment.tradeworld import caller
from yantuan.kernel import outbox
from yantuan.moderation.models import Submission
from yantuan.stores.models import PickupPoint

POINT = {"name": "东门岗亭", "address": "枫林路 88 弄东门", "hours": "18:00–20:00", "contact_name": "林小满", "contact_phone": ""}  # fmt: skip


def handing_out(hall: Hall) -> tuple[Any, PickupPoint]:
    """An open sale whose goods are handed out at the store's point."""
    point = hall.store.pickup_points.get()
    sale = hall.publish(hall.draft(pickup_enabled=True, pickup_point_ids=[str(point.id)]))
    hall.judge_pictures()
    assert hall.sale(sale)["status"] == "open"
    return sale, point


def save(hall: Hall, point: PickupPoint, **words: str) -> Any:
    return hall.boss.ok("PUT", f"/leader/pickup-points/{point.id}", POINT | words)


def own(hall: Hall) -> Any:
    return hall.boss.ok("GET", f"/leader/stores/{hall.store.id}")["pickup_points"][0]


def read_by_buyers(sale: Any) -> list[tuple[str, str]]:
    page = Client().get(f"/api/g/{sale['code']}").json()
    return [(p["name"], p["hours"]) for p in page["pickup_points"]]


def test_a_point_is_judged_with_the_sale_that_first_shows_it(hall: Hall) -> None:
    point = hall.store.pickup_points.get()
    assert save(hall, point, name="违禁烟花点")["review"] is None
    sale = hall.publish(hall.draft(pickup_enabled=True, pickup_point_ids=[str(point.id)]))
    assert sale["review"]["problems"] == [
        {
            "place": "自提点名称", "place_en": "pick-up point's name",
            "label": "违法犯罪", "label_en": "illegal",
        }
    ]  # fmt: skip
    assert hall.reachable(sale) == []


def test_a_sale_that_hands_out_nothing_does_not_ask_about_points(hall: Hall) -> None:
    save(hall, hall.store.pickup_points.get(), name="违禁烟花点")
    hall.opened()


def test_buyers_read_the_old_words_until_the_new_have_passed(hall: Hall) -> None:
    sale, point = handing_out(hall)
    answer = save(hall, point, name="西门快递柜", hours="19:00–21:00")
    assert (answer["name"], answer["review"]["state"]) == ("东门岗亭", "waiting")
    assert answer["wanted"]["name"] == "西门快递柜"
    assert read_by_buyers(sale) == [("东门岗亭", "18:00–20:00")]
    outbox.drain()
    assert read_by_buyers(sale) == [("西门快递柜", "19:00–21:00")]
    assert (own(hall)["review"], own(hall)["wanted"]) == (None, None)


def test_a_refused_change_is_kept_for_its_writer_and_never_read(hall: Hall) -> None:
    sale, point = handing_out(hall)
    save(hall, point, hours="违禁烟花自取")
    outbox.drain()
    found = own(hall)
    assert found["review"]["state"] == "rejected" and "自提时间（违法犯罪）" in found["review"]["sentence"]
    assert (found["hours"], found["wanted"]["hours"]) == ("18:00–20:00", "违禁烟花自取")
    assert read_by_buyers(sale) == [("东门岗亭", "18:00–20:00")]
    # Saving what stands there already gives the change up.
    assert save(hall, point)["review"] is None
    assert Submission.objects.get(kind="point").state == "passed"


def test_a_point_taken_out_of_use_waits_for_nothing(hall: Hall) -> None:
    _, point = handing_out(hall)
    save(hall, point, name="西门快递柜")
    hall.boss.ok("DELETE", f"/leader/pickup-points/{point.id}")
    outbox.drain()
    point.refresh_from_db()
    assert (point.name, Submission.objects.get(kind="point").state) == ("东门岗亭", "withdrawn")


def test_another_leaders_point_stays_out_of_reach(hall: Hall) -> None:
    _, point = handing_out(hall)
    stranger = caller(factories.leader("王姐"))
    status, code = stranger.refused("PUT", f"/leader/pickup-points/{point.id}", POINT | {"name": "我的"})
    point.refresh_from_db()
    assert (status, code, point.name) == (404, "not_found", "东门岗亭")
