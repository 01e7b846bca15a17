"""The end of pictures: destroyed for good when their person goes, or when the papers they were have served their purpose.

Files go first, then the row says so. A crash in between is made good by the next round: a row is believed only when it says
that its files are gone. Upper floors name the papers they still need; what nobody needs any more goes.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection, Iterable
from datetime import datetime, timedelta

from django.db import transaction

from yantuan.kernel import faults
from yantuan.kernel.clock import now
from yantuan.kernel.config import config
from yantuan.media import files
from yantuan.media.models import Media

log = logging.getLogger(__name__)

Needs = Callable[[Collection[int], datetime], set[int]]
_needs: list[Needs] = []
BATCH = 500


def needs_papers(fn: Needs) -> Needs:
    """Register who needs papers: `fn(media_ids, since)` answers those of them named by an application that is open or was
    decided at `since` or later."""
    if fn not in _needs:
        _needs.append(fn)
    return fn


def remove(media_ids: Iterable[int]) -> int:
    """Destroy these pictures' files and say so in their rows; answers how many. Again: no change."""
    return sum(
        _destroy(media)
        for media in Media.objects.filter(id__in=list(media_ids), removed_at=None).order_by("id")
    )


def remove_old_papers() -> int:
    """Destroy papers older than `papers_days` that no application needs any more, or ever named; answers how many."""
    since = now() - timedelta(days=config().papers_days)
    old = Media.objects.filter(
        purpose=Media.Purpose.CERTIFICATION, removed_at=None, created_at__lt=since
    ).order_by("id")
    last, gone = 0, 0
    while ids := list(old.filter(id__gt=last).values_list("id", flat=True)[:BATCH]):
        needed = {media_id for fn in _needs for media_id in fn(ids, since)}
        gone += sum(_remove_unneeded(media_id, since) for media_id in ids if media_id not in needed)
        last = ids[-1]
    if gone:
        log.info("%d papers were destroyed after their time", gone)
    return gone


def _remove_unneeded(media_id: int, since: datetime) -> int:
    """Look once more under the row's lock: whoever names it in an application at this moment holds it (`access.hold_media`)."""
    with transaction.atomic():
        media = Media.objects.select_for_update().filter(id=media_id, removed_at=None).first()
        if media is None or any(media_id in fn([media_id], since) for fn in _needs):
            return 0
        return _destroy(media)


def _destroy(media: Media) -> int:
    for thumb in (False, True):
        files.path_of(media.key, thumb=thumb).unlink(missing_ok=True)
    faults.point("media.files_removed")
    return Media.objects.filter(id=media.id, removed_at=None).update(removed_at=now())
