"""Whose WeChat Pay account takes the money of which store."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from yantuan.kernel.models import Row
from yantuan.stores.models import Store


class MerchantAccount(Row):
    """收款账户: the account one store is paid through. At most one per store is in use; earlier ones stay for refunds.

    `direct`: the leader's own merchant number and keys. `partner`: a sub-merchant number under the operator's partner
    account. `operator`: a mark without keys, by which the operator says that the store is the operator's own, so that
    the configuration's merchant account may serve it where several leaders sell.
    """

    class Mode(models.TextChoices):
        DIRECT = "direct", "自己的商户号"
        PARTNER = "partner", "服务商子商户"
        OPERATOR = "operator", "平台自营"

    class State(models.TextChoices):
        UNCHECKED = "unchecked", "待验证"
        CHECKED = "checked", "已验证"
        REFUSED = "refused", "未通过"

    store = models.ForeignKey(Store, on_delete=models.PROTECT, related_name="merchant_accounts")
    mode = models.CharField(max_length=8, choices=Mode.choices)
    state = models.CharField(max_length=10, choices=State.choices, default=State.UNCHECKED)
    problem = models.CharField(max_length=40, default="", blank=True)
    """Why it is refused, or could not be checked yet: a key of `rules.PROBLEMS`."""
    problem_words = models.CharField(max_length=200, default="", blank=True)
    """WeChat Pay's own words for the same."""
    checked_at = models.DateTimeField(null=True)
    mchid = models.CharField(max_length=32, default="", blank=True)
    sub_mchid = models.CharField(max_length=32, default="", blank=True)
    merchant_serial = models.CharField(max_length=40, default="", blank=True)
    key_mode = models.CharField(max_length=12, default="public_key")
    """`public_key` or `certificate`: how the platform signs for this merchant."""
    public_key_id = models.CharField(max_length=64, default="", blank=True)
    apiv3_tail = models.CharField(max_length=4, default="", blank=True)
    keys_sealed = models.TextField(default="", blank=True)
    """Private key, APIv3 key and platform public key, sealed together (`keys.Keys`)."""
    old_keys_sealed = models.TextField(default="", blank=True)
    """The keys before the last change, for notices on their way."""
    old_keys_until = models.DateTimeField(null=True)
    version = models.PositiveIntegerField(default=1)
    """Grows with every change a client must know of."""
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()
    retired_at = models.DateTimeField(null=True)
    """No new payment is made through it since then; refunds of old ones still are."""
    wiped_at = models.DateTimeField(null=True)
    """Its keys were destroyed: nothing can be refunded through it any more."""

    class Meta:
        verbose_name = verbose_name_plural = "收款账户"
        constraints = [
            models.UniqueConstraint(
                fields=["store"], condition=Q(retired_at__isnull=True), name="one_merchant_account_in_use"
            ),
            models.CheckConstraint(
                condition=Q(mode__in=["direct", "partner", "operator"]), name="merchant_account_mode_known"
            ),
            models.CheckConstraint(
                condition=Q(state__in=["unchecked", "checked", "refused"]),
                name="merchant_account_state_known",
            ),
            models.CheckConstraint(
                condition=Q(mode="operator") | ~Q(mchid=""), name="merchant_account_has_number"
            ),
            models.CheckConstraint(
                condition=(Q(mode="partner") & ~Q(sub_mchid="")) | (~Q(mode="partner") & Q(sub_mchid="")),
                name="merchant_account_sub_number",
            ),
        ]

    @property
    def serves(self) -> bool:
        """Whether new payments may be made through an account of the store's own."""
        return (
            self.retired_at is None and self.state == self.State.CHECKED and self.mode != self.Mode.OPERATOR
        )


class AccountTrouble(Row):
    """An account WeChat Pay was seen to refuse, from the check that confirmed it to the one that passes again."""

    account_id = models.BigIntegerField(unique=True)
    """A `MerchantAccount`; 0: the configuration's own."""
    problem = models.CharField(max_length=40)
    """A key of `rules.PROBLEMS`."""
    words = models.CharField(max_length=200, default="", blank=True)
    """WeChat Pay's own words."""
    since = models.DateTimeField()
    checked_at = models.DateTimeField()

    class Meta:
        verbose_name = verbose_name_plural = "收款故障"


class MerchantApplication(Row):
    """进件: a leader's application for a sub-merchant number under the operator's partner account.

    What WeChat Pay asks (papers, identity, bank account) is sealed together, and destroyed when the application is over.
    """

    class State(models.TextChoices):
        EDITING = "editing", "填写中"
        SENDING = "sending", "提交中"
        AUDITING = "auditing", "微信支付审核中"
        REJECTED = "rejected", "已驳回"
        TO_CONFIRM = "to_confirm", "待账户验证"
        TO_SIGN = "to_sign", "待签约"
        SIGNING = "signing", "开通权限中"
        FINISHED = "finished", "已完成"
        CANCELED = "canceled", "已作废"

    store = models.ForeignKey(Store, on_delete=models.PROTECT, related_name="merchant_applications")
    business_code = models.CharField(max_length=32, unique=True)
    """Our name for it at WeChat Pay, kept when a rejected one is sent again."""
    state = models.CharField(max_length=10, choices=State.choices, default=State.EDITING)
    form_sealed = models.TextField(default="", blank=True)
    pictures = models.JSONField(default=dict)
    """Our picture id → WeChat Pay's, for those uploaded already."""
    papers = models.JSONField(default=list)
    """Our ids of every picture it ever named, kept when its contents are gone: they stay for `papers_days` after the end."""
    applyment_id = models.CharField(max_length=24, default="", blank=True)
    sub_mchid = models.CharField(max_length=32, default="", blank=True)
    sign_url = models.CharField(max_length=512, default="", blank=True)
    message = models.CharField(max_length=300, default="", blank=True)
    details = models.JSONField(default=list)
    """What WeChat Pay wants changed: `field_name`, `reason`."""
    next_ask_at = models.DateTimeField(null=True)
    asks = models.PositiveIntegerField(default=0)
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = verbose_name_plural = "商户进件"
        constraints = [
            models.UniqueConstraint(
                fields=["store"],
                condition=~Q(state__in=["finished", "canceled"]),
                name="one_open_merchant_application",
            ),
            models.CheckConstraint(
                condition=Q(
                    state__in=[
                        "editing",
                        "sending",
                        "auditing",
                        "rejected",
                        "to_confirm",
                        "to_sign",
                        "signing",
                        "finished",
                        "canceled",
                    ]
                ),
                name="merchant_application_state_known",
            ),
        ]
        indexes = [
            models.Index(
                fields=["next_ask_at"],
                name="merchant_application_due",
                condition=Q(next_ask_at__isnull=False),
            )
        ]
