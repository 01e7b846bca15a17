"""Timed work of sharing."""

from __future__ import annotations

from yantuan.kernel.schedule import every
from yantuan.sharing import actions, drawings, links, live_cards


@every(6 * 3600)
def forget_visitors() -> int:
    """Visitors' hashes are kept only as long as counting needs them."""
    return actions.forget_visitors()


@every(24 * 3600)
def clear_posters() -> int:
    """Drawings nobody asked for in a week go."""
    return drawings.clear_old()


@every(24 * 3600)
def clear_links() -> int:
    """Links into the mini-program that have ended go."""
    return links.clear_old()


@every(30)
def update_live_cards() -> int:
    """Cards in the chats say how their sales stand."""
    return live_cards.update_due()


@every(24 * 3600)
def clear_live_cards() -> int:
    """Activities WeChat has long forgotten go."""
    return live_cards.clear_old()
