"""Who gets the money of a payment: the store's own account, or the operator's where that one may serve the store."""

from __future__ import annotations

from dataclasses import dataclass

from yantuan.gateways.wechatpay import SubMerchant
from yantuan.kernel.config import config
from yantuan.kernel.errors import Conflict
from yantuan.merchants import keys, routing
from yantuan.merchants.models import MerchantAccount
from yantuan.payments.models import PaymentAttempt


@dataclass(frozen=True)
class Payee:
    """`account_id` None: the configuration's merchant. `sub_mchid` only in partner mode."""

    mchid: str
    account_id: int | None = None
    sub_mchid: str = ""

    @property
    def sub(self) -> SubMerchant | None:
        return keys.sub_merchant(self.sub_mchid) if self.sub_mchid else None


def payee_of(store_id: int, *, hold: bool = False) -> Payee:
    """Who takes the next payment of a store; with `hold`, certain until the transaction ends (`routing.route_of`).

    Raises Conflict `wechatpay_not_offered` where nobody may, `collecting_stopped` while the account is in trouble, AppError `wechatpay_not_configured` where nobody could.
    """
    route = routing.route_of(store_id, hold=hold)
    if route.account is not None:
        return payee_by(route.account)
    if route.trouble is not None:
        raise Conflict(
            "collecting_stopped",
            "团长的微信支付暂时不能收款，团长已收到通知，订单先为你保留，请稍后再试",
            "This store can't take WeChat Pay at the moment; its leader has been told. Please try again later.",
        )
    if route.kind == "none":
        raise Conflict(
            "wechatpay_not_offered",
            "这个卖场现在不能用微信支付，请联系团长换一种付款方式",
            "This store can't take WeChat Pay now; ask the leader for another way to pay.",
        )
    if not config().has_wechatpay:
        raise keys.not_configured()
    return Payee(config().wechatpay_mchid)


def payee_by(account: MerchantAccount) -> Payee:
    """The payee an account stands for."""
    return Payee(account.mchid, account.id, account.sub_mchid)


def payee_was(attempt: PaymentAttempt) -> tuple[int | None, str, str]:
    """Who an attempt was made for, comparable with `names`."""
    return attempt.account_id, attempt.mchid, attempt.sub_mchid


def names(payee: Payee) -> tuple[int | None, str, str]:
    """What of a payee an attempt keeps."""
    return payee.account_id, payee.mchid, payee.sub_mchid


def notify_url(account_id: int | None, what: str) -> str:
    """Where WeChat Pay knocks about `what` (`transactions`, `refunds`) of an account."""
    middle = f"{keys.account_code(account_id)}/" if account_id is not None else ""
    return f"{config().notify_base}/notify/wechatpay/{middle}{what}"
