"""What was judged, and which wishes wait for it."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from yantuan.kernel.models import Row


class Verdict(Row):
    """内容结论: one text or picture, judged once by its hash, whoever says it; kept for thirty days."""

    class State(models.TextChoices):
        NEW = "new", "待送检"
        ASKED = "asked", "检测中"
        PASSED = "passed", "通过"
        DOUBTFUL = "doubtful", "待人工"
        RISKY = "risky", "违规"

    digest = models.CharField(max_length=64, unique=True)
    """SHA-256 of the text, or of the picture's bytes."""
    text = models.TextField(default="", blank=True)
    media_id = models.BigIntegerField(null=True)
    state = models.CharField(max_length=8, choices=State.choices, default=State.NEW)
    cause = models.CharField(max_length=16, default="", blank=True)
    """Why it is doubtful, still new, or passed without an answer: a key of `rules.CAUSES`."""
    label = models.PositiveIntegerField(default=0)
    """The platform's number (`rules.LABELS`); 0: none."""
    author_id = models.BigIntegerField()
    """In whose name the platform is asked."""
    trace_id = models.CharField(max_length=64, null=True, unique=True)
    token = models.CharField(max_length=64, null=True, unique=True)
    """Under which the platform fetches the picture; emptied as soon as it has judged."""
    created_at = models.DateTimeField()
    """When the present round of asking began."""
    asked_at = models.DateTimeField(null=True)
    decided_at = models.DateTimeField(null=True)
    operator_id = models.BigIntegerField(null=True)
    """Who decided by hand; that outranks the platform."""

    class Meta:
        verbose_name = verbose_name_plural = "内容结论"
        constraints = [
            models.CheckConstraint(
                condition=Q(state__in=["new", "asked", "passed", "doubtful", "risky"]),
                name="verdict_state_known",
            ),
        ]
        indexes = [
            models.Index(fields=["created_at"], name="verdict_open", condition=Q(state__in=["new", "asked"]))
        ]


class Submission(Row):
    """内容审核: the newest wish to show something in public, one row per subject."""

    class State(models.TextChoices):
        WAITING = "waiting", "检测中"
        DOUBTFUL = "doubtful", "待人工审核"
        REJECTED = "rejected", "未通过"
        PASSED = "passed", "已通过"
        WITHDRAWN = "withdrawn", "已撤回"

    kind = models.CharField(max_length=12)
    """groupbuy, store, point, product or person."""
    subject_id = models.BigIntegerField()
    store_id = models.BigIntegerField(null=True)
    person_id = models.BigIntegerField()
    title = models.CharField(max_length=80, default="", blank=True)
    wish = models.JSONField(null=True)
    """What is to be changed, as the floor below understands it; None: to be shown as it stands."""
    revision = models.PositiveIntegerField(default=1)
    """Grows with every newer wish: an answer to an older one decides nothing."""
    state = models.CharField(max_length=10, choices=State.choices, default=State.WAITING)
    live = models.BooleanField(default=False)
    """It is shown already, without an answer, and turned out risky."""
    reason = models.CharField(max_length=200, default="", blank=True)
    reason_en = models.CharField(max_length=300, default="", blank=True, db_default="")
    """Only of what the product itself says; an operator's words are told as they are."""
    submitted_at = models.DateTimeField()
    decided_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = verbose_name_plural = "内容审核"
        constraints = [
            models.UniqueConstraint(fields=["kind", "subject_id"], name="submission_of_subject"),
            models.CheckConstraint(
                condition=Q(state__in=["waiting", "doubtful", "rejected", "passed", "withdrawn"]),
                name="submission_state_known",
            ),
        ]
        indexes = [
            models.Index(
                fields=["submitted_at"],
                name="submission_open",
                condition=Q(state__in=["waiting", "doubtful"]),
            )
        ]


class Part(Row):
    """One piece of a submission and where it stands."""

    submission = models.ForeignKey(Submission, on_delete=models.CASCADE, related_name="parts")
    digest = models.CharField(max_length=64, db_index=True)
    place = models.CharField(max_length=40)
    place_en = models.CharField(max_length=80, default="", blank=True, db_default="")
