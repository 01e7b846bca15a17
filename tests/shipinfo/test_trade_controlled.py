"""WeChat's word that it limits the mini-program's trade reaches the operator."""

from __future__ import annotations

from datetime import timedelta

import pytest
from deskworld import Desk

from yantuan.health import alarms
from yantuan.kernel import clock
from yantuan.kernel.clock import now


@pytest.mark.django_db
def test_the_operator_is_told_for_three_days(desk: Desk) -> None:
    assert "trade_controlled" not in alarms.evaluate()
    desk.control("POST", "/push", event="wxa_trade_controlled", fields={"msg": "交易受限"})
    desk.deliver_all()
    assert "trade_controlled" in alarms.evaluate()
    with clock.frozen(now() + timedelta(days=4)):
        assert "trade_controlled" not in alarms.evaluate()
