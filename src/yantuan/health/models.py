"""What the operator is or was warned of."""

from __future__ import annotations

from django.db import models


class Alarm(models.Model):
    """One thing that went wrong, by name; a row lives on and is opened again. Whoever writes `told_at` first tells the operator."""

    name = models.CharField(max_length=60, primary_key=True)
    text = models.CharField(max_length=300)
    since = models.DateTimeField()
    told_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = verbose_name_plural = "告警"
