"""Building blocks of the HTTP API shared by every floor."""

from __future__ import annotations

from typing import Annotated, Any, Generic, TypeVar

from django.http import HttpRequest
from ninja import Schema
from pydantic import BeforeValidator, Field, StringConstraints, WithJsonSchema

from yantuan.kernel.errors import Invalid

T = TypeVar("T")

IdOut = Annotated[str, BeforeValidator(str)]
"""A 64-bit id as a decimal string."""
IdIn = Annotated[
    int, WithJsonSchema({"type": "string", "pattern": "^[0-9]{1,19}$"}), Field(ge=1, le=2**63 - 1)
]
"""An id in a path, query or body; sent as a decimal string."""
FenIn = Annotated[int, Field(strict=True, ge=0, le=100_000_000_00)]
"""An amount in fen; integers only, up to 100 million yuan."""
Count = Annotated[int, Field(strict=True, ge=1, le=9999)]
"""A number of pieces."""


def _clean(text: Any) -> Any:
    # NUL and lone surrogates can't be stored; bidi overrides could reorder the page around them.
    if isinstance(text, str):
        if "\x00" in text or any("\ud800" <= c <= "\udfff" for c in text):
            raise ValueError("text contains characters that cannot be stored")
        return "".join(
            c for c in text if c not in "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
        ).strip()
    return text


Text = Annotated[str, BeforeValidator(_clean)]
"""Cleaned, stripped text; bound its length with Field(max_length=…)."""
Phone = Annotated[str, BeforeValidator(_clean), StringConstraints(pattern=r"^1[3-9]\d{9}$")]
"""A mainland mobile number, 11 digits."""


class Ok(Schema):
    ok: bool = True


class Page(Schema, Generic[T]):
    """One slice of a keyset-paged list; pass `next` back as `cursor` for the following slice, null at the end."""

    items: list[T]
    next: str | None = None


def after_id(cursor: str | None) -> int | None:
    """The id a keyset cursor stands for. Raises Invalid `cursor_invalid`."""
    if cursor is None or cursor == "":
        return None
    if not cursor.isascii() or not cursor.isdigit() or len(cursor) > 19 or int(cursor) >= 2**63:
        raise Invalid("cursor_invalid", "翻页参数不对，请刷新", "The cursor is not valid.", field="cursor")
    return int(cursor)


def client_ip(request: HttpRequest, trusted: frozenset[str]) -> str:
    """The peer's address; X-Forwarded-For is believed only from a trusted proxy, and then only its last hop."""
    peer = str(request.META.get("REMOTE_ADDR", ""))
    forwarded = request.META.get("HTTP_X_FORWARDED_FOR", "")
    if peer in trusted and forwarded:
        return str(forwarded).rsplit(",", 1)[-1].strip()
    return peer
