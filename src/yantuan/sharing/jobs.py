"""Timed work of sharing."""

from __future__ import annotations

from yantuan.kernel.schedule import every
from yantuan.sharing import actions, drawings, links


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
