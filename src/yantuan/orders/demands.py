"""What a sale demands of a draft beyond stock and the limit per person. Pure; asked only where a sale has options."""

from __future__ import annotations

from collections.abc import Sequence

from yantuan.groupbuys.limiting import Both, quantity_problem
from yantuan.kernel.errors import AppError, Conflict
from yantuan.orders.drafts import Draft, GroupTerms, OfferTerms, Recipient, Snapshot


def check(
    draft: Draft,
    group: GroupTerms,
    lines: Sequence[tuple[OfferTerms, int]],
    recipient: Recipient | None,
    snapshot: Snapshot,
) -> None:
    """Raise the refusal of the first demand this draft does not meet."""
    for offer, quantity in lines:
        problem = line_problem(offer, quantity)
        if problem is not None:
            raise quantity_unfit(offer, problem)


def line_problem(offer: OfferTerms, quantity: int) -> Both | None:
    """Why this line asks for a quantity that isn't sold; None when it does not."""
    return quantity_problem(offer.options.limits, offer.title, quantity)


def quantity_unfit(offer: OfferTerms, problem: Both) -> AppError:
    limits = offer.options.limits
    return Conflict(
        "quantity_unfit", problem[0], problem[1], offer_id=str(offer.id), least=limits.least, step=limits.step
    )
