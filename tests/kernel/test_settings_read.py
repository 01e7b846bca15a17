"""How settings with an inner shape are read."""

from __future__ import annotations

import pytest

from yantuan.commands.up import _near
from yantuan.kernel.config import Config


@pytest.mark.parametrize(
    ("text", "peers"),
    [("127.0.0.1", {"127.0.0.1"}), ("127.0.0.1, 10.0.0.2 ,", {"127.0.0.1", "10.0.0.2"}), ("", set())],
)
def test_trusted_proxies_may_be_written_with_blanks(text: str, peers: set[str]) -> None:
    assert Config(trusted_proxies=text).trusted_peers == peers


@pytest.mark.parametrize(
    ("host", "near"),
    [
        ("127.0.0.1", "127.0.0.1"),
        ("0.0.0.0", "127.0.0.1"),
        ("::", "[::1]"),
        ("::1", "[::1]"),
        ("shop.lan", "shop.lan"),
    ],
)
def test_what_is_listened_on_is_reached_from_here(host: str, near: str) -> None:
    assert _near(host) == near
