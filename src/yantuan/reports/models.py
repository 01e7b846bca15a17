"""What the hourly self-check found."""

from __future__ import annotations

from django.db import models

from yantuan.kernel.models import Row
from yantuan.stores.models import Store


class CheckRun(Row):
    """One run of `yantuan check`."""

    started_at = models.DateTimeField()
    seconds_ms = models.PositiveIntegerField()
    violations = models.JSONField(default=list)

    class Meta:
        verbose_name = verbose_name_plural = "自检记录"


class HaltedStore(Store):
    """Stores the self-check has stopped, for the console."""

    class Meta:
        proxy = True
        verbose_name = verbose_name_plural = "停售的卖场"


class BillFee(Row):
    """手续费: what WeChat Pay's bill says it kept of one of our payments, or gave back with one of our refunds."""

    class Kind(models.TextChoices):
        PAYMENT = "payment", "支付"
        REFUND = "refund", "退款"

    store_id = models.BigIntegerField()
    group_buy_id = models.BigIntegerField()
    account_id = models.BigIntegerField(null=True)
    """The merchant account whose bill it is; None: the operator's."""
    kind = models.CharField(max_length=8, choices=Kind.choices)
    number = models.CharField(max_length=64, unique=True)
    """out_trade_no or out_refund_no."""
    fee_fen = models.BigIntegerField()
    """Above zero: kept by WeChat Pay; below: given back."""
    rate_bp = models.PositiveIntegerField(null=True)
    """The bill's rate in ten-thousandths; None where it names none."""
    day = models.DateField()

    class Meta:
        verbose_name = verbose_name_plural = "手续费"
        constraints = [
            models.CheckConstraint(
                condition=models.Q(kind="payment", fee_fen__gte=0) | models.Q(kind="refund", fee_fen__lte=0),
                name="bill_fee_sign",
            )
        ]
        indexes = [models.Index(fields=["account_id", "kind", "-id"], name="bill_fee_of_account")]


class OrderExport(Row):
    """导出: a leader's orders as a sheet, written in the background, kept for a day."""

    class State(models.TextChoices):
        WAITING_APPROVAL = "waiting_approval", "等待复核"
        QUEUED = "queued", "排队中"
        RUNNING = "running", "生成中"
        DONE = "done", "可以下载"
        REJECTED = "rejected", "未通过复核"
        FAILED = "failed", "生成失败"
        EXPIRED = "expired", "已过期"

    store_id = models.BigIntegerField()
    group_buy_id = models.BigIntegerField(null=True)
    """Only the orders of this sale; None: of the whole store."""
    tab = models.CharField(max_length=12, default="all")
    """The tab of the leader's order list."""
    person_id = models.BigIntegerField()
    """Who asked."""
    view = models.CharField(max_length=6, default="lines")
    """One row per `lines` of orders or per `orders`."""
    columns = models.JSONField(default=list)
    """Keys of `reports.columns` as chosen when it was asked for; empty in exports of earlier versions: the usual ones."""
    costs = models.BooleanField(default=False)
    """What goods cost is among the columns: only who may see that may have it."""
    state = models.CharField(max_length=16, choices=State.choices)
    orders_total = models.PositiveIntegerField()
    """Counted when asked; orders placed later may be in the sheet as well."""
    orders_done = models.PositiveIntegerField(default=0)
    full_phones = models.PositiveIntegerField(default=0)
    """How many orders show the whole phone."""
    file_key = models.CharField(max_length=43, default="", blank=True)
    size = models.PositiveBigIntegerField(default=0)
    error = models.CharField(max_length=200, default="", blank=True)
    created_at = models.DateTimeField()
    seen_at = models.DateTimeField(null=True)
    """Last word from the worker that writes it."""
    done_at = models.DateTimeField(null=True)
    expires_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = verbose_name_plural = "订单导出"
        constraints = [
            models.UniqueConstraint(
                fields=["store_id"],
                condition=models.Q(state__in=["waiting_approval", "queued", "running"]),
                name="one_export_at_a_time",
            )
        ]
        indexes = [
            models.Index(fields=["store_id", "-id"], name="export_of_store"),
            models.Index(fields=["expires_at"], name="export_expiring", condition=models.Q(state="done")),
        ]
