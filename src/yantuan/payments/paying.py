"""The buyer pays: find out how, write the attempt, announce it to WeChat Pay, tell the app what to do next."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import Literal
from urllib.parse import quote, urlencode

from yantuan.gateways.errors import GatewayError, GatewayRefused, GatewayThrottled
from yantuan.gateways.wechatpay import NUMBER_USED_CODES, ORDER_CLOSED_CODES, ORDER_PAID_CODES
from yantuan.identity.models import Channel, Person
from yantuan.kernel import faults, ratelimit
from yantuan.kernel.clock import now
from yantuan.kernel.config import config
from yantuan.kernel.errors import AppError, Conflict
from yantuan.merchants import troubles
from yantuan.orders.access import access_order
from yantuan.orders.models import Order
from yantuan.payments import attempts, closing, gateway
from yantuan.payments.attempts import Plan
from yantuan.payments.models import PaymentAttempt
from yantuan.payments.schemas import PayInstruction

log = logging.getLogger("yantuan.payments")

Where = Literal["mini", "wechat", "h5", "native"]
_DONE = PayInstruction(kind="done")
_ROUNDS = 3
"""An attempt that fits no more is closed and replaced; more rounds than this mean two tabs are fighting."""


@dataclass(frozen=True)
class PayWish:
    """Where the buyer stands, where to come back to, and the buyer's address (WeChat's H5 page opens only from there)."""

    channel: Where
    return_path: str = "/"
    client_ip: str = ""


def pay(person: Person, order_id: int, wish: PayWish) -> PayInstruction:
    """What the buyer's app must do to pay this order now.

    Pressing again answers the same payment. The provider is called with no transaction open; when it doesn't answer
    properly the order stays payable under the same number (AppError `provider_unavailable`). Raises Conflict
    `order_closed`, `order_expired` or `wechatpay_not_offered`, AppError `wechat_sign_in_needed` or `provider_refused`.
    """
    return pay_for(access_order(person, order_id), person, wish)


def pay_for(order: Order, person: Person, wish: PayWish) -> PayInstruction:
    """Like `pay`, for an order the caller may let `person` pay although it is somebody else's."""
    known = _without_provider(order)
    if known is not None:
        return known
    ratelimit.hit(f"pay:{person.id}", limit=30, seconds=60)
    attempts.check_payable(order)
    plan = _plan(person, wish)
    try:
        with gateway.turn():
            for _ in range(_ROUNDS):
                instruction = _one_round(order, plan, wish)
                if instruction is not None:
                    return instruction
    except GatewayRefused as error:
        raise _refusal(error) from error
    except GatewayError as error:
        log.warning("payment of order %s: %s", order.id, error)
        raise gateway.unavailable(error) from error
    raise Conflict(
        "payment_in_progress", "另一个页面正在付款，请稍后再试", "Another page is paying this order."
    )


def refresh(person: Person, order_id: int) -> Order:
    """Ask the provider about the buyer's order, e.g. on the way back from paying; a silent provider changes nothing."""
    return refresh_for(access_order(person, order_id), person)


def refresh_for(order: Order, person: Person) -> Order:
    """Like `refresh`, for an order the caller may let `person` see."""
    ratelimit.hit(f"pay_refresh:{person.id}", limit=60, seconds=60)
    attempt = attempts.live_attempt(order.id)
    if attempt is not None:
        try:
            with gateway.turn():
                closing.ask(attempt, "return")
        except AppError as error:
            log.warning("no clear word about %s: %s", attempt.out_trade_no, error)
        order.refresh_from_db()
    return order


def _without_provider(order: Order) -> PayInstruction | None:
    if order.payment in ("paid", "partly_refunded", "refunded"):
        return _DONE
    if order.payment_method == "offline" and order.payment in ("unpaid", "awaiting_confirmation"):
        return PayInstruction(kind="offline", expires_in=_seconds_left(order))
    return None


def _seconds_left(order: Order) -> int:
    return max(0, int((order.expires_at - now()).total_seconds())) if order.expires_at else 0


def _plan(person: Person, wish: PayWish) -> Plan:
    cfg = config()
    if wish.channel in ("mini", "wechat"):
        kind, appid = (
            ("mini", cfg.wechat_mini_appid) if wish.channel == "mini" else ("oa", cfg.wechat_oa_appid)
        )
        openid = (
            Channel.objects.filter(person=person, kind=kind, appid=appid)
            .values_list("openid", flat=True)
            .first()
        )
        if openid:
            return Plan("JSAPI", appid, openid)
        if not cfg.cashier_url:
            raise AppError(
                "wechat_sign_in_needed",
                "请先用微信登录，再付款",
                "Sign in with WeChat first, then pay.",
                status=409,
            )
    # Outside WeChat, and for a browser in front of the simulator's cashier, no openid is needed.
    appid = cfg.wechat_oa_appid or cfg.wechat_mini_appid
    if wish.channel == "native":
        return Plan("NATIVE", appid)
    return Plan("MWEB", appid, client_ip=wish.client_ip or "127.0.0.1")


def _one_round(order: Order, plan: Plan, wish: PayWish) -> PayInstruction | None:
    """One try with the live attempt; None when it was put away and another must be made."""
    opened = attempts.open_attempt(order.id, plan)
    attempt = opened.attempt
    if opened.misfit:
        return _DONE if closing.settle(attempt) == "paid" else None
    if not attempts.has_prepay(attempt):
        try:
            attempt = attempts.keep_prepay(attempt, _announce(attempt))
            faults.point("payments.prepay.stored")
        except GatewayThrottled:
            raise
        except GatewayRefused as error:
            return _after_refusal(attempt, error, fresh=opened.fresh)
        if attempt.state == PaymentAttempt.State.SUCCEEDED:
            return _DONE
        if attempt.state == PaymentAttempt.State.CLOSED:
            # It was ended while the provider was still answering: make sure nobody can pay it there.
            closing.settle(attempt)
            return None
    return _instruction(order, attempt, wish)


def _announce(attempt: PaymentAttempt) -> attempts.Prepay:
    body = attempt.request_body.encode()
    client = gateway.client_for(attempt.account_id)
    faults.point("payments.prepay.before_call")
    prepay: attempts.Prepay
    if attempt.trade_type == "JSAPI":
        prepay = client.prepay_jsapi(body)
    else:
        prepay = client.prepay_h5(body) if attempt.trade_type == "MWEB" else client.prepay_native(body)
    faults.point("payments.prepay.after_call")
    return prepay


def _after_refusal(attempt: PaymentAttempt, error: GatewayRefused, *, fresh: bool) -> PayInstruction | None:
    code = error.provider_code
    log.warning("prepay of %s refused: %s", attempt.out_trade_no, error)
    troubles.doubt(attempt.account_id, error)
    if code in ORDER_PAID_CODES | NUMBER_USED_CODES:
        closing.ask(attempt, "prepay")
        if PaymentAttempt.objects.get(id=attempt.id).state == PaymentAttempt.State.SUCCEEDED:
            return _DONE
        raise gateway.unavailable(error)
    if code in ORDER_CLOSED_CODES:
        attempts.mark_closed(attempt.id)
        return None
    if closing.settle(attempt) == "paid":
        return _DONE
    if fresh:
        raise error
    return None


def _refusal(error: GatewayRefused) -> AppError:
    if isinstance(error, GatewayThrottled):
        return gateway.unavailable(error)
    return AppError(
        "provider_refused",
        "微信支付没有接受这次付款，订单已为你保留，请联系团长",
        "WeChat Pay refused to take this payment; your order is kept.",
        # A clear no, unlike an answer that never came: trying the same again is no use, so no 5xx.
        status=409,
        provider_code=error.provider_code,
    )


def _instruction(order: Order, attempt: PaymentAttempt, wish: PayWish) -> PayInstruction:
    cfg = config()
    back = cfg.public_url.rstrip("/") + wish.return_path
    left = _seconds_left(order)
    if attempt.trade_type == "JSAPI":
        params = dict(
            gateway.client_for(attempt.account_id).jsapi_pay_params(attempt.prepay_id, appid=attempt.appid)
        )
        texts = {name: str(value) for name, value in params.items()}
        url = (
            f"{cfg.cashier_url}/jsapi?{urlencode({**texts, 'redirect_url': back})}" if cfg.cashier_url else ""
        )
        return PayInstruction(kind="jsapi", params=texts, url=url, expires_in=left)
    if attempt.trade_type == "MWEB":
        joint = "&" if "?" in attempt.pay_url else "?"
        url = f"{attempt.pay_url}{joint}redirect_url={quote(back, safe='')}"
        return PayInstruction(kind="redirect", url=url, expires_in=left)
    url = ""
    if cfg.cashier_url:
        url = f"{cfg.cashier_url}/native?{urlencode({'code_url': attempt.pay_url, 'redirect_url': back})}"
    return PayInstruction(kind="qr", code_url=attempt.pay_url, url=url, expires_in=left)
