"""Storing pictures."""

from __future__ import annotations

import logging

from yantuan.kernel import faults, ratelimit
from yantuan.kernel.clock import now
from yantuan.kernel.errors import AppError, Invalid
from yantuan.kernel.ids import short_code
from yantuan.media import files
from yantuan.media.models import Media
from yantuan.media.pictures import reencode
from yantuan.media.rules import PER_DAY, PER_MINUTE, is_private

_log = logging.getLogger(__name__)


def store_picture(owner_id: int | None, purpose: str, data: bytes) -> Media:
    """Decode, strip and keep a picture; files first, then the row, so that no row points at nothing.

    `owner_id` is a person's id, None for the instance's own. Raises the errors of `pictures.reencode`
    and Invalid `media_purpose_unknown`.
    """
    if purpose not in Media.Purpose.values:
        raise Invalid(
            "media_purpose_unknown", "不认识的图片用途", "Unknown purpose of a picture.", field="purpose"
        )
    picture = reencode(data)
    key = short_code(22)
    try:
        files.write(files.path_of(key, thumb=True), picture.thumb)
        files.write(files.path_of(key), picture.data)
    except OSError as error:
        # Full, read-only or gone: orders and payments go on without pictures.
        _log.error("a picture could not be kept: %s", type(error).__name__)
        raise AppError(
            "media_unavailable",
            "图片暂时无法保存，请稍后再试",
            "Pictures can't be kept at the moment; please try again.",
            status=503,
            retry_after=30,
        ) from error
    faults.point("media.files_written")
    return Media.objects.create(
        key=key,
        owner_id=owner_id,
        purpose=purpose,
        private=is_private(purpose),
        mime=picture.mime,
        width=picture.width,
        height=picture.height,
        size=len(picture.data),
        sha256=picture.sha256,
        created_at=now(),
    )


def upload(person_id: int, purpose: str, data: bytes) -> Media:
    """A person's own upload, counted against their limits. Raises TooMany besides what `store_picture` raises."""
    ratelimit.hit(f"media:{person_id}", limit=PER_MINUTE, seconds=60)
    ratelimit.hit(f"media:{person_id}", limit=PER_DAY, seconds=86400)
    return store_picture(person_id, purpose, data)
