"""What certification still needs of the floor below."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from django.db.models import Q

from yantuan.leaders.models import Certification
from yantuan.media.keeping import needs_papers


@needs_papers
def papers_of_applications(media_ids: Collection[int], since: datetime) -> set[int]:
    """Papers of applications that wait for their decision, or had it at `since` or later."""
    standing = Certification.objects.filter(Q(state=Certification.State.PENDING) | Q(decided_at__gte=since))
    named = standing.values_list("paper_media_ids", flat=True)
    return {int(one) for papers in named.iterator() for one in papers} & set(media_ids)
