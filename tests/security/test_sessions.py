"""Cookies browsers keep apart, and sessions that end."""

from __future__ import annotations

from datetime import timedelta

import pytest

import factories as make
from yantuan.identity import sessions
from yantuan.kernel import clock
from yantuan.kernel.clock import now
from yantuan.kernel.config import Config

pytestmark = pytest.mark.django_db


def test_cookies_carry_the_prefix_that_guards_them_where_there_is_tls() -> None:
    cfg = Config(public_url="https://tuan.example.com")
    assert cfg.cookie_name("yt_session") == "__Host-yt_session"
    assert cfg.cookie_name("yt_console", whole_site=False) == "__Secure-yt_console"
    assert Config(public_url="http://192.0.2.7:8000").cookie_name("yt_session") == "yt_session"


def test_a_session_in_daily_use_ends_after_half_a_year() -> None:
    token = sessions.start(make.person(), "h5")
    began = now()
    for day in range(10, 180, 10):
        with clock.frozen(began + timedelta(days=day)):
            assert sessions.resolve(token) is not None, day
    with clock.frozen(began + timedelta(days=180, minutes=1)):
        assert sessions.resolve(token) is None
