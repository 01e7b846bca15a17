"""What waits for an operator, counted; shown on the home page and beside the menu."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from django.db.models import Q

from yantuan.aftersales.models import AfterSale
from yantuan.health.models import Alarm
from yantuan.kernel.clock import now
from yantuan.kernel.models import OutboxEvent
from yantuan.leaders.models import Certification
from yantuan.moderation.models import Submission
from yantuan.notices.models import Delivery
from yantuan.payments.models import BillDifference, ProviderNotice, Refund
from yantuan.reports.models import OrderExport
from yantuan.splits.models import Split, SplitReturn
from yantuan.stores.models import Store

_STUCK_TRIES = 3
"""A refund still not with the provider after so many tries needs a look."""


@dataclass(frozen=True)
class Wait:
    """One kind of thing that waits; `address` is the list that shows exactly these."""

    title: str
    count: int
    table: str
    query: str
    icon: str
    calm: str
    """What is said when there is none."""


def certifications() -> int:
    return Certification.objects.filter(state="pending").count()


def contents() -> int:
    return Submission.objects.filter(state="doubtful").count()


def aftersales() -> int:
    return AfterSale.objects.filter(state="escalated").count()


def refunds() -> int:
    trouble = Q(state__in=["abnormal", "closed"]) | Q(state="created", tries__gte=_STUCK_TRIES)
    return Refund.objects.filter(trouble).count()


def halted_stores() -> int:
    return Store.objects.filter(halted_at__isnull=False).count()


def dead_events() -> int:
    return OutboxEvent.objects.filter(state="dead").count()


def failed_deliveries() -> int:
    since = now() - timedelta(days=7)
    return Delivery.objects.filter(state="failed", created_at__gt=since).count()


def exports() -> int:
    return OrderExport.objects.filter(state="waiting_approval").count()


def unmatched_notices() -> int:
    return ProviderNotice.objects.filter(outcome="unmatched").count()


def bill_differences() -> int:
    return BillDifference.objects.filter(state="open").count()


def splits() -> int:
    return Split.objects.filter(state="trouble").count()


def split_returns() -> int:
    """Shares a refund waits for that did not come back."""
    return SplitReturn.objects.filter(state="failed").count()


def stores_without_account() -> int:
    """Certified leaders' stores whose WeChat payments nobody may take, because the operator's account isn't theirs."""
    return Store.objects.filter(pay_route="none", leader__certification="approved").count()


_KINDS: list[tuple[Callable[[], int], str, str, str, str, str]] = [
    (halted_stores, "自检停售的卖场", "reports_haltedstore", "", "report", "没有停售的卖场"),
    (
        certifications,
        "待审核认证",
        "leaders_certification",
        "state=pending",
        "verified_user",
        "没有待审核的申请",
    ),
    (
        contents,
        "待人工审核的内容",
        "moderation_submission",
        "state=doubtful",
        "fact_check",
        "没有待人工审核的内容",
    ),
    (
        aftersales,
        "平台介入的售后",
        "aftersales_aftersale",
        "state=escalated",
        "support_agent",
        "没有升级的售后",
    ),
    (
        exports,
        "等待复核的导出",
        "reports_orderexport",
        "state=waiting_approval",
        "ios_share",
        "没有等待复核的导出",
    ),
    (refunds, "退款异常", "payments_refund", "state=abnormal", "currency_exchange", "退款都正常"),
    (
        unmatched_notices,
        "对不上的支付通知",
        "payments_providernotice",
        "outcome=unmatched",
        "notifications_active",
        "通知都对得上",
    ),
    (
        bill_differences,
        "对账差异",
        "payments_billdifference",
        "state=open",
        "difference",
        "账单、支付单和订单都对得上",
    ),
    (splits, "分账异常", "splits_split", "state=trouble", "call_split", "分账都正常"),
    (split_returns, "收回分账失败", "splits_splitreturn", "state=failed", "undo", "没有退款在等收回分账"),
    (
        stores_without_account,
        "没有收款账户的卖场",
        "stores_store",
        "pay_route=none",
        "account_balance_wallet",
        "每个卖场都有收款账户",
    ),
    (dead_events, "已放弃的事件", "kernel_outboxevent", "state=dead", "pending_actions", "没有放弃的事件"),
    (
        failed_deliveries,
        "七天内发送失败",
        "notices_delivery",
        "state=failed",
        "outgoing_mail",
        "消息都已送达",
    ),
]


def everything() -> list[Wait]:
    """All kinds, counted now."""
    return [
        Wait(title, count(), table, query, icon, calm) for count, title, table, query, icon, calm in _KINDS
    ]


def _badge(count: int) -> str:
    return "99+" if count > 99 else str(count or "")


def alarms_badge() -> str:
    return _badge(Alarm.objects.filter(ended_at=None).count())


def halted_badge() -> str:
    return _badge(halted_stores())


def certifications_badge() -> str:
    return _badge(certifications())


def contents_badge() -> str:
    return _badge(contents())


def aftersales_badge() -> str:
    return _badge(aftersales())


def refunds_badge() -> str:
    return _badge(refunds())


def differences_badge() -> str:
    return _badge(bill_differences())


def splits_badge() -> str:
    return _badge(splits())


def split_returns_badge() -> str:
    return _badge(split_returns())


def exports_badge() -> str:
    return _badge(exports())


def events_badge() -> str:
    return _badge(dead_events())


def deliveries_badge() -> str:
    return _badge(failed_deliveries())
