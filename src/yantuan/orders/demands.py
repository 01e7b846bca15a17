"""What a sale demands of a draft beyond stock and the limit per person. Pure; asked only where a sale has options."""

from __future__ import annotations

from collections.abc import Sequence

from yantuan.orders.drafts import Draft, GroupTerms, OfferTerms, Recipient, Snapshot


def check(
    draft: Draft,
    group: GroupTerms,
    lines: Sequence[tuple[OfferTerms, int]],
    recipient: Recipient | None,
    snapshot: Snapshot,
) -> None:
    """Raise the refusal of the first demand this draft does not meet."""
