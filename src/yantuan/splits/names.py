"""Receivers' names at rest."""

from __future__ import annotations

from yantuan.kernel.tokens import seal, unseal

PURPOSE = "split receiver"


def seal_name(name: str) -> str:
    """For the column `name_sealed`."""
    return seal(PURPOSE, name)


def open_name(sealed: str) -> str:
    """Inverse of `seal_name`."""
    return unseal(PURPOSE, sealed)


def mask_person(name: str) -> str:
    """`王小雁` → `**雁`."""
    return "*" * (len(name) - 1) + name[-1:]
