"""From the configuration to the client."""

from __future__ import annotations

from pathlib import Path

import pytest
from payworld import Simulator

from yantuan.kernel.config import Config, config
from yantuan.kernel.errors import AppError
from yantuan.payments import gateway, jobs


def test_without_a_merchant_account_there_is_a_typed_refusal() -> None:
    with pytest.raises(AppError) as refused:
        gateway.settings(Config(wechatpay_mchid=""))
    assert (refused.value.code, refused.value.status) == ("wechatpay_not_configured", 503)


def test_old_and_new_keys_side_by_side(tmp_path: Path) -> None:
    for name in ("merchant", "new", "old"):
        (tmp_path / name).write_bytes(name.encode())
    made = gateway.settings(
        Config(
            wechatpay_mchid="1900000109",
            wechatpay_merchant_key_path=str(tmp_path / "merchant"),
            wechatpay_merchant_serial="AB",
            wechatpay_apiv3_key=f"{'n' * 32}, {'o' * 32}",
            wechatpay_public_key_id="PUB_KEY_ID_2, PUB_KEY_ID_1",
            wechatpay_public_key_path=f"{tmp_path / 'new'},{tmp_path / 'old'}",
        )
    )
    assert made.public_keys == {"PUB_KEY_ID_2": b"new", "PUB_KEY_ID_1": b"old"}
    assert made.apiv3_keys == (b"n" * 32, b"o" * 32)
    assert made.fallback_base_url == gateway.FALLBACK


def test_certificate_mode_names_no_public_key(sim: Simulator, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("YANTUAN_WECHATPAY_MODE", "certificate")
    config.cache_clear()
    made = gateway.settings(config())
    assert made.public_keys == {} and made.download_certificates and made.fallback_base_url == ""
    sim.call("POST", "/config", {"sign_mode": "certificate"})
    assert gateway.client().query_by_out_trade_no("P0000000000001") is None
    assert jobs.refresh_platform_keys() is False
