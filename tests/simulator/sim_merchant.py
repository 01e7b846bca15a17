"""A merchant's side of WeChat Pay v3, written apart from the simulator's own code."""

import base64
import functools
import itertools
import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import httpx
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.serialization import load_pem_private_key, load_pem_public_key
from starlette.testclient import TestClient

from yantuan.simulator.credentials import Credentials
from yantuan.simulator.world import World

NOTIFY_URL = "https://shop.test/notify/wechatpay"
_numbers = itertools.count(1)


class Receiver:
    """The merchant's notice endpoint: keeps what came, answers what it is told to."""

    def __init__(self) -> None:
        self.requests: list[httpx.Request] = []
        self.answers: list[int] = []
        self.on_request: Callable[[httpx.Request], None] | None = None

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        if self.on_request is not None:
            self.on_request(request)
        status = self.answers.pop(0) if self.answers else 204
        if status == 0:
            raise httpx.ConnectError("connection refused", request=request)
        return httpx.Response(status)

    @property
    def bodies(self) -> list[dict]:
        return [json.loads(request.content) for request in self.requests]


@dataclass
class Merchant:
    client: TestClient
    world: World

    @functools.cached_property
    def key(self) -> Any:
        return load_pem_private_key((self.world.folder / "merchant_key.pem").read_bytes(), None)

    @property
    def credentials(self) -> Credentials:
        return self.world.credentials

    def sign(self, message: str) -> str:
        return base64.b64encode(self.key.sign(message.encode(), padding.PKCS1v15(), hashes.SHA256())).decode()

    def authorization(self, method: str, target: str, body: str = "", **changes: str) -> str:
        timestamp = changes.pop("timestamp", str(int(time.time() + self.world.clock.offset_seconds)))
        values = {
            "mchid": self.credentials.mchid,
            "nonce_str": "5K8264ILTKCH16CQ2502SI8ZNMTM67VS",
            "timestamp": timestamp,
            "serial_no": self.credentials.merchant_serial,
        } | changes
        message = f"{method}\n{target}\n{timestamp}\n{values['nonce_str']}\n{body}\n"
        values.setdefault("signature", self.sign(message))
        return "WECHATPAY2-SHA256-RSA2048 " + ",".join(f'{k}="{v}"' for k, v in values.items())

    def call(
        self,
        method: str,
        target: str,
        body: Any = None,
        headers: dict[str, str] | None = None,
        **changes: str,
    ) -> httpx.Response:
        text = "" if body is None else body if isinstance(body, str) else json.dumps(body, ensure_ascii=False)
        sent = {
            "Authorization": self.authorization(method, target, text, **changes),
            "Accept": "application/json",
            "User-Agent": "tests",
        }
        if text:
            sent["Content-Type"] = "application/json"
        return self.client.request(method, target, content=text.encode(), headers={**sent, **(headers or {})})

    def post(self, target: str, body: Any) -> httpx.Response:
        return self.call("POST", target, body)

    def get(self, target: str) -> httpx.Response:
        return self.call("GET", target)

    def sim(self, target: str, **body: Any) -> Any:
        response = self.client.post("/_sim" + target, json=body)
        assert response.status_code == 200, response.text
        return response.json()

    def look(self, target: str) -> Any:
        response = self.client.get("/_sim" + target)
        assert response.status_code == 200, response.text
        return response.json()

    def verified(self, headers: Any, body: bytes) -> bool:
        """Whether the signature headers fit the body, with the key they name."""
        serial = headers["Wechatpay-Serial"]
        keys = {}
        for entry in json.loads((self.world.folder / "platform_keys.json").read_text()):
            pem = (self.world.folder / entry["file"]).read_bytes()
            certified = entry["kind"] == "certificate"
            keys[entry["key_id"]] = (
                x509.load_pem_x509_certificate(pem).public_key() if certified else load_pem_public_key(pem)
            )
        if serial not in keys:
            return False
        message = f"{headers['Wechatpay-Timestamp']}\n{headers['Wechatpay-Nonce']}\n".encode() + body + b"\n"
        try:
            signature = base64.b64decode(headers["Wechatpay-Signature"])
            keys[serial].verify(signature, message, padding.PKCS1v15(), hashes.SHA256())
        except Exception:
            return False
        return True

    def decrypted(self, body: str | bytes) -> dict:
        resource = json.loads(body)["resource"]
        plain = AESGCM(self.credentials.apiv3_key.encode()).decrypt(
            resource["nonce"].encode(),
            base64.b64decode(resource["ciphertext"]),
            resource["associated_data"].encode(),
        )
        return json.loads(plain)

    def order(self, product: str = "jsapi", **changes: Any) -> dict[str, Any]:
        """A prepay body; `changes` replace whole top-level fields, None removes one."""
        body: dict[str, Any] = {
            "appid": self.credentials.mini_appid,
            "mchid": self.credentials.mchid,
            "description": "五月团 苹果5斤 等3件",
            "out_trade_no": f"P20260512{next(_numbers):06d}",
            "attach": "order:123",
            "notify_url": NOTIFY_URL,
            "amount": {"total": 3990, "currency": "CNY"},
        }
        if product == "jsapi":
            body["payer"] = {"openid": self.world.openid_of(self.credentials.mini_appid, "阿禾")}
        if product == "h5":
            body["scene_info"] = {"payer_client_ip": "203.0.113.7", "h5_info": {"type": "Wap"}}
        return {k: v for k, v in {**body, **changes}.items() if v is not None}

    def prepaid(self, product: str = "jsapi", **changes: Any) -> tuple[str, dict[str, str]]:
        body = self.order(product, **changes)
        response = self.post(f"/v3/pay/transactions/{product}", body)
        assert response.status_code == 200, response.text
        return body["out_trade_no"], response.json()

    def paid(self, product: str = "jsapi", **changes: Any) -> str:
        number, _ = self.prepaid(product, **changes)
        self.sim("/pay", out_trade_no=number)
        return number

    def query(self, number: str) -> dict:
        response = self.get(f"/v3/pay/transactions/out-trade-no/{number}?mchid={self.credentials.mchid}")
        assert response.status_code == 200, response.text
        return response.json()

    def close(self, number: str) -> httpx.Response:
        target = f"/v3/pay/transactions/out-trade-no/{number}/close"
        return self.post(target, {"mchid": self.credentials.mchid})

    def refund(
        self, number: str, fen: int, refund_no: str, total: int = 3990, **changes: Any
    ) -> httpx.Response:
        body = {
            "out_trade_no": number,
            "out_refund_no": refund_no,
            "reason": "缺货",
            "notify_url": NOTIFY_URL,
            "amount": {"refund": fen, "total": total, "currency": "CNY"},
        } | changes
        return self.post("/v3/refund/domestic/refunds", {k: v for k, v in body.items() if v is not None})

    def refund_state(self, refund_no: str) -> dict:
        response = self.get(f"/v3/refund/domestic/refunds/{refund_no}")
        assert response.status_code == 200, response.text
        return response.json()

    def notices(self, number: str) -> list[dict]:
        """Oldest first."""
        return self.look(f"/notices?out_trade_no={number}")["notices"][::-1]
