"""A parcel on running processes: shipped, subscribed by the worker, pushed in every bad manner, signed, asked about by a look."""

from __future__ import annotations

from typing import Any

import pytest

from stack import Stack
from story.people import Browser, Simulator, until

pytestmark = pytest.mark.stack

NUMBER, SECOND = "YT5550001112223", "751230000000001"


def shipped(leader: Browser, buyer: Browser, carrier: str, number: str) -> str:
    """The demo buyer's courier order, sent (again) under this number."""
    rows = buyer.get("/orders")["items"]
    order: str = next(row["id"] for row in rows if row["delivery_method"] == "courier")
    for parcel in leader.get(f"/leader/orders/{order}")["parcels"]:
        leader.call("POST", f"/leader/shipments/{parcel['id']}/withdraw")
    body = {"carrier": carrier, "tracking_no": number, "lines": []}
    leader.call("POST", f"/leader/orders/{order}/shipments", body)
    return order


def watched(simulator: Simulator, number: str) -> Any:
    return until(
        lambda: [one for one in simulator.call("GET", "/parcels")["watches"] if one["number"] == number],
        "the subscription",
    )


def way(buyer: Browser, order: str) -> tuple[str, list[str]]:
    """Status, and statuses of the steps, newest first."""
    [parcel] = buyer.get(f"/orders/{order}/tracking")["parcels"]
    return parcel["status"], [step["status"] for step in parcel["steps"]]


def test_a_parcel_from_the_leader_to_the_door(stack: Stack) -> None:
    leader, buyer, simulator = Browser(stack).demo("leader"), Browser(stack).demo("buyer2"), Simulator(stack)
    order = shipped(leader, buyer, "YTO", NUMBER)
    [asked] = watched(simulator, NUMBER)
    assert (asked["provider"], asked["com"]) == ("kuaidi100", "yuantong")
    words = ["picked_up", "in_transit", "delivering"]
    steps = [{"status": word} for word in words]
    simulator.call("POST", "/parcels", {"number": NUMBER, "com": "yuantong", "steps": steps, "push": False})
    for kind in ("forged", "unsigned"):
        refused = simulator.call("POST", "/parcels/push", {"number": NUMBER, "kind": kind})["pushes"]
        assert [one["status"] for one in refused] == [403]
    assert way(buyer, order) == ("created", [])
    for kind in ("reordered", "duplicate", "plain"):
        taken = simulator.call("POST", "/parcels/push", {"number": NUMBER, "kind": kind})["pushes"]
        assert {one["status"] for one in taken} == {200}
    until(lambda: way(buyer, order) == ("delivering", words[::-1]), "the way")
    detail = buyer.get(f"/orders/{order}")
    assert detail["auto_receive_at"] is None
    assert "13812345678" not in str(buyer.get(f"/orders/{order}/tracking"))
    simulator.call("POST", "/parcels", {"number": NUMBER, "status": "signed"})
    until(lambda: way(buyer, order)[0] == "signed", "the signature")
    assert buyer.get(f"/orders/{order}")["auto_receive_at"] is not None


def test_a_look_has_the_service_asked_once(stack: Stack) -> None:
    leader, buyer, simulator = Browser(stack).demo("leader"), Browser(stack).demo("buyer2"), Simulator(stack)
    order = shipped(leader, buyer, "ZTO", SECOND)
    watched(simulator, SECOND)
    steps = [{"status": "at_station"}]
    simulator.call("POST", "/parcels", {"number": SECOND, "com": "zhongtong", "steps": steps, "push": False})
    assert buyer.call("POST", f"/orders/{order}/tracking/look")["asking"] is True
    until(lambda: way(buyer, order) == ("at_station", ["at_station"]), "the answer")
    assert buyer.call("POST", f"/orders/{order}/tracking/look")["asking"] is False
    queries = [call for call in simulator.call("GET", "/calls")["calls"] if call["what"] == "kuaidi100.query"]
    assert [call["code"] for call in queries] == [""]
