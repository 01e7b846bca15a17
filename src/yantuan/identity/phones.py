"""Phone numbers are kept sealed, found by a keyed hash, and shown masked."""

from __future__ import annotations

from yantuan.kernel.tokens import keyed_hash, seal, unseal

_PURPOSE = "phone"


def hash_phone(phone: str) -> str:
    """Keyed hash by which a phone is found; equal phones give equal hashes within one instance."""
    return keyed_hash(_PURPOSE, phone)


def seal_phone(phone: str) -> str:
    """The phone encrypted for storage."""
    return seal(_PURPOSE, phone)


def phone_of(sealed: str) -> str:
    """The plain phone of a sealed one; empty for empty. Each showing to somebody else must be audited by the caller."""
    return unseal(_PURPOSE, sealed) if sealed else ""


def mask_phone(phone: str) -> str:
    """`13812341234` → `138****1234`; shorter texts keep only their last two characters."""
    if len(phone) >= 8:
        return f"{phone[:3]}{'*' * (len(phone) - 7)}{phone[-4:]}"
    return "*" * max(0, len(phone) - 2) + phone[-2:] if phone else ""
