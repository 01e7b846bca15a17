"""docs/events.md says who hears of what: a handler that slips to another's events changes the page."""

from __future__ import annotations

from pathlib import Path

from yantuan.commands.events import heard, render

PAGE = Path(__file__).resolve().parents[2] / "docs" / "events.md"


def test_the_committed_page_is_the_generated_one() -> None:
    assert PAGE.read_text() == render(), "write it anew, as yantuan/commands/events.py says"


def test_the_card_in_the_buyers_wechat_follows_the_order() -> None:
    moves = {topic for topic, names in heard().items() if "notices.jobs.order_moved" in names}
    assert moves == {"order.paid", "order.shipped", "order.arrived", "order.picked", "order.received"}
