"""Merchant numbers of leaders' own at the running simulator, and the texts a leader would paste for them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from payworld import Simulator, World

from yantuan.kernel.clock import now
from yantuan.kernel.config import config
from yantuan.merchants import actions
from yantuan.merchants.models import MerchantAccount
from yantuan.merchants.rules import KeyTexts
from yantuan.payments import gateway


@dataclass(frozen=True)
class Shop:
    """A merchant of the simulator."""

    mchid: str
    serial: str
    apiv3_key: str
    key: str
    certificate: str

    @property
    def texts(self) -> KeyTexts:
        """What its owner would type."""
        cfg = config()
        return KeyTexts(
            self.mchid, self.serial, self.key, self.apiv3_key, "public_key",
            cfg.wechatpay_public_key_id, Path(cfg.wechatpay_public_key_path).read_text(),
        )  # fmt: skip

    def but(self, **changes: Any) -> KeyTexts:
        return replace(self.texts, **changes)


def new_shop(sim: Simulator, name: str = "雁来小铺") -> Shop:
    told = sim.call("POST", "/merchants", {"kind": "direct", "name": name})
    return Shop(
        told["mchid"], told["serial"], told["apiv3_key"],
        Path(told["key_path"]).read_text(), Path(told["cert_path"]).read_text(),
    )  # fmt: skip


def enter(world: World, texts: KeyTexts) -> MerchantAccount:
    """The leader enters keys; their session has just proved itself."""
    return actions.set_direct(world.leader_person, world.store.id, texts, now())


def several_leaders(monkeypatch: pytest.MonkeyPatch, word: str = "yes") -> None:
    monkeypatch.setenv("YANTUAN_MULTI_LEADER", word)
    config.cache_clear()


def partner(sim: Simulator, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """The simulator's partner account in the configuration, and one sub-merchant under it."""
    told, cfg = sim.call("POST", "/merchants", {"provider": True}), config()
    values = {
        "MCHID": told["mchid"], "MERCHANT_SERIAL": told["serial"], "MERCHANT_KEY_PATH": told["key_path"],
        "APIV3_KEY": told["apiv3_key"], "PUBLIC_KEY_ID": cfg.wechatpay_public_key_id,
        "PUBLIC_KEY_PATH": cfg.wechatpay_public_key_path,
    }  # fmt: skip
    for name, value in values.items():
        monkeypatch.setenv(f"YANTUAN_WECHATPAY_SP_{name}", value)
    config.cache_clear()
    gateway.reset()
    made: dict[str, Any] = sim.call("POST", "/sub_merchants", {})
    return made
