"""The WeChat Pay clients of this process: the operator's, made from the configuration, and those of stores' own accounts."""

from __future__ import annotations

import itertools
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

from yantuan.gateways.errors import GatewayError
from yantuan.gateways.wechatpay import PayGateway, WeChatPayClient
from yantuan.kernel.config import config
from yantuan.kernel.errors import AppError
from yantuan.merchants.keys import FALLBACK as FALLBACK
from yantuan.merchants.keys import operator_settings as settings
from yantuan.payments.clients import AccountClients

WAITING_ROOM = 4
"""Requests of people that may be with the provider at the same time, so that a slow one never takes all web threads."""
WAIT_SECONDS = 0.5
"""How long a request waits for a place while the provider is brisk."""
BRISK_SECONDS = 1.0
"""With somebody inside for longer than this the provider is slow, and nobody waits for a place."""
SLOW_SECONDS = 3.0
"""A silence this long makes the next requests of people step back for REST_SECONDS."""
REST_SECONDS = 3.0

_lock = threading.Lock()
_turns = threading.BoundedSemaphore(WAITING_ROOM)
_inside: dict[int, float] = {}
"""When each request now with the provider went in (monotonic seconds), by a running number."""
_numbers = itertools.count()
_rest_until = 0.0
_client: PayGateway | None = None
accounts = AccountClients()
"""Clients of stores' own accounts."""


def client() -> PayGateway:
    """The shared client. Raises AppError `wechatpay_not_configured` when the instance has no merchant account."""
    global _client
    with _lock:
        if _client is None:
            _client = WeChatPayClient(settings(config()))
        return _client


def reset(replacement: PayGateway | None = None) -> None:
    """Forget all clients, or put another in the place of the operator's (tests, changed configuration)."""
    global _client, _rest_until
    accounts.forget()
    with _lock:
        _rest_until = 0.0
        if isinstance(_client, WeChatPayClient):
            _client.shutdown()
        _client = replacement


def client_for(account_id: int | None) -> PayGateway:
    """The client of a store's own account; None: the operator's. Raises AppError `merchant_account_unusable`."""
    return client() if account_id is None else accounts.get(account_id)


@contextmanager
def turn() -> Iterator[None]:
    """A place among the few requests that may wait for the provider.

    Raises AppError `provider_unavailable` at once when the provider is slow, and after a short wait when there is no place.
    """
    global _rest_until
    if time.monotonic() < _rest_until or not _turns.acquire(timeout=_patience()):
        raise unavailable()
    number, started = next(_numbers), time.monotonic()
    _inside[number] = started
    try:
        yield
    except GatewayError as error:
        if error.result_unknown and time.monotonic() - started >= SLOW_SECONDS:
            _rest_until = time.monotonic() + REST_SECONDS
        raise
    finally:
        del _inside[number]
        _turns.release()


def _patience() -> float:
    oldest = min(list(_inside.values()), default=None)
    slow = oldest is not None and time.monotonic() - oldest > BRISK_SECONDS
    return 0.0 if slow else WAIT_SECONDS


def unavailable(error: GatewayError | None = None) -> AppError:
    """What a person reads when the provider is slow, down or talks nonsense; nothing is lost, the same call may be made again."""
    details = {"provider_code": getattr(error, "provider_code", "")} if error is not None else {}
    return AppError(
        "provider_unavailable",
        "微信支付暂时没有回应，订单已为你保留，请稍后再试",
        "WeChat Pay does not answer properly; your order is kept, please try again.",
        status=503,
        retry_after=5,
        **details,
    )
