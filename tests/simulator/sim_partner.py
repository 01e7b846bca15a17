"""A partner's side (服务商): signs with its own key, for sub-merchants."""

from __future__ import annotations

import base64
import functools
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.serialization import load_pem_private_key, load_pem_public_key
from sim_merchant import Merchant

OAEP = padding.OAEP(mgf=padding.MGF1(hashes.SHA1()), algorithm=hashes.SHA1(), label=None)


@dataclass
class Partner(Merchant):
    """As `Merchant`, but it is a partner, and `sub` is the sub-merchant it speaks for."""

    sub: str = ""

    @functools.cached_property
    def own(self) -> dict[str, Any]:
        return self.sim("/merchants", provider=True)

    @functools.cached_property
    def key(self) -> Any:
        return load_pem_private_key(Path(self.own["key_path"]).read_bytes(), None)

    def authorization(self, method: str, target: str, body: str = "", **changes: str) -> str:
        mine = {"mchid": self.own["mchid"], "serial_no": self.own["serial"]}
        return super().authorization(method, target, body, **(mine | changes))

    def decrypted(self, body: str | bytes) -> dict:
        raise NotImplementedError("open it with the partner's key")

    @functools.cached_property
    def platform(self) -> tuple[str, Any]:
        key = self.world.keyring.current("public_key")
        return key.key_id, load_pem_public_key(key.public_path.read_bytes())

    def sealed(self, text: str) -> str:
        return base64.b64encode(self.platform[1].encrypt(text.encode(), OAEP)).decode()

    def post_sealed(self, target: str, body: Any) -> httpx.Response:
        return self.call("POST", target, body, headers={"Wechatpay-Serial": self.platform[0]})

    def new_sub(self, **facts: Any) -> str:
        return str(self.sim("/sub_merchants", **facts)["sub_mchid"])

    def order(self, product: str = "jsapi", **changes: Any) -> dict[str, Any]:
        """A partner's prepay body; `changes` replace whole top-level fields, None removes one."""
        body = super().order(product)
        body["sp_appid"], body["sp_mchid"] = body.pop("appid"), self.own["mchid"]
        body.pop("mchid")
        body["sub_mchid"] = self.sub
        if product == "jsapi":
            body["payer"] = {"sp_openid": body["payer"]["openid"]}
        return {k: v for k, v in {**body, **changes}.items() if v is not None}

    def prepaid(self, product: str = "jsapi", **changes: Any) -> tuple[str, dict[str, str]]:
        body = self.order(product, **changes)
        response = self.post(f"/v3/pay/partner/transactions/{product}", body)
        assert response.status_code == 200, response.text
        return body["out_trade_no"], response.json()

    def shared_order(self, **changes: Any) -> tuple[str, str]:
        """Number and transaction id of a paid order whose money is frozen."""
        number = self.paid(settle_info={"profit_sharing": True}, **changes)
        return number, self.query(number)["transaction_id"]

    def parties(self) -> str:
        return f"sp_mchid={self.own['mchid']}&sub_mchid={self.sub}"

    def query(self, number: str) -> dict:
        response = self.get(f"/v3/pay/partner/transactions/out-trade-no/{number}?{self.parties()}")
        assert response.status_code == 200, response.text
        return response.json()

    def close(self, number: str) -> httpx.Response:
        target = f"/v3/pay/partner/transactions/out-trade-no/{number}/close"
        return self.post(target, {"sp_mchid": self.own["mchid"], "sub_mchid": self.sub})

    def refund(
        self, number: str, fen: int, refund_no: str, total: int = 3990, **changes: Any
    ) -> httpx.Response:
        return super().refund(number, fen, refund_no, total, **({"sub_mchid": self.sub} | changes))

    def refund_state(self, refund_no: str) -> dict:
        response = self.get(f"/v3/refund/domestic/refunds/{refund_no}?sub_mchid={self.sub}")
        assert response.status_code == 200, response.text
        return response.json()

    def add_receiver(self, kind: str, account: str, name: str = "", **changes: Any) -> httpx.Response:
        body = {
            "sub_mchid": self.sub,
            "appid": self.credentials.mini_appid,
            "type": kind,
            "account": account,
            "relation_type": "SERVICE_PROVIDER" if kind == "MERCHANT_ID" else "PARTNER",
        } | ({"name": self.sealed(name)} if name else {})
        return self.post_sealed("/v3/profitsharing/receivers/add", {**body, **changes})

    def receives(self) -> str:
        """Make the partner itself a receiver; answers its number."""
        answer = self.add_receiver("MERCHANT_ID", self.own["mchid"], self.own["name"])
        assert answer.status_code == 200, answer.text
        return str(self.own["mchid"])

    def share(
        self, transaction: str, number: str, *parts: tuple[str, str, int], **changes: Any
    ) -> httpx.Response:
        body = {
            "sub_mchid": self.sub,
            "appid": self.credentials.mini_appid,
            "transaction_id": transaction,
            "out_order_no": number,
            "receivers": [
                {"type": kind, "account": account, "amount": fen, "description": "服务费"}
                for kind, account, fen in parts
            ],
            "unfreeze_unsplit": False,
        }
        return self.post("/v3/profitsharing/orders", {**body, **changes})

    def share_state(self, number: str, transaction: str) -> dict:
        response = self.get(
            f"/v3/profitsharing/orders/{number}?transaction_id={transaction}&sub_mchid={self.sub}"
        )
        assert response.status_code == 200, response.text
        return response.json()

    def unfreeze(self, transaction: str, number: str) -> httpx.Response:
        body = {
            "sub_mchid": self.sub,
            "transaction_id": transaction,
            "out_order_no": number,
            "description": "解冻",
        }
        return self.post("/v3/profitsharing/orders/unfreeze", body)

    def take_back(self, share_no: str, number: str, fen: int, **changes: Any) -> httpx.Response:
        body = {
            "sub_mchid": self.sub,
            "out_order_no": share_no,
            "out_return_no": number,
            "return_mchid": self.own["mchid"],
            "amount": fen,
            "description": "退款前回退",
        }
        return self.post("/v3/profitsharing/return-orders", {**body, **changes})

    def unsplit(self, transaction: str) -> int:
        return int(self.get(f"/v3/profitsharing/transactions/{transaction}/amounts").json()["unsplit_amount"])

    def balance(self, account: str) -> int:
        return int(self.look("/book")["accounts"].get(account, 0))
