"""The real tracking clients against the real simulator over HTTP: every documented answer, and pushes both sides sign alike."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import httpx
import pytest

from gateways.sim_process import Simulator
from yantuan.gateways.couriers import (
    AccountRefused,
    CarrierMismatch,
    NumberLocked,
    Parcel,
    ParcelUnknown,
    PhoneMismatch,
    Trace,
)
from yantuan.gateways.errors import GatewayThrottled, GatewayUnavailable, GatewayUnverified
from yantuan.gateways.kdniao import KdniaoClient, KdniaoSettings
from yantuan.gateways.kuaidi100 import Kuaidi100Client, Kuaidi100Settings

pytestmark = pytest.mark.stack

YTO = Parcel("yuantong", "YT1234567890123")
ZTO = Parcel("zhongtong", "751234567890123", "1234")
MINUTE = 60


@dataclass
class Door:
    """Takes what is pushed."""

    url: str
    came: list[tuple[str, dict[str, str]]] = field(default_factory=list)


@pytest.fixture
def door() -> Iterator[Door]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            token = dict(parse_qsl(urlsplit(self.path).query)).get("t", "")
            made.came.append((token, dict(parse_qsl(body, keep_blank_values=True))))
            self.send_response(200)
            self.send_header("Content-Length", "2")
            self.end_headers()
            self.wfile.write(b"{}")

        def log_message(self, *args: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    made = Door(f"http://127.0.0.1:{server.server_port}/n")
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield made
    server.shutdown()
    thread.join()
    server.server_close()


def hundred(sim: Simulator, door: Door | None = None, **changes: Any) -> Kuaidi100Client:
    c = sim.credentials
    values = {"customer": c.kuaidi100_customer, "key": c.kuaidi100_key} | changes
    callback = door.url if door else "http://127.0.0.1:1/n"
    return Kuaidi100Client(Kuaidi100Settings(sim.base, callback_url=callback, salt="a-salt", **values))


def bird(sim: Simulator, **changes: Any) -> KdniaoClient:
    c = sim.credentials
    values = {"business_id": c.kdniao_business_id, "app_key": c.kdniao_app_key} | changes
    return KdniaoClient(KdniaoSettings(sim.base, **values))


def read(client: Kuaidi100Client, door: Door) -> list[Trace]:
    return [trace for token, form in door.came for trace in client.read_push(form, token)]


def test_a_query_tells_what_the_carrier_told(sim: Simulator) -> None:
    sim.post(
        "/parcels",
        number=YTO.number,
        com="yuantong",
        steps=[{"status": "picked_up"}, {"status": "delivering"}],
    )
    trace = hundred(sim).query(YTO)
    assert (trace.status, trace.number, trace.carrier) == ("delivering", YTO.number, "yuantong")
    assert [step.status for step in sorted(trace.steps, key=lambda s: s.at)] == ["picked_up", "delivering"]


def test_asked_twice_in_half_an_hour_the_number_is_locked(sim: Simulator) -> None:
    sim.post("/parcels", number=YTO.number, com="yuantong", status="in_transit")
    client = hundred(sim)
    client.query(YTO)
    with pytest.raises(NumberLocked):
        client.query(YTO)
    sim.post("/clock", offset_seconds=29 * MINUTE)
    # Having asked while it was locked made it longer.
    sim.post("/clock", offset_seconds=29 * MINUTE)
    with pytest.raises(NumberLocked):
        client.query(YTO)
    sim.post("/clock", offset_seconds=60 * MINUTE)
    assert client.query(YTO).status == "in_transit"


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        ("400", CarrierMismatch), ("408", PhoneMismatch), ("500", ParcelUnknown), ("501", GatewayUnavailable),
        ("502", GatewayThrottled), ("503", AccountRefused), ("600", AccountRefused), ("601", AccountRefused),
    ],
)  # fmt: skip
def test_every_code_of_a_query(sim: Simulator, code: str, kind: type[Exception]) -> None:
    sim.post("/faults", kind="kuaidi100_query", value=code)
    with pytest.raises(kind) as caught:
        hundred(sim).query(YTO)
    assert type(caught.value) is kind


def test_wrong_queries_fail_as_they_would_there(sim: Simulator) -> None:
    with pytest.raises(ParcelUnknown):
        hundred(sim).query(YTO)
    with pytest.raises(AccountRefused):
        hundred(sim, key="another").query(YTO)
    with pytest.raises(AccountRefused):
        hundred(sim, customer="another").query(YTO)
    with pytest.raises(CarrierMismatch):
        hundred(sim).query(Parcel("nobody", "1234567"))
    sim.post("/parcels", number=ZTO.number, com="zhongtong", phone_tail="1234", status="picked_up")
    for tail in ("", "9999"):
        with pytest.raises(PhoneMismatch):
            hundred(sim).query(Parcel("zhongtong", ZTO.number, tail))
    assert hundred(sim).query(ZTO).status == "picked_up"


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        ("500", GatewayUnavailable), ("600", AccountRefused), ("601", AccountRefused), ("700", CarrierMismatch),
        ("701", CarrierMismatch), ("702", CarrierMismatch),
    ],
)  # fmt: skip
def test_every_code_of_a_subscription(sim: Simulator, code: str, kind: type[Exception]) -> None:
    sim.post("/faults", kind="kuaidi100_subscribe", value=code)
    with pytest.raises(kind) as caught:
        hundred(sim).subscribe(YTO, "1")
    assert type(caught.value) is kind
    assert sim.get("/parcels")["watches"] == []


def test_wrong_subscriptions_fail_as_they_would_there(sim: Simulator) -> None:
    with pytest.raises(AccountRefused):
        hundred(sim, key="another").subscribe(YTO, "1")
    with pytest.raises(CarrierMismatch):
        hundred(sim).subscribe(Parcel("nobody", "1234567"), "1")
    with pytest.raises(PhoneMismatch):
        hundred(sim).subscribe(Parcel("zhongtong", ZTO.number), "1")
    with pytest.raises(CarrierMismatch):
        hundred(sim, Door("not-an-address")).subscribe(YTO, "1")
    assert sim.get("/parcels")["watches"] == []


def test_subscribing_twice_is_no_harm(sim: Simulator) -> None:
    client = hundred(sim)
    client.subscribe(YTO, "1")
    client.subscribe(YTO, "2")
    [watched] = sim.get("/parcels")["watches"]
    assert (watched["com"], watched["callback"], watched["state"]) == (
        "yuantong",
        "http://127.0.0.1:1/n?t=1",
        "polling",
    )
    codes = [call["code"] for call in sim.get("/calls")["calls"] if call["what"] == "kuaidi100.subscribe"]
    assert codes[:2] == ["501", ""]


def test_pushes_are_genuine_and_carry_our_token(sim: Simulator, door: Door) -> None:
    client = hundred(sim, door)
    client.subscribe(YTO, "77")
    sent = sim.post("/parcels", number=YTO.number, com="yuantong", status="picked_up")["pushes"]
    assert [one["status"] for one in sent] == [200]
    [trace] = read(client, door)
    assert (trace.token, trace.status, trace.ended, len(trace.steps)) == ("77", "picked_up", "", 1)
    sim.post("/parcels", number=YTO.number, status="signed")
    assert (read(client, door)[-1].status, read(client, door)[-1].ended) == ("signed", "signed")
    # Nobody is told after the end; a new subscription is taken.
    assert sim.post("/parcels/push", number=YTO.number)["pushes"] == []
    client.subscribe(YTO, "78")
    assert sim.post("/parcels/push", number=YTO.number)["pushes"] != []


def test_pushes_misbehave_when_told_to(sim: Simulator, door: Door) -> None:
    client = hundred(sim, door)
    client.subscribe(YTO, "77")
    words = [{"status": word} for word in ("picked_up", "in_transit", "delivering")]
    sim.post("/parcels", number=YTO.number, com="yuantong", steps=words, push=False)
    assert door.came == []
    sim.post("/parcels/push", number=YTO.number, kind="duplicate")
    assert len(read(client, door)) == 2 and door.came[0] == door.came[1]
    door.came.clear()
    sim.post("/parcels/push", number=YTO.number, kind="reordered")
    assert [trace.status for trace in read(client, door)] == ["delivering", "in_transit", "picked_up"]
    for kind in ("forged", "unsigned"):
        door.came.clear()
        sim.post("/parcels/push", number=YTO.number, kind=kind)
        with pytest.raises(GatewayUnverified):
            read(client, door)
    door.came.clear()
    sim.post("/parcels/push", number=YTO.number, status="abort")
    assert read(client, door)[0].ended == "gave_up"


def test_control_refuses_nonsense(sim: Simulator) -> None:
    for path, body in (
        ("/parcels", {"number": "YT1", "com": "nobody", "status": "signed"}),
        ("/parcels", {"number": "YT1", "com": "yuantong", "status": "flying"}),
        ("/parcels", {"com": "yuantong"}),
        ("/parcels/push", {"number": "YT1", "kind": "kind"}),
    ):
        assert sim.control.post(f"/_sim{path}", json=body).status_code == 400
    assert sim.get("/parcels") == {"parcels": [], "watches": []}


def test_kdniao(sim: Simulator) -> None:
    client = bird(sim)
    parcel = Parcel("YTO", YTO.number)
    with pytest.raises(ParcelUnknown):
        client.query(parcel)
    sim.post(
        "/parcels",
        number=YTO.number,
        com="yuantong",
        steps=[{"status": "picked_up"}, {"status": "at_station"}],
    )
    trace = client.query(parcel)
    assert (trace.status, trace.carrier, [step.status for step in trace.steps]) == (
        "at_station", "YTO", ["picked_up", "at_station"],
    )  # fmt: skip
    client.subscribe(parcel, "77")
    client.subscribe(parcel, "77")
    [watched] = sim.get("/parcels")["watches"]
    assert (watched["provider"], watched["token"]) == ("kdniao", "77")


def test_kdniao_refuses_as_it_would_there(sim: Simulator) -> None:
    parcel = Parcel("YTO", YTO.number)
    for wrong in ({"app_key": "x"}, {"business_id": "x"}):
        with pytest.raises(AccountRefused):
            bird(sim, **wrong).query(parcel)
    with pytest.raises(CarrierMismatch):
        bird(sim).query(Parcel("NOBODY", YTO.number))
    with pytest.raises(PhoneMismatch):
        bird(sim).subscribe(Parcel("SF", "SF1234567890123"), "1")
    sim.post("/faults", kind="kdniao")
    with pytest.raises(AccountRefused):
        bird(sim).query(parcel)
    twice = httpx.post(
        f"{sim.base}/Ebusiness/EbusinessOrderHandle.aspx",
        data={
            "RequestData": "{}",
            "EBusinessID": sim.credentials.kdniao_business_id,
            "DataSign": "%25",
            "RequestType": "1002",
        },
        trust_env=False,
    )
    assert twice.json()["Reason"] == "数据签名验证不通过"
