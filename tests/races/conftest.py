from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from django.conf import settings

from payments.fakepay import FakeProvider
from races.provider import SafeProvider
from races.racing import FULL, slow_database, violations
from yantuan.kernel.config import Config
from yantuan.payments import gateway


@dataclass(frozen=True)
class Pace:
    """How fast the database answers, and how much is tried accordingly."""

    slow: bool

    def size(self, quick: int, full: int, slow: int) -> int:
        """Rounds or people: quick, the catalogue's (`YANTUAN_RACES=full`), or with a slow database."""
        if self.slow:
            return slow
        return full if FULL else quick


@pytest.fixture(params=["plain", "slow"])
def pace(request: pytest.FixtureRequest, _races: None) -> Iterator[Pace]:
    """The race as it is, and once more with a database that takes its time for every statement."""
    if request.param == "plain":
        yield Pace(slow=False)
        return
    with slow_database():
        yield Pace(slow=True)


@pytest.fixture(autouse=True)
def _races(
    request: pytest.FixtureRequest, transactional_db: None, monkeypatch: pytest.MonkeyPatch
) -> Iterator[None]:
    """On PostgreSQL only, connected to a provider in memory; afterwards the books add up, unless harm was the point."""
    if "postgresql" not in settings.DATABASES["default"]["ENGINE"]:
        pytest.skip("races need --db=postgres")
    monkeypatch.setattr(Config, "has_wechatpay", property(lambda self: True))
    monkeypatch.setattr("yantuan.payments.gateway.settings", lambda cfg: None)
    monkeypatch.setattr("yantuan.kernel.ratelimit.hit", lambda *args, **kwargs: None)
    yield
    gateway.reset()
    if not request.node.name.startswith("test_control"):
        # Where no provider is needed, orders are paid by a stroke of the pen, without the proof that L4 asks for.
        allowed = set() if "provider" in request.fixturenames else {"L4"}
        assert violations() - allowed == set()


@pytest.fixture
def provider() -> FakeProvider:
    """WeChat Pay in memory; `pay` is the buyer at the cashier."""
    made = SafeProvider(depth=0)
    gateway.reset(made)  # type: ignore[arg-type]
    return made
