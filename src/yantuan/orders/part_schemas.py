"""Bodies of what upper floors add to an order's page; the rest of them stand in `orders.schemas`."""

from __future__ import annotations

from ninja import Schema


class ProxyPart(Schema):
    """An order the leader placed for somebody: what the leader may still do about it."""

    open: bool
    """Unpaid: the money may be written down, or the order ended."""
    link: str
    """To pay it; empty once nothing waits, and for somebody with an account of their own."""
    claimed: bool
    """The neighbour has claimed it as theirs."""
