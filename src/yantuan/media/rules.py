"""Which pictures are private, and how often one person may send one."""

from __future__ import annotations

from yantuan.media.models import Media

PRIVATE = frozenset(
    {Media.Purpose.CERTIFICATION, Media.Purpose.PROOF, Media.Purpose.AFTER_SALE, Media.Purpose.ANSWER}
)
PER_MINUTE = 40
PER_DAY = 600
ORPHAN_HOURS = 24


def is_private(purpose: str) -> bool:
    """Papers, payment proofs and evidence are shown only to those an upper floor names."""
    return purpose in PRIVATE
