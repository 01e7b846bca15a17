"""How `yantuan check --since` reads a time."""

from __future__ import annotations

from datetime import timedelta

import pytest

from yantuan.kernel.clock import frozen, now
from yantuan.reports.command import check_command, moment_of


def test_times_are_read_as_people_write_them(capsys: pytest.CaptureFixture[str]) -> None:
    moment = now()
    with frozen(moment):
        assert moment_of("2h") == moment - timedelta(hours=2)
        assert moment_of(" 30m ") == moment - timedelta(minutes=30)
        assert moment_of("3d") == moment - timedelta(days=3)
    assert moment_of("2026-11-22T08:00").isoformat() == "2026-11-22T08:00:00+08:00"
    assert moment_of("2026-11-22T08:00:00+00:00").isoformat() == "2026-11-22T08:00:00+00:00"
    assert check_command(json=False, rules=[], since="昨天") == 2
    assert "看不懂这个时间：昨天" in capsys.readouterr().err
