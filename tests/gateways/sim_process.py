"""Steering a simulator that runs in a process of its own."""

from __future__ import annotations

import subprocess
import time
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx

from yantuan.gateways.wechatpay import PrepayOrder, WeChatPayClient, WeChatPaySettings
from yantuan.kernel import clock
from yantuan.simulator.credentials import Credentials


@dataclass
class Simulator:
    base: str
    credentials: Credentials
    smtp_port: int
    control: httpx.Client

    def post(self, path: str, **body: Any) -> Any:
        answer = self.control.post(f"/_sim{path}", json=body)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def get(self, path: str) -> Any:
        return self.control.get(f"/_sim{path}").json()

    def pay_client(self, **changes: Any) -> WeChatPayClient:
        env = self.credentials.product_env(self.base, "http://127.0.0.1:1")
        values: dict[str, Any] = {
            "base_url": self.base,
            "mchid": self.credentials.mchid,
            "merchant_serial": env["YANTUAN_WECHATPAY_MERCHANT_SERIAL"],
            "merchant_key_pem": Path(env["YANTUAN_WECHATPAY_MERCHANT_KEY_PATH"]).read_bytes(),
            "apiv3_keys": (self.credentials.apiv3_key.encode(),),
            "public_keys": {
                env["YANTUAN_WECHATPAY_PUBLIC_KEY_ID"]: Path(
                    env["YANTUAN_WECHATPAY_PUBLIC_KEY_PATH"]
                ).read_bytes()
            },
            "key_refresh_interval": timedelta(0),
        }
        return WeChatPayClient(WeChatPaySettings(**(values | changes)))

    def partner_client(self, sub_mchid: str = "", **changes: Any) -> WeChatPayClient:
        """The demo's partner, speaking for itself or for a sub-merchant."""
        own = self.post("/merchants", provider=True)
        return self.pay_client(
            mchid=own["mchid"],
            merchant_serial=own["serial"],
            merchant_key_pem=Path(own["key_path"]).read_bytes(),
            apiv3_keys=(own["apiv3_key"].encode(),),
            sub_mchid=sub_mchid,
            **changes,
        )

    def shared_order(self, pay: WeChatPayClient, number: str = "P20260512000001A1") -> str:
        """An order of ¥39.90 that is paid and may be split; answers the provider's number."""
        wanted = PrepayOrder(
            appid=self.credentials.mini_appid,
            out_trade_no=number,
            description="五月团",
            total_fen=3990,
            notify_url="http://127.0.0.1:1/notify/transactions",
            time_expire=clock.now() + timedelta(minutes=15),
            openid=self.post("/js_codes", user="小雁")["openid"],
            profit_sharing=True,
        )
        pay.prepay_jsapi(pay.build_jsapi(wanted))
        self.post("/pay", out_trade_no=number)
        found = pay.query_by_out_trade_no(number)
        assert found is not None
        return found.transaction_id

    def notice(self, number: str, *flaws: str) -> tuple[dict[str, str], bytes]:
        """The newest notice of an order, signed now, with the flaws named."""
        newest = self.get(f"/notices?out_trade_no={number}")["notices"][0]
        rendered = self.post(f"/notices/{newest['id']}/render", flaws=list(flaws))
        body = rendered["body"]
        return rendered["headers"], body.encode() if isinstance(body, str) else bytes(body)


def wait_until_up(control: httpx.Client, running: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline and running.poll() is None:
        try:
            if control.get("/_sim/config").status_code == 200:
                return
        except httpx.TransportError:
            time.sleep(0.05)
    raise AssertionError("the simulator did not start")
