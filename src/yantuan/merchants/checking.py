"""Trying an account before a buyer does: questions that move no money, asked once, and what the answers mean."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import timedelta

from yantuan.gateways.errors import (
    GatewayError,
    GatewayInvalid,
    GatewayRefused,
    GatewayThrottled,
    GatewayUndecryptable,
    GatewayUnverified,
)
from yantuan.gateways.wechatpay import PrepayOrder, WeChatPayClient, WeChatPaySettings
from yantuan.gateways.wechatpay.certificates import download_certificates
from yantuan.kernel.clock import now
from yantuan.kernel.config import config
from yantuan.kernel.ids import new_id
from yantuan.merchants import rules
from yantuan.merchants.models import MerchantAccount

log = logging.getLogger("yantuan.merchants")

State = MerchantAccount.State
_TRIAL_LIFE = timedelta(minutes=5)
_BASE = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


@dataclass(frozen=True)
class Verdict:
    """What a check found: the account's new state, and why it isn't good (a key of `rules.PROBLEMS`)."""

    state: str
    problem: str = ""
    words: str = ""

    @property
    def good(self) -> bool:
        return self.state == State.CHECKED


def check(settings: WeChatPaySettings) -> Verdict:
    """Ask WeChat Pay with these keys. Must be called outside a transaction; never raises for what WeChat Pay says.

    An order that does not exist is asked for (that proves number, serial, key and the platform's key), in certificate
    mode the certificates are opened (that proves the APIv3 key), and an order of one fen is announced and closed again
    (that proves the app's binding and the product's permission); nobody can pay it.
    """
    client = WeChatPayClient(settings)
    try:
        if not settings.public_keys:
            download_certificates(client.line.caller, settings.apiv3_keys, {})
        number = _number()
        client.query_by_out_trade_no(number)
        _announce_one_fen(client, number)
    except GatewayError as error:
        return _verdict(error)
    finally:
        client.shutdown()
    return Verdict(State.CHECKED)


def _number() -> str:
    """A trade number that is nobody's: no attempt's begins with C."""
    digits, left = "", new_id()
    while left:
        left, rest = divmod(left, 32)
        digits = _BASE[rest] + digits
    return "C" + digits.rjust(13, "0")


def _announce_one_fen(client: WeChatPayClient, number: str) -> None:
    cfg = config()
    appid = cfg.wechat_oa_appid or cfg.wechat_mini_appid
    if not appid:
        return
    order = PrepayOrder(
        appid=appid,
        out_trade_no=number,
        description="收款账户验证（不会扣款）",
        total_fen=1,
        notify_url=f"{cfg.notify_base}/notify/wechatpay/transactions",
        time_expire=(now() + _TRIAL_LIFE).replace(microsecond=0),
    )
    client.prepay_native(client.build_native(order))
    try:
        client.close(number)
    except GatewayError as error:
        # It runs out by itself in five minutes, and nobody was shown its code.
        log.warning("the trial order %s was not closed: %s", number, error)


def _verdict(error: GatewayError) -> Verdict:
    if isinstance(error, GatewayUndecryptable):
        return Verdict(State.REFUSED, "apiv3_key")
    if isinstance(error, GatewayThrottled):
        return Verdict(State.UNCHECKED, "unreachable")
    if isinstance(error, GatewayRefused):
        problem = rules.refusal_problem(error.provider_code, error.provider_message)
        return Verdict(State.REFUSED, problem, f"{error.provider_code} {error.provider_message}"[:200])
    if isinstance(error, GatewayUnverified):
        return Verdict(State.REFUSED, "clock" if "five minutes" in error.reason else "platform_key")
    if isinstance(error, GatewayInvalid):
        return Verdict(State.REFUSED, "other", f"{error.field}: {error.rule}"[:200])
    return Verdict(State.UNCHECKED, "unreachable")
