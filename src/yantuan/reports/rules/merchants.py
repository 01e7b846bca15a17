"""Whose account takes whose money: never the operator's for a leader who isn't the operator."""

from __future__ import annotations

from typing import Final

from django.db.models import F

from yantuan.kernel.config import config
from yantuan.kernel.models import TimedRun
from yantuan.leaders.models import Leader
from yantuan.merchants import keys, routing
from yantuan.merchants.models import MerchantAccount
from yantuan.payments.attempts import LIVE
from yantuan.payments.models import PaymentAttempt
from yantuan.reports.rules.base import GRACE, Finding, Reader, finding, rule
from yantuan.stores.models import Store

_KEEPING: Final = "yantuan.merchants.jobs.refresh_routes"


@rule("PA1", "S1", "有多位团长时，平台商户号只为平台自营的卖场收款", house=True)
def operator_serves_only_its_own(read: Reader) -> list[Finding]:
    return _strays(read) + _shared_account()


def _strays(read: Reader) -> list[Finding]:
    if not routing.several_leaders():
        return []
    mine = MerchantAccount.objects.filter(retired_at=None, mode=MerchantAccount.Mode.OPERATOR)
    live = PaymentAttempt.objects.filter(account=None, state__in=LIVE, created_at__lt=read.moment - GRACE)
    stray = live.exclude(store_id__in=mine.values("store_id"))
    return finding(
        list(stray.values_list("id", "out_trade_no", "store_id")),
        expected="没有付往平台商户号的他人订单",
        suggestion="检查后台任务是否在运行、微信支付是否可达；这些付款会自动关闭",
    )


def _shared_account() -> list[Finding]:
    """Where real money is taken, nobody may declare several leaders to be one."""
    cfg = config()
    real = cfg.has_wechatpay and cfg.wechatpay_base_url.rstrip("/") == keys.PRODUCTION
    if not real or cfg.multi_leader != "no":
        return []
    mine = MerchantAccount.objects.filter(retired_at=None, mode=MerchantAccount.Mode.OPERATOR)
    leaders = Leader.objects.filter(certification=Leader.State.APPROVED)
    foreign = leaders.exclude(id__in=mine.values("store__leader_id"))
    if leaders.count() < 2 or not foreign.exists():
        return []
    return finding(
        list(foreign.values_list("id", "display_name")),
        expected="平台商户号只收平台自己的钱；替其他团长收款再转付属于“二清”，违法",
        suggestion="把 YANTUAN_MULTI_LEADER 改为 auto，并请每位团长填写自己的收款账户；平台自营的卖场在控制台标记",
    )


@rule("PA2", "S2", "卖场显示的收款方式与收款账户一致", house=True)
def routes_are_current(read: Reader) -> list[Finding]:
    """While a worker keeps them; right after an upgrade or in a restored copy none has looked yet, and no payment goes by them."""
    kept = TimedRun.objects.filter(name=_KEEPING, finished_at__gte=read.moment - GRACE)
    if not kept.exists():
        return []
    old = set(Store.objects.filter(created_at__lt=read.moment - GRACE).values_list("id", flat=True))
    wrong = [row for row in routing.shown_and_right() if row[0] in old and row[1] != row[2]]
    return finding(
        wrong, expected="收款方式在一分钟内跟随账户变化", suggestion="检查后台任务（worker）是否在运行"
    )


@rule("PA3", "S1", "支付单的商户号就是它的收款账户", house=True)
def attempts_name_their_account(read: Reader) -> list[Finding]:
    other = PaymentAttempt.objects.filter(account__isnull=False).exclude(
        account__mchid=F("mchid"), account__sub_mchid=F("sub_mchid"), account__store_id=F("store_id")
    )
    return finding(
        list(other.values_list("id", "out_trade_no", "mchid")[:20]),
        expected="支付单与收款账户的商户号、卖场相同",
        suggestion="核对该支付单由谁写入",
    )
