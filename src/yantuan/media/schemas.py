from __future__ import annotations

from ninja import Schema

from yantuan.kernel.http import IdOut


class MediaOut(Schema):
    """A stored picture. Public: stable addresses. Private: addresses that need the viewer's session."""

    id: IdOut
    url: str
    thumb_url: str
    width: int
    height: int
