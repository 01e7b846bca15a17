"""The soak's own parts: its table is the page in docs, and its checkers find what they are there for."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from soak.checkers import Checkers
from soak.drill import Archive, differences
from soak.facts import Facts
from soak.history import History
from soak.kinds import KINDS, LONG, companions, matrix, named, of_provider, windows
from soak.leaks import growth, spoken, tracebacks
from soak.nemesis import SIMULATED, Nemesis

from yantuan.simulator.faults import KINDS as SIMULATOR_KINDS

ROOT = Path(__file__).resolve().parents[2]
ORDER: dict[str, Any] = {
    "id": 1, "idempotency_key": "k1", "total_fen": 1290, "person_id": 7, "payment": "paid", "paid_fen": 1290,
    "refunded_fen": 0,
}  # fmt: skip
ATTEMPT: dict[str, Any] = {
    "out_trade_no": "P1", "paid_fen": 1290, "transaction_id": "t1", "state": "succeeded", "refunded": 0,
}  # fmt: skip
THERE: dict[str, Any] = {"paid": 1290, "refunded": 0, "refunding": 0, "transaction_id": "t1"}


class Planted(Facts):
    """A database that says what a test wants."""

    def __init__(self, **tables: list[dict[str, Any]]) -> None:
        super().__init__()
        self._tables = {"orders": [ORDER], "attempts": [ATTEMPT], **tables}

    def rows(self, sql: str, values: Any = ()) -> list[dict[str, Any]]:
        if sql == "SELECT * FROM orders_order":
            return self._tables["orders"]
        if sql.startswith("SELECT a.out_trade_no"):
            return self._tables["attempts"]
        if sql.startswith("SELECT count(*)"):
            return [{"n": self._tables.get("left", [{"n": 0}])[0]["n"]}]
        if "FROM notices_consent" in sql:
            return self._tables.get("permits", [])
        if "channel = 'subscribe'" in sql:
            return self._tables.get("sent", [])
        return self._tables.get("late", []) if "WHERE a.extra" in sql else []


@pytest.fixture
def history(tmp_path: Path) -> History:
    record = History(tmp_path / "history.jsonl")
    facts = {"total": 1290, "person": "7", "pool": "3", "quantity": 1}
    lost = record.open("place", "b1", "k1", **facts)
    record.close(lost, 0, "TimeoutError")
    told = record.open("place", "b1", "k1", **facts)
    record.close(told, 201, id="1")
    return record


def found(history: History, facts: Planted, there: dict[str, Any] | None = None) -> dict[str, list[str]]:
    world: dict[str, Any] = {"shops": [], "buyers": []}
    if "permits" in facts._tables:
        world["shops"] = [{"store_id": "5", "leader": "6", "permits": 10}]
    rules = Checkers(history, facts, world, {"orders": {"P1": there or THERE}}).all()
    return {rule: problems for rule, problems in rules.items() if problems}


def test_a_clean_run_is_clean(history: History) -> None:
    assert found(history, Planted()) == {}
    spent = Planted(permits=[{"k": 6, "n": 8}], sent=[{"k": "5", "n": 2}])
    assert found(history, spent) == {}


@pytest.mark.parametrize(
    ("rule", "tables", "there"),
    [
        ("acked_orders_exist", {"orders": []}, None),
        ("acked_orders_exist", {"orders": [ORDER | {"total_fen": 1}]}, None),
        ("refused_orders_do_not", {"orders": [ORDER, ORDER | {"id": 2}]}, None),
        ("nobody_ordered_by_himself", {"orders": [ORDER, ORDER | {"id": 2, "idempotency_key": "k2"}]}, None),
        (
            "attacks_failed",
            {"orders": [ORDER, ORDER | {"id": 2, "idempotency_key": "soak-1-attack-5"}]},
            None,
        ),
        ("books_agree", {}, THERE | {"paid": 1289}),
        ("books_agree", {}, THERE | {"refunded": 1290}),
        ("books_agree", {}, THERE | {"transaction_id": "t2"}),
        ("books_agree", {"attempts": []}, None),
        ("late_money_went_back", {"late": [{"id": 9}]}, None),
        ("permits_add_up", {"permits": [{"k": 6, "n": 7}], "sent": [{"k": "5", "n": 2}]}, None),
        ("permits_add_up", {"permits": [{"k": 6, "n": 9}], "sent": [{"k": "5", "n": 2}]}, None),
        ("nothing_is_left_undone", {"left": [{"n": 3}]}, None),
    ],
)
def test_a_planted_wrong_is_found(
    history: History, rule: str, tables: dict[str, Any], there: dict[str, Any] | None
) -> None:
    assert rule in found(history, Planted(**tables), there)


@pytest.mark.parametrize(
    ("status", "facts", "bad"),
    [(500, {}, True), (502, {}, True), (503, {}, True), (503, {"retry_after": "2"}, False), (409, {}, False)],
)
def test_untyped_answers_are_found(history: History, status: int, facts: dict[str, str], bad: bool) -> None:
    history.close(history.open("cancel", "b1", "", order="1"), status, "x", **facts)
    assert ("answers_are_typed" in found(history, Planted())) is bad


def test_a_lucky_attack_is_found(history: History) -> None:
    history.close(history.open("attack", "a1", ""), 200)
    assert list(found(history, Planted())) == ["attacks_failed"]


def test_an_unknown_end_may_be_either(tmp_path: Path) -> None:
    record = History(tmp_path / "history.jsonl")
    record.close(record.open("place", "b1", "k1", total=1290, person="7"), 0, "TimeoutError")
    assert found(record, Planted()) == {}
    nothing = Planted(orders=[], attempts=[ATTEMPT | {"paid_fen": 0}])
    assert found(record, nothing, THERE | {"paid": 0}) == {}


def test_the_page_in_docs_is_the_table() -> None:
    assert (ROOT / "docs" / "resiliency.md").read_text() == matrix()


def test_every_kind_can_be_brought_about() -> None:
    names = [kind.name for kind in KINDS]
    assert len(names) == len(set(names)) >= 30
    assert all(name in SIMULATED or callable(getattr(Nemesis, name)) for name in names)
    assert set(SIMULATED) <= set(names) and set(SIMULATED) <= set(SIMULATOR_KINDS)


def test_a_log_that_tells_is_found(tmp_path: Path) -> None:
    (tmp_path / "web0").write_text(
        "ok 118101896648080129\nsent to 13912345678\nname 雁小客3\nkey s3cret-s3cret\n"
    )
    assert spoken(tmp_path, ["s3cret-s3cret"]) == [
        "web0:2 holds a phone", "web0:3 holds a recipient", "web0:4 holds a secret",
    ]  # fmt: skip


def test_tracebacks_count_outside_the_windows_only(tmp_path: Path) -> None:
    moment = datetime(2026, 5, 12, 10, 0, 0, tzinfo=UTC)
    text = "2026-05-12 18:00:0{} ERROR x\nTraceback (most recent call last):\n"
    (tmp_path / "web0").write_text(text.format(5))
    window = (moment, moment + timedelta(seconds=8))
    assert tracebacks(tmp_path, [window]) == []
    assert len(tracebacks(tmp_path, [])) == 1


def test_growth_is_found() -> None:
    small = {"web0": {"fds": 50, "rss_kib": 150_000, "starts": 1}}
    assert growth(small, {"web0": {"fds": 60, "rss_kib": 170_000, "starts": 1}}) == []
    assert len(growth(small, {"web0": {"fds": 150, "rss_kib": 300_000, "starts": 1}})) == 2


@pytest.mark.parametrize("seed", [1, 7, 393658])
def test_each_kind_comes_once_and_a_long_one_with_one_of_the_provider(seed: int) -> None:
    plan = windows(KINDS, seed)
    assert sorted(kind.name for window in plan for kind in window) == sorted(kind.name for kind in KINDS)
    pairs = [window for window in plan if len(window) > 1]
    assert {first.name for first, _ in pairs} == LONG
    assert all(of_provider(second) for _, second in pairs)
    assert plan == windows(KINDS, seed) != windows(KINDS, seed + 1)


def test_a_long_kind_takes_the_providers_kinds_behind_it_and_no_other() -> None:
    plan = named(["notice_none", "web_killed", "crash_web+notice_delayed", "psp_away", "psp_cut"])
    assert list(companions(plan)) == ["psp_cut", "notice_none"]
    assert plan == named(["web_killed", "crash_web+notice_delayed", "psp_away"])
    with pytest.raises(KeyError, match="no_such"):
        named(["web_killed+no_such"])


def test_a_restored_copy_is_held_against_what_was_told(history: History) -> None:
    told = history.calls[-1].ended
    later = Archive(Path("a"), told + 1, told + 2)
    assert differences({"1": "k1"}, history, later) == []
    assert len(differences({}, history, later)) == 1
    earlier = Archive(Path("a"), -2, -1)
    assert differences({}, history, earlier) == []
    assert differences({"1": "k1"}, history, earlier) == ["the copy holds k1, which nobody had asked for yet"]


@pytest.mark.parametrize(("form", "page", "bad"), [(200, 200, 1), (422, 200, 0), (503, 302, 1)])
def test_what_the_operator_got_is_looked_at(history: History, form: int, page: int, bad: int) -> None:
    """A code that was made and is not there; a form that came back; a page that sent him to sign in."""
    history.close(history.open("invite", "operator", "i1"), form, retry_after="2")
    history.close(history.open("console", "operator", "", page="/console/"), page)
    assert len(found(history, Planted()).get("operator_is_served", [])) == bad
