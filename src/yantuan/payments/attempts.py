"""Payment attempts as rows: one live attempt per order, written before the provider hears of it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime, timedelta

from yantuan.gateways.wechatpay import H5Prepay, JsapiPrepay, NativePrepay, PrepayOrder
from yantuan.gateways.wechatpay.bodies import h5_body, jsapi_body, native_body
from yantuan.kernel.clock import now
from yantuan.kernel.db import retrying
from yantuan.kernel.errors import Conflict
from yantuan.kernel.ids import new_id
from yantuan.orders import actions as orders
from yantuan.orders.models import Order
from yantuan.payments import rules, split_hooks
from yantuan.payments.models import PaymentAttempt
from yantuan.payments.payees import Payee, names, notify_url, payee_of, payee_was
from yantuan.payments.rules import TradeType

LIVE = (PaymentAttempt.State.CREATED, PaymentAttempt.State.PREPAID)
Prepay = JsapiPrepay | H5Prepay | NativePrepay


@dataclass(frozen=True)
class Plan:
    """How this buyer, where they stand, can pay: trade type, app, openid of that app (JSAPI) and address (H5)."""

    trade_type: TradeType
    appid: str
    openid: str = ""
    client_ip: str = ""


@dataclass(frozen=True)
class Opened:
    """The order's live attempt. `fresh`: made now. `misfit`: made for another way to pay or payee, to be closed first."""

    attempt: PaymentAttempt
    fresh: bool = False
    misfit: bool = False


def live_attempt(order_id: int) -> PaymentAttempt | None:
    """The order's one attempt that may still bring money."""
    return PaymentAttempt.objects.filter(order_id=order_id, state__in=LIVE).first()


def check_payable(order: Order) -> None:
    """Raise Conflict unless WeChat Pay may still be asked for this order's money."""
    if order.payment == "closed":
        raise Conflict("order_closed", "订单已关闭，请重新下单", "The order is closed; please order again.")
    if order.payment != "unpaid" or order.payment_method != "wechatpay":
        raise Conflict(
            "order_not_payable", "这笔订单现在不需要付款", "There is nothing to pay for this order now."
        )
    if order.expires_at is None or order.expires_at <= now():
        raise Conflict(
            "order_expired", "付款时间已过，请重新下单", "The time to pay is over; please order again."
        )


def open_attempt(order_id: int, plan: Plan) -> Opened:
    """Find or write the order's live attempt in a transaction of its own.

    Who gets the money is decided here, under the order's lock. Raises Conflict when the order is not payable, or nobody
    may take its money by WeChat Pay.
    """
    return retrying(lambda: _open(order_id, plan))


def _open(order_id: int, plan: Plan) -> Opened:
    order = orders.lock_order(order_id)
    check_payable(order)
    payee = payee_of(order.store_id, hold=True)
    found = live_attempt(order_id)
    if found is not None:
        return Opened(found, misfit=not _fits(found, plan, payee, order.total_fen))
    return Opened(_create(order, plan, payee), fresh=True)


def _fits(attempt: PaymentAttempt, plan: Plan, payee: Payee, total_fen: int) -> bool:
    same_way = (attempt.trade_type, attempt.appid, attempt.payer_openid) == (
        plan.trade_type,
        plan.appid,
        plan.openid,
    )
    # The page WeChat opens for H5 works only from the address it was announced for.
    same_place = plan.trade_type != "MWEB" or _client_ip(attempt) == plan.client_ip
    repeatable = has_prepay(attempt) or attempt.time_expire > now() + rules.REPEAT_MARGIN
    same_money = attempt.amount_fen == total_fen and payee_was(attempt) == names(payee)
    return same_way and same_place and repeatable and same_money


def _client_ip(attempt: PaymentAttempt) -> str:
    return str(json.loads(attempt.request_body).get("scene_info", {}).get("payer_client_ip", ""))


def has_prepay(attempt: PaymentAttempt) -> bool:
    """Whether what WeChat Pay answered last can still be used."""
    ends = attempt.prepay_expires_at
    return attempt.state == "prepaid" and ends is not None and ends > now() + rules.PREPAY_MARGIN


def _create(order: Order, plan: Plan, payee: Payee) -> PaymentAttempt:
    moment = now()
    attempt_id = new_id()
    number = rules.out_trade_no(attempt_id)
    deadline = order.expires_at or moment
    expire = max(deadline, moment + rules.MIN_TIME_EXPIRE)
    terms_id = split_hooks.terms_of(payee.account_id, payee.sub_mchid)
    return PaymentAttempt.objects.create(
        id=attempt_id,
        order_id=order.id,
        store_id=order.store_id,
        trade_type=plan.trade_type,
        appid=plan.appid,
        mchid=payee.mchid,
        sub_mchid=payee.sub_mchid,
        account_id=payee.account_id,
        out_trade_no=number,
        amount_fen=order.total_fen,
        payer_openid=plan.openid,
        split_terms_id=terms_id,
        request_body=_body(order, plan, payee, number, expire, shared=terms_id is not None).decode(),
        time_expire=expire,
        next_poll_at=rules.next_poll(moment, 0, deadline, moment),
        created_at=moment,
    )


def _body(order: Order, plan: Plan, payee: Payee, number: str, expire: datetime, *, shared: bool) -> bytes:
    wanted = PrepayOrder(
        appid=plan.appid,
        out_trade_no=number,
        description=f"#{order.number} {order.goods_text}",
        total_fen=order.total_fen,
        notify_url=notify_url(payee.account_id, "transactions"),
        # Whole seconds: the provider's format has no fractions and must not end before our own deadline.
        time_expire=(expire + timedelta(milliseconds=999)).replace(microsecond=0),
        openid=plan.openid,
        payer_client_ip=plan.client_ip,
        profit_sharing=shared,
    )
    build = {"JSAPI": jsapi_body, "MWEB": h5_body, "NATIVE": native_body}[plan.trade_type]
    return build(wanted, payee.mchid, payee.sub)


def keep_prepay(attempt: PaymentAttempt, prepay: Prepay) -> PaymentAttempt:
    """Store what the provider answered, unless money or a close overtook the answer. Returns the row as it is now."""

    def work() -> PaymentAttempt:
        orders.lock_order(attempt.order_id)
        row = PaymentAttempt.objects.select_for_update().get(id=attempt.id)
        if row.state in LIVE:
            row.state = PaymentAttempt.State.PREPAID
            row.prepay_id = prepay.prepay_id if isinstance(prepay, JsapiPrepay) else ""
            row.pay_url = _url(prepay)
            row.prepay_expires_at = prepay.expires_at
            row.save(update_fields=["state", "prepay_id", "pay_url", "prepay_expires_at"])
        return row

    return retrying(work)


def _url(prepay: Prepay) -> str:
    if isinstance(prepay, H5Prepay):
        return prepay.h5_url
    return prepay.code_url if isinstance(prepay, NativePrepay) else ""


def mark_closed(attempt_id: int) -> None:
    """The provider will take no money for this attempt any more. A succeeded attempt stays as it is."""
    PaymentAttempt.objects.filter(id=attempt_id, state__in=LIVE).update(
        state=PaymentAttempt.State.CLOSED, closed_at=now(), next_poll_at=None
    )


def plan_poll(attempt: PaymentAttempt, moment: datetime, *, asked: bool) -> None:
    """Note when to ask about a live attempt next; `asked` counts this question."""
    PaymentAttempt.objects.filter(id=attempt.id, state__in=LIVE).update(
        next_poll_at=moment, polls=min(attempt.polls + (1 if asked else 0), rules.MAX_TRIES)
    )
