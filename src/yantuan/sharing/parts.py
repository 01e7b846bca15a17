"""What orders asks of shares."""

from __future__ import annotations

from yantuan.orders.parts import provide_shares
from yantuan.sharing.access import TOKEN
from yantuan.sharing.models import Share


@provide_shares
def share_ids(tokens: set[str]) -> dict[str, int]:
    """Ids by token; unknown ones are left out."""
    fitting = [t for t in tokens if TOKEN.fullmatch(t)]
    return dict(Share.objects.filter(token__in=fitting).values_list("token", "id"))
