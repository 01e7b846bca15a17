"""The only doors to shares: the owner's through the store, everybody's through the unguessable token."""

from __future__ import annotations

import re
from typing import Final

from yantuan.kernel.errors import NotFound
from yantuan.sharing.models import Share

TOKEN: Final = re.compile(r"[1-9A-HJ-NP-Za-km-z]{6,16}")


def share_by_token(token: str) -> Share:
    """The share of a token, with its store. Raises NotFound."""
    share = (
        Share.objects.select_related("store__leader__person").filter(token=token).first()
        if TOKEN.fullmatch(token)
        else None
    )
    if share is None:
        raise NotFound
    return share
