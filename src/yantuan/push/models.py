"""What WeChat pushed to us, as it came."""

from __future__ import annotations

from django.db import models

from yantuan.kernel.models import Row


class PushMessage(Row):
    """消息推送: one verified event, unique by its content; handled by the worker from this copy."""

    event = models.CharField(max_length=64, db_index=True)
    """Name of the event in lower case."""
    sealed = models.TextField()
    """The decrypted message, sealed: it names people by openid."""
    dedupe = models.CharField(max_length=64, unique=True)
    """SHA-256 over the message's fields: sender, time, event and whatever else tells two of them apart."""
    seen = models.PositiveIntegerField(default=1)
    """How often it came; the platform repeats what it saw no answer to."""
    handlers = models.PositiveSmallIntegerField(default=0)
    """How many parts of the product wanted it; 0: kept for the operator only."""
    sent_at = models.DateTimeField(null=True)
    """CreateTime of the message."""
    received_at = models.DateTimeField()
    handled_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = verbose_name_plural = "微信推送"
        indexes = [models.Index(fields=["received_at"], name="push_received")]
