"""The bench itself: its loader counts right, its limit writes what the product writes, its report says what was missed."""

from __future__ import annotations

import json
import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from bench import limit_postgres, limit_sqlite, report, world
from bench.figures import of_rounds
from bench.load import request_bytes, run
from bench.paced import paced
from bench.place import Checkouts
from bench.recording import BUYER, KEY, OFFER, Recording, Written
from bench.results import TARGETS, Target, at, headline, verdict


class Answers:
    """A server that answers each request with the next of these bytes, whole or in pieces."""

    def __init__(self, answers: list[list[bytes]]) -> None:
        self._answers = answers
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._listener.getsockname()[1])
        self.heard: list[bytes] = []
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def _serve(self) -> None:
        connection, _ = self._listener.accept()
        with connection:
            for pieces in self._answers:
                heard = connection.recv(65536)
                if not heard:
                    return
                self.heard.append(heard)
                for piece in pieces:
                    connection.sendall(piece)
            # Whoever still waits sees the end.

    def close(self) -> None:
        self._thread.join(10)
        self._listener.close()


@pytest.fixture
def server(request: pytest.FixtureRequest) -> Iterator[Answers]:
    made = Answers(request.param)
    yield made
    made.close()


OK = b"HTTP/1.1 201 Created\r\ncontent-length: 5\r\n\r\nhello"
NO = b'HTTP/1.1 409 Conflict\r\nContent-Length: 20\r\n\r\n{"code": "sold_out"}'


@pytest.mark.parametrize("server", [[[OK], [OK[:30], OK[30:]], [NO]]], indirect=True)
def test_the_loader_counts_every_answer(server: Answers) -> None:
    sent = [request_bytes("POST", "/x", server.port, b"body", Idempotency_Key=str(n)) for n in range(3)]
    figures = run(server.port, 1, 30, sent)
    assert figures.statuses == {201: 2, 409: 1}
    assert (figures.lost, figures.refusals, len(figures.waits)) == (0, {"sold_out": 1}, 3)
    assert server.heard == sent


@pytest.mark.parametrize("server", [[[OK], [OK[:20]]]], indirect=True)
def test_a_broken_answer_is_lost_not_counted(server: Answers) -> None:
    figures = run(server.port, 1, 30, [request_bytes("GET", "/", server.port)] * 3)
    assert (figures.statuses, figures.lost) == ({201: 1}, 1)


def test_checkouts_are_all_different_and_meet_the_world() -> None:
    checkouts = Checkouts(1)
    keys, offers = set(), set()
    for _ in range(2000):
        headers, body = checkouts.next("spread")
        order = json.loads(body)
        keys.add(headers["Idempotency-Key"])
        index = int(order["lines"][0]["offer_id"]) - world.OFFER_0
        offers.add(index)
        assert int(order["group_buy_id"]) == world.place_of(index).sale_id
    assert len(keys) == 2000 and offers == set(range(world.OFFERS))
    hot = {json.loads(checkouts.next("hot")[1])["lines"][0]["offer_id"] for _ in range(20)}
    assert hot == {str(world.place_of(world.special("hot")).offer_id)}


def recording() -> Recording:
    """One order as the product wrote it once, cut down."""
    place = world.place_of(OFFER)
    person = world.BUYER_0 + BUYER
    return Recording(
        [
            Written("orders_participation", {"id": 7001, "person_id": person, "number": 1}),
            Written("orders_order", {"id": 7002, "participation_id": 7001, "idempotency_key": KEY, "number": 1, "remark": "it's 5:30", "paid_at": None, "anonymous": False}),
            Written("orders_orderline", {"id": 7003, "order_id": 7002, "offer_id": place.offer_id, "price_fen": 3990}),
        ]
    )  # fmt: skip


def test_the_script_names_every_row_anew() -> None:
    text = limit_postgres.Script(recording(), hot=False).text()
    assert "7001" not in text and "7002" not in text and KEY not in text
    assert "E'it''s 5\\x3a30'" in text and "NULL" in text and ":base::bigint + 1" in text
    assert text.rstrip().endswith("COMMIT;") and "\nBEGIN;\n" in text
    assert "random(0, 999)" in text
    assert f"\\set index {OFFER}\n" in limit_postgres.Script(recording(), hot=True).text()


@pytest.mark.parametrize("module", [limit_postgres, limit_sqlite])
def test_rows_changed_by_hand_are_changed_in_both_limits(module: Any) -> None:
    assert set(module.UPDATED) == set(limit_sqlite.UPDATED)


def test_medians_carry_their_spread() -> None:
    rounds = [
        {"a": {"per_second": n, "p99_ms": n * 2, "statuses": {"201": n}, "exact": True}} for n in (30, 10, 20)
    ]
    assert of_rounds(rounds)["a"] == {
        "per_second": 20, "per_second_spread": [10, 30], "p99_ms": 40, "p99_ms_spread": [20, 60],
        "statuses": {"201": 60}, "exact": True,
    }  # fmt: skip


def figures(rate: float) -> dict[str, Any]:
    return {
        "per_second": rate,
        "per_second_spread": [rate, rate],
        "p50_ms": 1.0,
        "p99_ms": 2.0,
        "cpu_ms_each": {"web": 0.2},
    }


def found() -> dict[str, Any]:
    place = {
        "hot_64": figures(3000),
        "spread_64": figures(2500),
        "hot_8": figures(1000),
        "spread_8": figures(900),
    }
    sold = {"sold": 500, "stock": 500, "oversold": 0, "exact": True, "refused": 2500}
    machine = dict.fromkeys(
        (
            "date",
            "cpu",
            "cpus",
            "system",
            "load_before",
            "python",
            "django",
            "granian",
            "postgres",
            "sqlite",
            "rounds",
        ),
        1,
    )
    return {
        "machine": machine | {"seconds": 3.0},
        "limit_postgres": {"hot_4": figures(600), "hot_64": figures(150), "spread_4": figures(1000), "spread_64": figures(2600)},
        "place_postgres_1": place | {"sell_out": sold},
        "start": {"cold_start_s": 1.5, "idle": {"rss": 220.0, "pss": 190.0}, "busy": {"rss": 230.0, "pss": 200.0}},
    }  # fmt: skip


def test_the_figures_that_count(tmp_path: Path) -> None:
    (tmp_path / "peers.json").write_text(
        json.dumps(
            {
                "machine": {"load_before": 0.1, "cpus": 2},
                "peers": {"a": {"orders_per_s": 12.0}, "b": {"skipped": "no npm"}},
            }
        )
    )
    results = headline(found(), tmp_path / "peers.json")
    assert results["limit"] == {"hot": 600, "spread": 2600}
    assert results["place"] == {"hot": 3000, "spread": 2500, "p99_ms_at_64": 2.0}
    assert results["ratio"] == {"hot_to_limit": 5.0, "spread_to_limit": 0.96, "to_best_peer": 250.0}
    assert (results["oversold"], results["rss_mb"], results["cold_start_s"]) == (0, 220.0, 1.5)
    assert at(results, "read.page_rps") is None and at(results, "ratio.hot_to_limit") == 5.0


def test_no_target_is_quietly_dropped(tmp_path: Path) -> None:
    results = headline(found(), tmp_path / "none.json")
    text = report.report(found(), results, None, [], tmp_path)
    for target in TARGETS:
        assert f"| {target.name} |" in text
    assert "**missed** by 4%" in text and "**missed** by 10%" in text
    assert text.count("not measured") == sum(at(results, target.path) is None for target in TARGETS)


def test_a_section_measured_again_takes_its_place_and_says_when(tmp_path: Path) -> None:
    report.write_report(found(), tmp_path, lambda *_: [])
    again = {
        "machine": found()["machine"] | {"date": "2026-12-01 08:00 UTC"},
        "start": found()["start"] | {"cold_start_s": 1.2},
    }
    report.write_report(report.with_earlier(again, tmp_path), tmp_path, lambda *_: [])
    results = json.loads((tmp_path / "results.json").read_text())
    assert (results["cold_start_s"], results["rss_mb"], results["limit"]["spread"]) == (1.2, 220.0, 2600)
    assert "Measured again later: start on 2026-12-01 08:00 UTC." in (tmp_path / "REPORT.md").read_text()


@pytest.mark.parametrize(
    ("target", "value", "word"),
    [
        (Target("x", "x", 100), 100.0, "met"),
        (Target("x", "x", 100), 75.0, "**missed** by 25%"),
        (Target("x", "x", 100, most=True), 101.0, "**missed** by 1%"),
        (Target("x", "x", 0, most=True), 0.0, "met"),
        (Target("x", "x", 0, most=True), 3.0, "missed: 3"),
        (Target("x", "x", 1), None, "not measured"),
    ],
)
def test_verdicts(target: Target, value: float | None, word: str) -> None:
    assert verdict(target, value) == word


@pytest.mark.parametrize("server", [[[OK], [NO], [OK[:30], OK[30:]]]], indirect=True)
def test_the_paced_loader_sends_when_it_is_due(server: Answers) -> None:
    sent = [request_bytes("POST", "/x", server.port, str(n).encode()) for n in range(3)]
    figures = paced(server.port, 1, 20, 0.15, sent)
    assert (figures.statuses, figures.refusals, figures.lost) == ({201: 2, 409: 1}, {"sold_out": 1}, 0)
    assert server.heard == sent and 0.1 <= figures.seconds < 5


def test_a_service_that_stalls_is_not_spared_what_was_due() -> None:
    """The second request waits for the first one's answer on the only connection: its wait counts from when it was due."""
    listener = socket.create_server(("127.0.0.1", 0))

    def slow() -> None:
        connection, _ = listener.accept()
        with connection:
            connection.recv(65536)
            time.sleep(0.5)
            connection.sendall(OK)
            connection.recv(65536)
            connection.sendall(OK)

    thread = threading.Thread(target=slow, daemon=True)
    thread.start()
    port = int(listener.getsockname()[1])
    figures = paced(port, 1, 20, 0.1, [request_bytes("GET", "/", port)])
    thread.join(10)
    listener.close()
    assert figures.statuses == {201: 2} and min(figures.waits) > 400


@pytest.mark.parametrize("server", [[[OK], [OK[:20]]]], indirect=True)
def test_the_paced_loader_names_what_was_lost(server: Answers) -> None:
    figures = paced(server.port, 1, 100, 0.02, [request_bytes("GET", "/", server.port)])
    assert (figures.statuses, figures.lost) == ({201: 1}, 1)


def storms() -> dict[str, Any]:
    calm = figures(20) | {"statuses": {"201": 79, "503": 1}, "p99_ms": 1200.0}
    junk = {
        "alone": figures(1000),
        "orders": figures(900),
        "junk": figures(990) | {"offered": 1000},
        "orders_ratio": 0.9,
    }
    return {
        "neighbours_sqlite": {"alone": figures(20), "storm": figures(3000), "calm": calm},
        "junk_sqlite": junk | {"rss_before": 120.0, "rss_grown": 3.0},
    }  # fmt: skip


def test_storms_have_their_targets_and_their_table(tmp_path: Path) -> None:
    results = headline(found() | storms(), tmp_path / "none.json")
    assert results["storm"] == {
        "calm_p99_ms": 1200.0, "calm_refused": 1, "junk_p99_ms": 2.0, "orders_p99_ms": 2.0, "orders_ratio": 0.9, "rss_grown": 3.0,
    }  # fmt: skip
    text = report.report(found() | storms(), results, None, [], tmp_path)
    assert "**missed** by 20%" in text and "missed: 1 |" in text
    assert (
        "sqlite: junk notices refused, 1,000/s offered | 990 (990–990)" in text
        and "orders keep 90% of their rate" in text
    )


def test_a_calm_sale_belongs_to_another_leader() -> None:
    offers = {json.loads(Checkouts(1).next("calm")[1])["lines"][0]["offer_id"] for _ in range(5)}
    assert len(offers) == 1
    index = int(offers.pop()) - world.OFFER_0
    assert world.place_of(index).store_id != world.place_of(world.special("hot")).store_id


@pytest.mark.parametrize("readme", ["README.md", "README.zh-CN.md"])
def test_the_readme_says_what_was_measured(readme: str) -> None:
    root = Path(report.__file__).parent.parent
    ratios = json.loads((root / "bench" / "results.json").read_text())["ratio"]
    text = (root / readme).read_text()
    missing = [
        name
        for name in ("hot_to_limit", "spread_to_limit", "to_best_peer")
        if f"**{ratios[name]:.1f} ×**" not in text
    ]
    assert missing == []
