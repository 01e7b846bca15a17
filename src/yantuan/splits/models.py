"""What a leader agreed to share, and what became of every payment made under it."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q

from yantuan.kernel.models import Row
from yantuan.merchants.models import MerchantAccount
from yantuan.orders.models import Order
from yantuan.payments.models import PaymentAttempt, Refund
from yantuan.splits.states import RETURN, SPLIT


class SplitTerms(Row):
    """分账约定: which part of a sub-merchant's orders goes to whom, as the operator proposed and the leader agreed.

    Never changed once written: another rate or receiver is another row, and needs the leader's word again.
    """

    class State(models.TextChoices):
        PROPOSED = "proposed", "待团长同意"
        AGREED = "agreed", "已同意"
        DECLINED = "declined", "团长未同意"
        REPLACED = "replaced", "已被新约定替换"
        ENDED = "ended", "已终止"

    account = models.ForeignKey(MerchantAccount, on_delete=models.PROTECT, related_name="split_terms")
    store_id = models.BigIntegerField()
    rate_bp = models.PositiveIntegerField()
    """All receivers together, in ten-thousandths of what was paid and not refunded."""
    max_ratio = models.PositiveIntegerField()
    """The most the sub-merchant allowed the partner when this was proposed, in ten-thousandths."""
    reason = models.CharField(max_length=200)
    """What the share is for, in the operator's words to the leader."""
    state = models.CharField(max_length=10, choices=State.choices, default=State.PROPOSED)
    proposed_by = models.BigIntegerField()
    proposed_at = models.DateTimeField()
    agreed_by = models.BigIntegerField(null=True)
    """The person who agreed: the store's leader."""
    agreed_at = models.DateTimeField(null=True)
    ended_by_kind = models.CharField(max_length=10, default="", blank=True)
    ended_by = models.BigIntegerField(null=True)
    ended_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = verbose_name_plural = "分账约定"
        constraints = [
            models.UniqueConstraint(
                fields=["account"], condition=Q(state="proposed"), name="one_split_proposal"
            ),
            models.UniqueConstraint(
                fields=["account"], condition=Q(state="agreed"), name="one_split_agreement"
            ),
            models.CheckConstraint(
                condition=Q(state__in=["proposed", "agreed", "declined", "replaced", "ended"]),
                name="split_terms_state_known",
            ),
            models.CheckConstraint(
                condition=Q(rate_bp__gte=1) & Q(rate_bp__lte=F("max_ratio")), name="split_rate_within_ratio"
            ),
            models.CheckConstraint(
                condition=~Q(state__in=["agreed", "replaced"])
                | (Q(agreed_by__isnull=False) & Q(agreed_at__isnull=False)),
                name="split_agreed_by_somebody",
            ),
        ]


class SplitParty(Row):
    """接收方: who gets which part under one agreement, and whether WeChat Pay knows them."""

    class Kind(models.TextChoices):
        MERCHANT = "MERCHANT_ID", "服务商商户号"
        PERSON = "PERSONAL_OPENID", "个人微信"

    class State(models.TextChoices):
        PENDING = "pending", "待添加"
        ACTIVE = "active", "已生效"
        REFUSED = "refused", "未通过"
        REMOVED = "removed", "已移除"

    terms = models.ForeignKey(SplitTerms, on_delete=models.PROTECT, related_name="parties")
    kind = models.CharField(max_length=20, choices=Kind.choices)
    number = models.CharField(max_length=64)
    """Merchant number, or openid under the partner's app."""
    name_sealed = models.TextField()
    """Full registered name of the merchant, or real name of the person."""
    name_shown = models.CharField(max_length=80)
    """A merchant's name in full (it is public), a person's but for the last character."""
    rate_bp = models.PositiveIntegerField()
    state = models.CharField(max_length=8, choices=State.choices, default=State.PENDING)
    problem = models.CharField(max_length=20, default="", blank=True)
    """A key of `states.TROUBLES`."""
    problem_words = models.CharField(max_length=200, default="", blank=True)
    """WeChat Pay's own words."""
    tries = models.PositiveSmallIntegerField(default=0)
    next_try_at = models.DateTimeField(null=True)
    added_at = models.DateTimeField(null=True)
    removed_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = verbose_name_plural = "分账接收方"
        constraints = [
            models.UniqueConstraint(fields=["terms", "kind", "number"], name="split_party_once"),
            models.CheckConstraint(condition=Q(rate_bp__gte=1), name="split_party_rate_positive"),
            models.CheckConstraint(
                condition=Q(kind__in=["MERCHANT_ID", "PERSONAL_OPENID"]), name="split_party_kind_known"
            ),
            models.CheckConstraint(
                condition=Q(state__in=["pending", "active", "refused", "removed"]),
                name="split_party_state_known",
            ),
        ]
        indexes = [
            models.Index(
                fields=["next_try_at"], name="split_party_due", condition=Q(next_try_at__isnull=False)
            )
        ]


class Split(Row):
    """分账单: one payment made with frozen money, until all of it is shared or free. Its numbers are kept for good."""

    attempt = models.OneToOneField(PaymentAttempt, on_delete=models.PROTECT, related_name="split")
    order = models.ForeignKey(Order, on_delete=models.PROTECT, related_name="splits")
    store_id = models.BigIntegerField()
    terms = models.ForeignKey(SplitTerms, on_delete=models.PROTECT, related_name="splits")
    transaction_id = models.CharField(max_length=40, unique=True)
    out_order_no = models.CharField(max_length=64, unique=True)
    unfreeze_no = models.CharField(max_length=64, unique=True)
    """Setting money free wants a number of its own."""
    state = models.CharField(max_length=10, default="planned")
    why = models.CharField(max_length=10, default="", blank=True)
    """Why nothing was shared: a key of `states.WHY`."""
    base_fen = models.BigIntegerField(default=0)
    """Paid less refunded, when it was decided."""
    amount_fen = models.BigIntegerField(default=0)
    """What was asked to be shared in all."""
    provider_order_id = models.CharField(max_length=64, default="", blank=True)
    """The platform's name for the request; it has taken it."""
    problem = models.CharField(max_length=20, default="", blank=True)
    """A key of `states.TROUBLES`."""
    last_error = models.CharField(max_length=300, default="", blank=True)
    tries = models.PositiveSmallIntegerField(default=0)
    next_try_at = models.DateTimeField(null=True)
    paid_at = models.DateTimeField()
    trouble_at = models.DateTimeField(null=True)
    decided_at = models.DateTimeField(null=True)
    done_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField()

    class Meta:
        verbose_name = verbose_name_plural = "分账单"
        constraints = [
            models.CheckConstraint(condition=Q(state__in=SPLIT.states), name="split_state_known"),
            models.CheckConstraint(
                condition=Q(amount_fen__gte=0) & Q(amount_fen__lte=F("base_fen")), name="split_within_base"
            ),
        ]
        indexes = [
            models.Index(
                fields=["next_try_at"],
                name="split_due",
                condition=Q(state__in=["planned", "sharing", "freeing", "trouble"]),
            ),
            models.Index(fields=["store_id", "-id"], name="split_of_store"),
        ]


class SplitPart(Row):
    """One receiver's part of a split."""

    class Result(models.TextChoices):
        PENDING = "pending", "处理中"
        SUCCESS = "success", "已到账"
        CLOSED = "closed", "未到账"

    split = models.ForeignKey(Split, on_delete=models.CASCADE, related_name="parts")
    party = models.ForeignKey(SplitParty, on_delete=models.PROTECT, related_name="parts")
    amount_fen = models.BigIntegerField()
    result = models.CharField(max_length=8, choices=Result.choices, default=Result.PENDING)
    failure = models.CharField(max_length=40, default="", blank=True)
    detail_id = models.CharField(max_length=64, default="", blank=True)
    finished_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = verbose_name_plural = "分账明细"
        constraints = [
            models.UniqueConstraint(fields=["split", "party"], name="split_part_once"),
            models.CheckConstraint(condition=Q(amount_fen__gte=1), name="split_part_positive"),
            models.CheckConstraint(
                condition=Q(result__in=["pending", "success", "closed"]), name="split_part_result_known"
            ),
        ]


class SplitReturn(Row):
    """分账回退: one receiver's part, or some of it, taken back so that a refund can be paid. A failed one is final; another try is another row."""

    refund = models.ForeignKey(Refund, on_delete=models.PROTECT, related_name="split_returns")
    part = models.ForeignKey(SplitPart, on_delete=models.PROTECT, related_name="returns")
    store_id = models.BigIntegerField()
    out_return_no = models.CharField(max_length=64, unique=True)
    amount_fen = models.BigIntegerField()
    state = models.CharField(max_length=10, default="created")
    failure = models.CharField(max_length=40, default="", blank=True)
    last_error = models.CharField(max_length=300, default="", blank=True)
    tries = models.PositiveSmallIntegerField(default=0)
    next_try_at = models.DateTimeField(null=True)
    reason = models.CharField(max_length=200, default="", blank=True)
    """Why the operator let the refund go without it."""
    decided_by = models.BigIntegerField(null=True)
    created_at = models.DateTimeField()
    done_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = verbose_name_plural = "分账回退"
        constraints = [
            models.UniqueConstraint(
                fields=["refund", "part"],
                condition=~Q(state__in=["failed", "replaced"]),
                name="one_split_return_at_a_time",
            ),
            models.CheckConstraint(condition=Q(amount_fen__gte=1), name="split_return_positive"),
            models.CheckConstraint(condition=Q(state__in=RETURN.states), name="split_return_state_known"),
        ]
        indexes = [
            models.Index(
                fields=["next_try_at"],
                name="split_return_due",
                condition=Q(state__in=["created", "processing"]),
            )
        ]
