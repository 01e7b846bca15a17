"""The gate stands as soon as this floor is loaded; whether it asks anything is the configuration's."""

from __future__ import annotations

from yantuan.kernel import said
from yantuan.moderation.gate import ContentGate

said.put_up(ContentGate())
