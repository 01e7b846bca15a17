"""How settings with an inner shape are read."""

from __future__ import annotations

import pytest

from yantuan.commands.up import _near
from yantuan.kernel.config import Config
from yantuan.settings import _database


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


def test_a_database_cut_off_without_a_word_is_noticed_soon() -> None:
    options = _database("postgresql://u:p@db.lan/shop")["OPTIONS"]
    assert (options["connect_timeout"], options["tcp_user_timeout"]) == (5, 20_000)
