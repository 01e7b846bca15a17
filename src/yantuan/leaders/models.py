"""Invite codes, leaders and their certification."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q

from yantuan.identity.models import Person
from yantuan.kernel.models import Row


class InviteCode(Row):
    """Lets `uses_allowed` people apply. The code itself is kept sealed for the operator and hashed for look-up."""

    code_hash = models.CharField(max_length=64, unique=True)
    code_sealed = models.CharField(max_length=200)
    uses_allowed = models.PositiveIntegerField(default=1)
    uses_taken = models.PositiveIntegerField(default=0)
    expires_at = models.DateTimeField()
    phone_hash = models.CharField(max_length=64, default="", blank=True)
    """When set, only this phone may use the code."""
    phone_last4 = models.CharField(max_length=4, default="", blank=True)
    note = models.CharField(max_length=200, default="", blank=True)
    created_by = models.BigIntegerField(null=True)
    created_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = verbose_name_plural = "邀请码"
        constraints = [
            models.CheckConstraint(condition=Q(uses_taken__lte=F("uses_allowed")), name="invite_not_overused")
        ]


class Leader(Row):
    """A person who was invited. `certification` tells how far they are; only an approved, unsuspended leader sells."""

    class State(models.TextChoices):
        NONE = "none", "未认证"
        PENDING = "pending", "审核中"
        APPROVED = "approved", "已通过"
        REJECTED = "rejected", "已驳回"

    person = models.OneToOneField(Person, on_delete=models.PROTECT, related_name="leader")
    invite_code = models.ForeignKey(InviteCode, on_delete=models.PROTECT, null=True, related_name="leaders")
    display_name = models.CharField(max_length=40, default="", blank=True)
    certification = models.CharField(max_length=10, choices=State.choices, default=State.NONE)
    certified_at = models.DateTimeField(null=True)
    suspended_at = models.DateTimeField(null=True)
    suspend_reason = models.CharField(max_length=200, default="", blank=True)
    created_at = models.DateTimeField()

    class Meta:
        verbose_name = verbose_name_plural = "团长"

    @property
    def may_sell(self) -> bool:
        return self.certification == self.State.APPROVED and self.suspended_at is None


class Certification(Row):
    """One application with its papers and its decision; a resend is a new row."""

    class Kind(models.TextChoices):
        PERSON = "person", "个人"
        INDIVIDUAL_BUSINESS = "individual_business", "个体工商户"
        COMPANY = "company", "企业"

    class State(models.TextChoices):
        PENDING = "pending", "审核中"
        APPROVED = "approved", "已通过"
        REJECTED = "rejected", "已驳回"

    leader = models.ForeignKey(Leader, on_delete=models.PROTECT, related_name="certifications")
    kind = models.CharField(max_length=20, choices=Kind.choices)
    legal_name = models.CharField(max_length=60)
    """The person's real name, or the name on the licence."""
    id_number_sealed = models.CharField(max_length=300)
    """ID card number (person) or unified social credit code."""
    id_number_hash = models.CharField(max_length=64, db_index=True)
    """Keyed hash, so that a suspended leader's papers are known again under another phone."""
    id_number_tail = models.CharField(max_length=4)
    contact_name = models.CharField(max_length=40, default="", blank=True)
    category = models.CharField(max_length=60, default="", blank=True)
    """What they will sell, in their words."""
    paper_media_ids = models.JSONField(default=list)
    state = models.CharField(max_length=10, choices=State.choices, default=State.PENDING)
    reason = models.CharField(max_length=300, default="", blank=True)
    decided_by = models.BigIntegerField(null=True)
    decided_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField()

    class Meta:
        verbose_name = verbose_name_plural = "认证申请"
        constraints = [
            models.UniqueConstraint(
                fields=["leader"], condition=Q(state="pending"), name="certification_one_pending"
            )
        ]
