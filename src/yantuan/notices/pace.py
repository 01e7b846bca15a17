"""Twenty calls a minute to one robot, over all processes and stores."""

from __future__ import annotations

from typing import Final

from django.db import transaction

from yantuan.kernel.clock import now
from yantuan.kernel.tokens import keyed_hash
from yantuan.notices.models import RobotPace

PER_MINUTE: Final = 20
_SECONDS: Final = 60


def take(key: str) -> int:
    """Take one call of a robot's key: 0 when it may be made now, else the seconds until one is free."""
    robot = keyed_hash("robot-pace", key)
    moment = int(now().timestamp())
    with transaction.atomic():
        RobotPace.objects.bulk_create([RobotPace(robot=robot)], ignore_conflicts=True)
        row = RobotPace.objects.select_for_update().get(robot=robot)
        # A call counts until a whole minute has passed by the other side's clock too: both cut seconds.
        recent = [int(at) for at in row.calls if moment - int(at) <= _SECONDS]
        if len(recent) >= PER_MINUTE:
            return max(1, recent[0] + _SECONDS + 1 - moment)
        RobotPace.objects.filter(id=row.id).update(calls=[*recent, moment])
    return 0
