"""Watched parcels, the steps of their traces, whose turn it is to be asked about, and what services pushed."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from yantuan.fulfilment.models import Shipment
from yantuan.kernel.models import Row
from yantuan.orders.models import Order


class Tracking(Row):
    """One parcel under one number. Correcting the number starts it anew; withdrawing the parcel stops it for good."""

    class State(models.TextChoices):
        WAITING = "waiting", "待订阅"
        WATCHED = "watched", "已订阅"
        REFUSED = "refused", "无法订阅"
        ENDED = "ended", "已结束"
        STOPPED = "stopped", "已撤回"

    class Alarm(models.TextChoices):
        NONE = "", "正常"
        EXCEPTION = "exception", "运输异常"
        RETURNED = "returned", "退回中"
        SILENT = "silent", "两天没有更新"
        REFUSED = "refused", "单号无法查询"

    shipment = models.OneToOneField(Shipment, on_delete=models.PROTECT, related_name="tracking")
    order = models.ForeignKey(Order, on_delete=models.PROTECT, related_name="trackings")
    store_id = models.BigIntegerField()
    carrier = models.CharField(max_length=12)
    tracking_no = models.CharField(max_length=40)
    provider = models.CharField(max_length=12)
    """The service it is watched through."""
    state = models.CharField(max_length=8, choices=State.choices, default=State.WAITING)
    problem = models.CharField(max_length=24, default="", blank=True)
    """Why the service does not watch it, in one word; empty when nothing is wrong."""
    problem_text = models.CharField(max_length=200, default="", blank=True)
    """The service's own words for that."""
    tries = models.PositiveSmallIntegerField(default=0)
    renewals = models.PositiveSmallIntegerField(default=0)
    """How often the service gave up and was asked to watch again."""
    next_at = models.DateTimeField(null=True)
    """When to subscribe again, or to ask because nothing was heard; None: nothing to do by itself."""

    status = models.CharField(max_length=12, default="created")
    told_at = models.DateTimeField(null=True)
    """Moment of the newest step of the report that `status` is from; with `told_steps` it orders reports, whenever they came."""
    told_steps = models.PositiveIntegerField(default=0)
    latest = models.CharField(max_length=300, default="", blank=True)
    signed_at = models.DateTimeField(null=True)
    gave_up_at = models.DateTimeField(null=True)
    """When nobody expected news any more."""
    news_at = models.DateTimeField(null=True)
    """When something new was last heard."""
    alarm = models.CharField(max_length=10, choices=Alarm.choices, default=Alarm.NONE, blank=True)
    started_at = models.DateTimeField()

    class Meta:
        verbose_name = verbose_name_plural = "物流跟踪"
        constraints = [
            models.CheckConstraint(
                condition=Q(state__in=["waiting", "watched", "refused", "ended", "stopped"]),
                name="tracking_state_known",
            ),
            models.CheckConstraint(
                condition=Q(
                    status__in=[
                        "created",
                        "picked_up",
                        "in_transit",
                        "delivering",
                        "at_station",
                        "exception",
                        "returned",
                        "signed",
                    ]
                ),
                name="tracking_status_known",
            ),
        ]
        indexes = [
            models.Index(fields=["tracking_no"], name="tracking_by_number"),
            models.Index(fields=["next_at"], name="tracking_due", condition=Q(next_at__isnull=False)),
            models.Index(fields=["store_id", "order"], name="tracking_alarms", condition=~Q(alarm="")),
        ]


class TraceStep(Row):
    """One line of a trace, without phones and names. The same line told twice is one row."""

    tracking = models.ForeignKey(Tracking, on_delete=models.CASCADE, related_name="steps")
    at = models.DateTimeField()
    text = models.CharField(max_length=300)
    place = models.CharField(max_length=60, default="", blank=True)
    status = models.CharField(max_length=12)
    key = models.CharField(max_length=64)
    """SHA-256 over moment and the carrier's own text."""

    class Meta:
        verbose_name = verbose_name_plural = "物流轨迹"
        constraints = [models.UniqueConstraint(fields=["tracking", "key"], name="trace_step_once")]


class Turn(models.Model):
    """When a number was last asked about, by whichever process: never twice within thirty minutes."""

    number = models.CharField(max_length=60, primary_key=True)
    """Carrier and number."""
    asked_at = models.DateTimeField()


class CourierPush(Row):
    """A genuine push as it came, once; handled from this copy. The text is sealed: couriers write people's phones into it."""

    class Outcome(models.TextChoices):
        WAITING = "waiting", "待处理"
        APPLIED = "applied", "已处理"
        UNMATCHED = "unmatched", "无法匹配"

    provider = models.CharField(max_length=12)
    sealed = models.TextField(default="", blank=True)
    """The form and the token of the address; emptied some weeks after it was handled."""
    dedupe = models.CharField(max_length=64, unique=True)
    seen = models.PositiveIntegerField(default=1)
    outcome = models.CharField(max_length=10, choices=Outcome.choices, default=Outcome.WAITING)
    problem = models.CharField(max_length=100, default="", blank=True)
    received_at = models.DateTimeField(db_index=True)
    handled_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = verbose_name_plural = "物流推送"
        constraints = [
            models.CheckConstraint(
                condition=Q(outcome__in=["waiting", "applied", "unmatched"]), name="push_outcome_known"
            )
        ]
