"""Tries to pay, money given back, and what providers told us."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from yantuan.kernel.models import Row
from yantuan.merchants.models import MerchantAccount
from yantuan.orders.models import Order, OrderLine


class PaymentAttempt(Row):
    """支付: one try to pay one order through WeChat Pay, with its own out_trade_no. Committed before the provider is called."""

    class State(models.TextChoices):
        CREATED = "created", "已创建"
        PREPAID = "prepaid", "待支付"
        SUCCEEDED = "succeeded", "已支付"
        CLOSED = "closed", "已关闭"

    order = models.ForeignKey(Order, on_delete=models.PROTECT, related_name="attempts")
    store_id = models.BigIntegerField()
    trade_type = models.CharField(max_length=8)
    """`JSAPI`, `MWEB` (H5) or `NATIVE`."""
    appid = models.CharField(max_length=32)
    mchid = models.CharField(max_length=32)
    """Whose money it is: a merchant number, in partner mode the partner's."""
    sub_mchid = models.CharField(max_length=32, default="", db_default="", blank=True)
    account = models.ForeignKey(MerchantAccount, on_delete=models.PROTECT, null=True, related_name="attempts")
    """The store's own account it was made with, for good; None: the configuration's."""
    split_terms_id = models.BigIntegerField(null=True)
    """The agreement its money is to be shared under; None: not shared. With one, the money stays frozen until it is
    shared or set free, whatever becomes of the agreement."""
    out_trade_no = models.CharField(max_length=32, unique=True)
    amount_fen = models.BigIntegerField()
    payer_openid = models.CharField(max_length=128, default="", blank=True)
    state = models.CharField(max_length=10, choices=State.choices, default=State.CREATED)
    request_body = models.TextField(default="", blank=True)
    """The exact JSON sent, so that a repeat is identical."""
    time_expire = models.DateTimeField()
    """When WeChat Pay stops taking money for this number."""
    prepay_id = models.CharField(max_length=64, default="", blank=True)
    pay_url = models.CharField(max_length=512, default="", blank=True)
    """h5_url or code_url."""
    prepay_expires_at = models.DateTimeField(null=True)
    transaction_id = models.CharField(max_length=40, null=True, unique=True)
    paid_fen = models.BigIntegerField(default=0)
    success_at = models.DateTimeField(null=True)
    extra = models.BooleanField(default=False)
    """Succeeded although the order was already paid or could not be honoured any more; refunded by itself."""
    next_poll_at = models.DateTimeField(null=True)
    polls = models.PositiveSmallIntegerField(default=0)
    created_at = models.DateTimeField()
    closed_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = verbose_name_plural = "支付单"
        constraints = [
            models.UniqueConstraint(
                fields=["order"],
                condition=Q(state__in=["created", "prepaid"]),
                name="one_live_attempt_per_order",
            ),
            models.CheckConstraint(condition=Q(amount_fen__gte=1), name="attempt_amount_positive"),
            models.CheckConstraint(condition=Q(paid_fen__gte=0), name="attempt_paid_not_negative"),
            models.CheckConstraint(
                condition=Q(state__in=["created", "prepaid", "succeeded", "closed"]),
                name="attempt_state_known",
            ),
        ]
        indexes = [
            models.Index(
                fields=["next_poll_at"], name="attempt_polling", condition=Q(state__in=["created", "prepaid"])
            ),
            models.Index(
                fields=["success_at"], name="attempt_to_split", condition=Q(split_terms_id__isnull=False)
            ),
        ]


class OfflineProof(Row):
    """The buyer's word that an offline payment was made, with a screenshot; decided by the leader."""

    class State(models.TextChoices):
        SENT = "sent", "待确认"
        CONFIRMED = "confirmed", "已确认"
        REJECTED = "rejected", "未收到"

    order = models.ForeignKey(Order, on_delete=models.PROTECT, related_name="proofs")
    store_id = models.BigIntegerField()
    media_id = models.BigIntegerField(null=True)
    sha256 = models.CharField(max_length=64, default="", blank=True, db_index=True)
    amount_fen = models.BigIntegerField()
    note = models.CharField(max_length=100, default="", blank=True)
    state = models.CharField(max_length=10, choices=State.choices, default=State.SENT)
    flags = models.JSONField(default=list)
    """`reused` (same picture seen before), `late` (sent after the hold ended), `repeated` (not the first for this order)."""
    reason = models.CharField(max_length=200, default="", blank=True)
    created_at = models.DateTimeField()
    decided_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["order"], condition=Q(state="sent"), name="one_open_proof"),
            models.CheckConstraint(condition=Q(amount_fen__gte=0), name="proof_amount_not_negative"),
            models.CheckConstraint(
                condition=Q(state__in=["sent", "confirmed", "rejected"]), name="proof_state_known"
            ),
        ]


class Refund(Row):
    """退款: one intent to give money back, written before the provider is called; the number is kept through all retries."""

    class State(models.TextChoices):
        CREATED = "created", "待发起"
        PROCESSING = "processing", "退款中"
        SUCCEEDED = "succeeded", "已退款"
        ABNORMAL = "abnormal", "退款异常"
        CLOSED = "closed", "已关闭"

    class Cause(models.TextChoices):
        AFTER_SALE = "after_sale", "售后退款"
        CANCEL = "cancel", "发货前取消"
        LEADER = "leader", "团长主动退款"
        LATE = "late", "关闭后到账退回"
        EXTRA = "extra", "重复支付退回"
        UNFORMED = "unformed", "未成团退款"
        UNFILLED = "unfilled", "拼箱余数退款"
        TIER = "tier", "阶梯价差退回"
        WEIGHT = "weight", "称重差额退回"
        SHORTAGE = "shortage", "缺货退款"

    order = models.ForeignKey(Order, on_delete=models.PROTECT, related_name="refunds")
    store_id = models.BigIntegerField()
    attempt = models.ForeignKey(PaymentAttempt, on_delete=models.PROTECT, null=True, related_name="refunds")
    """None for offline payments: the leader gives the money back by hand and confirms."""
    aftersale_id = models.BigIntegerField(null=True)
    cause = models.CharField(max_length=10, choices=Cause.choices)
    out_refund_no = models.CharField(max_length=64, unique=True)
    amount_fen = models.BigIntegerField()
    reason = models.CharField(max_length=80, default="", blank=True)
    request_body = models.TextField(default="", blank=True)
    """The exact JSON sent to the provider; every repeat sends the same bytes. Empty for offline and zero refunds."""
    restock = models.BooleanField(default=False)
    state = models.CharField(max_length=10, choices=State.choices, default=State.CREATED)
    provider_refund_id = models.CharField(max_length=40, default="", blank=True)
    tries = models.PositiveSmallIntegerField(default=0)
    send_after = models.DateTimeField()
    """Not sent to the provider before: refunds of one payment keep a minute's distance."""
    next_try_at = models.DateTimeField(null=True)
    """When to send or ask again; None: nothing to do by itself."""
    last_error = models.CharField(max_length=300, default="", blank=True)
    """The provider's word (or ours) for what went wrong last; empty when nothing did."""
    actor_kind = models.CharField(max_length=10)
    actor_id = models.BigIntegerField(null=True)
    created_at = models.DateTimeField()
    done_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = verbose_name_plural = "退款单"
        constraints = [
            models.CheckConstraint(condition=Q(amount_fen__gte=0), name="refund_amount_not_negative"),
            models.CheckConstraint(
                condition=Q(state__in=["created", "processing", "succeeded", "abnormal", "closed"]),
                name="refund_state_known",
            ),
            models.CheckConstraint(
                condition=Q(
                    cause__in=[
                        "after_sale",
                        "cancel",
                        "leader",
                        "late",
                        "extra",
                        "unformed",
                        "unfilled",
                        "tier",
                        "weight",
                        "shortage",
                    ]
                ),
                name="refund_cause_known",
            ),
            models.UniqueConstraint(
                fields=["attempt"],
                condition=Q(cause__in=["late", "extra"]),
                name="one_automatic_refund_per_attempt",
            ),
        ]
        indexes = [
            models.Index(
                fields=["next_try_at"], name="refund_due", condition=Q(state__in=["created", "processing"])
            )
        ]


class RefundLine(Row):
    """Which units and how much of a line's price and freight a refund gives back."""

    refund = models.ForeignKey(Refund, on_delete=models.PROTECT, related_name="lines")
    order_line = models.ForeignKey(OrderLine, on_delete=models.PROTECT, related_name="refund_lines")
    quantity = models.PositiveIntegerField(default=0)
    goods_fen = models.BigIntegerField()
    freight_fen = models.BigIntegerField(default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["refund", "order_line"], name="refund_line_once"),
            models.CheckConstraint(
                condition=Q(goods_fen__gte=0, freight_fen__gte=0), name="refund_line_not_negative"
            ),
        ]


class ProviderNotice(Row):
    """A verified notice as it came, unique by its content; handled from this copy."""

    class Outcome(models.TextChoices):
        WAITING = "waiting", "待处理"
        APPLIED = "applied", "已处理"
        REPEATED = "repeated", "重复"
        UNMATCHED = "unmatched", "无法匹配"

    provider = models.CharField(max_length=12, default="wechatpay")
    account_id = models.BigIntegerField(null=True)
    """The merchant account whose keys vouch for it; None: the configuration's."""
    notice_id = models.CharField(max_length=64)
    event_type = models.CharField(max_length=40)
    business_no = models.CharField(max_length=64, db_index=True)
    headers = models.JSONField(default=dict)
    body = models.TextField()
    resource = models.TextField()
    """The decrypted JSON."""
    dedupe = models.CharField(max_length=64, unique=True)
    """SHA-256 over event type and decrypted resource."""
    seen = models.PositiveIntegerField(default=1)
    outcome = models.CharField(max_length=10, choices=Outcome.choices, default=Outcome.WAITING)
    problem = models.CharField(max_length=200, default="", blank=True)
    received_at = models.DateTimeField()
    handled_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = verbose_name_plural = "支付通知"
        constraints = [
            models.CheckConstraint(
                condition=Q(outcome__in=["waiting", "applied", "repeated", "unmatched"]),
                name="notice_outcome_known",
            )
        ]
        indexes = [
            models.Index(fields=["received_at"], name="notice_waiting", condition=Q(outcome="waiting")),
        ]


class BillDifference(Row):
    """差异: one thing on which the provider's bill, our rows and the order don't agree, until somebody has looked."""

    class State(models.TextChoices):
        OPEN = "open", "待处理"
        GONE = "gone", "复查后一致"
        SETTLED = "settled", "已处理"

    day = models.DateField()
    account = models.ForeignKey(
        MerchantAccount, on_delete=models.PROTECT, null=True, related_name="bill_differences"
    )
    number = models.CharField(max_length=64)
    """out_trade_no or out_refund_no."""
    problem = models.CharField(max_length=40)
    bill_line = models.JSONField(default=dict)
    """The bill's columns by their Chinese headings; empty when the bill has no such line."""
    order_id = models.BigIntegerField(null=True)
    store_id = models.BigIntegerField(null=True)
    state = models.CharField(max_length=8, choices=State.choices, default=State.OPEN)
    reason = models.CharField(max_length=200, default="", blank=True)
    decided_by = models.BigIntegerField(null=True)
    decided_at = models.DateTimeField(null=True)
    asked_at = models.DateTimeField(null=True)
    dedupe = models.CharField(max_length=64, unique=True)
    created_at = models.DateTimeField()

    class Meta:
        verbose_name = verbose_name_plural = "对账差异"
        constraints = [
            models.CheckConstraint(
                condition=Q(state__in=["open", "gone", "settled"]), name="bill_difference_state_known"
            )
        ]
        indexes = [models.Index(fields=["day"], name="bill_difference_day")]
