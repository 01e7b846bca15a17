"""What the hourly self-check found."""

from __future__ import annotations

from django.db import models

from yantuan.kernel.models import Row


class CheckRun(Row):
    """One run of `yantuan check`."""

    started_at = models.DateTimeField()
    seconds_ms = models.PositiveIntegerField()
    violations = models.JSONField(default=list)

    class Meta:
        verbose_name = verbose_name_plural = "自检记录"
