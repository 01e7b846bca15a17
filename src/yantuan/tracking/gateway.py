"""The tracking service of this process, made from the configuration."""

from __future__ import annotations

import threading

from yantuan.fulfilment.carriers import Carrier
from yantuan.gateways.couriers import CourierGateway
from yantuan.gateways.kdniao import KdniaoClient, KdniaoSettings
from yantuan.gateways.kuaidi100 import Kuaidi100Client, Kuaidi100Settings
from yantuan.kernel.config import Config, config
from yantuan.kernel.tokens import keyed_hash

_lock = threading.Lock()
_client: CourierGateway | None = None
_made_for: Config | None = None
"""The configuration `_client` was made from; None for one put in its place by a test."""


def client() -> CourierGateway | None:
    """The shared client; None when the instance watches no parcels."""
    global _client, _made_for
    cfg = config()
    with _lock:
        if _made_for is not cfg and (_client is None or _made_for is not None):
            _end(_client)
            _client, _made_for = made(cfg), cfg
        return _client


def reset(replacement: CourierGateway | None = None) -> None:
    """Forget the client, or put another in its place (tests)."""
    global _client, _made_for
    with _lock:
        _end(_client)
        _client, _made_for = replacement, None


def _end(client: CourierGateway | None) -> None:
    if isinstance(client, Kuaidi100Client | KdniaoClient):
        client.shutdown()


def made(cfg: Config) -> CourierGateway | None:
    """A client by the configuration's `courier_driver`; None for `none` and while its keys are missing."""
    if cfg.courier_driver == "kuaidi100" and cfg.kuaidi100_customer and cfg.kuaidi100_key:
        callback = f"{cfg.notify_base}/notify/kuaidi100"
        return Kuaidi100Client(
            Kuaidi100Settings(
                cfg.kuaidi100_base_url, cfg.kuaidi100_customer, cfg.kuaidi100_key, callback, push_salt()
            )
        )
    if cfg.courier_driver == "kdniao" and cfg.kdniao_business_id and cfg.kdniao_app_key:
        return KdniaoClient(
            KdniaoSettings(cfg.kdniao_base_url, cfg.kdniao_business_id, cfg.kdniao_app_key, cfg.kdniao_plan)
        )
    return None


def push_salt() -> str:
    """What kuaidi100 signs its pushes with: ours to choose, so it follows from the instance's secret."""
    return keyed_hash("kuaidi100.push", "salt")[:32]


def code_for(carrier: Carrier, provider: str) -> str:
    """The service's own code of a carrier."""
    return carrier.kdniao if provider == "kdniao" else carrier.kuaidi100
