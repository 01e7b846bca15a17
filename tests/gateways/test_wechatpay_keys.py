"""Platform keys: both modes, rotation, limited refreshing, many threads."""

from __future__ import annotations

import threading
from datetime import datetime, timedelta
from typing import Any

import httpx
import pytest

from gateways import pay_platform as p
from yantuan.gateways.errors import GatewayUnverified
from yantuan.gateways.wechatpay import CloseOutcome, WeChatPayClient

OLD, NEW = f"{0xA1:040X}", f"{0xB2:040X}"


class Platform:
    """Certificate mode with a controllable clock, list of certificates and signer."""

    def __init__(self) -> None:
        self.time = p.NOW
        self.listed = [("old", 0xA1, p.NOW - timedelta(days=100))]
        self.signer: tuple[str, str] = ("old", OLD)
        self.downloads = 0
        self.serials_named: list[str] = []

    def now(self) -> datetime:
        return self.time

    def __call__(self, request: httpx.Request) -> httpx.Response:
        name, serial = self.signer
        signing = {"key": p.rsa_key(name), "serial": serial, "at": self.time}
        if request.url.path == "/v3/certificates":
            self.downloads += 1
            return p.answer({"data": [self.entry(*item) for item in self.listed]}, **signing)
        self.serials_named.append(request.headers.get("Wechatpay-Serial", ""))
        return p.answer(None, 204, **signing)

    def entry(self, name: str, serial: int, start: datetime) -> dict[str, Any]:
        cert = p.certificate(p.rsa_key(name), serial, start=start)
        return {
            "serial_no": f"{serial:040X}",
            "effective_time": start.isoformat(),
            "expire_time": (start + timedelta(days=1825)).isoformat(),
            "encrypt_certificate": p.seal(p.certificate_pem(cert), associated="certificate"),
        }

    def client(self, **changes: Any) -> WeChatPayClient:
        values = {"public_keys": {}, "download_certificates": True} | changes
        return p.client(self, now=self.now, **values)


def test_certificate_mode_downloads_once_and_names_the_serial_from_then_on() -> None:
    platform = Platform()
    gateway = platform.client()
    assert [gateway.close("P00000001") for _ in range(3)] == [CloseOutcome.CLOSED] * 3
    assert platform.downloads == 1
    assert platform.serials_named == ["", OLD, OLD]


def test_rotation_without_a_gap() -> None:
    platform = Platform()
    gateway = platform.client()
    gateway.close("P00000001")
    platform.time += timedelta(hours=1)
    platform.listed.append(("new", 0xB2, p.NOW))
    platform.signer = ("new", NEW)
    assert gateway.close("P00000002") is CloseOutcome.CLOSED
    platform.signer = ("old", OLD)
    assert gateway.close("P00000003") is CloseOutcome.CLOSED
    assert platform.downloads == 2
    assert platform.serials_named[-1] == NEW


def test_unknown_serials_do_not_make_us_hammer_the_platform() -> None:
    platform = Platform()
    gateway = platform.client()
    gateway.close("P00000001")
    platform.time += timedelta(hours=1)
    platform.signer = ("thief", f"{0xFF:040X}")
    for _ in range(5):
        with pytest.raises(GatewayUnverified):
            gateway.close("P00000002")
    assert platform.downloads == 2
    platform.time += timedelta(minutes=5)
    with pytest.raises(GatewayUnverified):
        gateway.close("P00000002")
    assert platform.downloads == 3


def test_a_certificate_list_signed_by_nobody_in_it_is_refused() -> None:
    platform = Platform()
    platform.signer = ("thief", OLD)
    with pytest.raises(GatewayUnverified):
        platform.client().close("P00000001")


def test_a_certificate_list_sealed_with_another_key_teaches_nothing() -> None:
    platform = Platform()
    with pytest.raises(GatewayUnverified):
        platform.client(apiv3_keys=(b"x" * 32,)).close("P00000001")


def test_the_list_opens_with_the_former_key_too() -> None:
    assert Platform().client(apiv3_keys=(b"x" * 32, p.APIV3_KEY)).close("P00000001") is CloseOutcome.CLOSED


def test_expired_certificates_stop_counting() -> None:
    platform = Platform()
    platform.listed = [("old", 0xA1, p.NOW - timedelta(days=1825))]
    with pytest.raises(GatewayUnverified):
        platform.client().close("P00000001")


def test_periodic_refresh_only_after_twelve_hours() -> None:
    platform = Platform()
    gateway = platform.client()
    assert gateway.refresh_keys() is True
    assert gateway.refresh_keys() is False
    platform.time += timedelta(hours=12)
    assert gateway.refresh_keys() is True
    assert platform.downloads == 2


def test_public_key_mode_accepts_old_and_new_keys_and_never_downloads_for_them() -> None:
    platform = Platform()
    keys = {"PUB_KEY_ID_2": p.public_pem(p.rsa_key("new")), "PUB_KEY_ID_1": p.public_pem(p.rsa_key("old"))}
    gateway = platform.client(public_keys=keys)
    for name, serial in (("old", "PUB_KEY_ID_1"), ("new", "PUB_KEY_ID_2")):
        platform.signer = (name, serial)
        assert gateway.close("P00000001") is CloseOutcome.CLOSED
    platform.signer = ("new", "PUB_KEY_ID_3")
    with pytest.raises(GatewayUnverified):
        gateway.close("P00000001")
    assert platform.downloads == 0
    assert set(platform.serials_named) == {"PUB_KEY_ID_2"}
    assert gateway.refresh_keys() is False


def test_while_the_platform_switches_a_merchant_over_both_kinds_may_sign() -> None:
    platform = Platform()
    gateway = platform.client(public_keys={p.KEY_ID: p.public_pem(p.rsa_key("platform"))})
    assert gateway.close("P00000001") is CloseOutcome.CLOSED
    platform.signer = ("platform", p.KEY_ID)
    assert gateway.close("P00000001") is CloseOutcome.CLOSED
    assert platform.downloads == 1


def test_many_threads_share_one_download() -> None:
    platform = Platform()
    gateway = platform.client()
    outcomes: list[CloseOutcome] = []
    threads = [threading.Thread(target=lambda: outcomes.append(gateway.close("P00000001"))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert outcomes == [CloseOutcome.CLOSED] * 8
    assert platform.downloads == 1
