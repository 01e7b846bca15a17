"""A run of the self-check: which rules it looks at, one that fails, what the command says, how long runs are kept."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from django.db import connection

from yantuan.kernel.clock import now
from yantuan.kernel.errors import Invalid
from yantuan.kernel.models import OutboxEvent
from yantuan.reports import checks
from yantuan.reports.checks import run_checks
from yantuan.reports.command import check_command
from yantuan.reports.jobs import run_and_keep
from yantuan.reports.models import CheckRun
from yantuan.reports.rules import RULES

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("_sound_house")]
LONG_AGO = timedelta(days=2)


def test_only_the_asked_rules_are_looked_at() -> None:
    OutboxEvent.objects.create(topic="x", available_at=now() - LONG_AGO, created_at=now())
    assert run_checks(["M1"]).exit_code == 0
    report = run_checks(["N1"])
    assert (report.rules, report.exit_code, report.violations[0].rule) == (["N1"], 1, "N1")
    with pytest.raises(Invalid) as refused:
        run_checks(["N1", "X9"])
    assert refused.value.code == "rule_unknown"


def test_a_rule_that_fails_is_told_and_stops_no_other(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken_rule(read: object) -> list[object]:
        with connection.cursor() as cursor:
            cursor.execute("SELECT nothing FROM nowhere")
        return []

    bad = checks.Rule("M1", "S1", "坏规则", broken_rule)  # type: ignore[arg-type]
    monkeypatch.setitem(RULES, "M1", bad)
    OutboxEvent.objects.create(topic="x", available_at=now() - LONG_AGO, created_at=now())
    report = run_checks(["M1", "N1"])
    assert (list(report.unchecked), report.exit_code) == (["M1"], 2)
    assert [v.rule for v in report.violations] == ["N1"]
    kept = run_and_keep()
    assert {v["rule"] for v in kept.violations} >= {"M1", "N1"}


def test_the_command_says_it_and_exits_so(capsys: pytest.CaptureFixture[str]) -> None:
    assert check_command(json=False, rules=[]) == 0
    assert "✓ 一切正常" in capsys.readouterr().out
    OutboxEvent.objects.create(topic="订单", available_at=now() - LONG_AGO, created_at=now())
    assert check_command(json=False, rules=["N1"]) == 1
    said = capsys.readouterr().out
    assert "✗ N1 [S2] 待办事件和消息按时处理" in said
    assert "建议：" in said
    assert check_command(json=True, rules=None) == 1
    data = json.loads(capsys.readouterr().out)
    assert [v["rule"] for v in data["violations"]] == ["N1"]
    assert set(data["rules"]) == set(RULES)
    assert check_command(json=False, rules=["nope"]) == 2
    assert "没有这条规则：nope" in capsys.readouterr().err


def test_runs_are_kept_a_month() -> None:
    CheckRun.objects.create(started_at=now() - timedelta(days=31), seconds_ms=1)
    run = run_and_keep()
    assert list(CheckRun.objects.all()) == [run]
    assert run.violations == []
