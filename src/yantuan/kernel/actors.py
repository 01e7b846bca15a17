"""Who does something: named in every order event and audit entry."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

ActorKind = Literal["buyer", "leader", "operator", "provider", "system"]


@dataclass(frozen=True)
class Actor:
    """`id` is the person's or operator's id; None for the system and for providers."""

    kind: ActorKind
    id: int | None = None


SYSTEM = Actor("system")
PROVIDER = Actor("provider")
