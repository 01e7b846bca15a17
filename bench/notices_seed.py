"""Places orders to be paid by WeChat Pay and writes the provider's signed notices for them, ready to be sent.

`python -m bench.notices_seed COUNT FILE` with the product's settings. One line per notice in FILE: JSON of headers and body.
Keys and signatures are the simulator's; only its HTTP is left out, so that what is measured is the product.
"""

from __future__ import annotations

import json
import os
import secrets
import sys
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "yantuan.settings")
django.setup()

# Importable only when Django is set up.
from bench import world  # noqa: E402
from yantuan.kernel.actors import Actor  # noqa: E402
from yantuan.kernel.clock import now  # noqa: E402
from yantuan.kernel.config import config, data_folder  # noqa: E402
from yantuan.kernel.ids import new_id  # noqa: E402
from yantuan.orders.drafts import Draft, DraftLine, Placed  # noqa: E402
from yantuan.orders.placing import place_orders  # noqa: E402
from yantuan.payments.models import PaymentAttempt  # noqa: E402
from yantuan.simulator import crypto  # noqa: E402
from yantuan.simulator.clock import rfc3339  # noqa: E402
from yantuan.simulator.keyring import KeyRing  # noqa: E402

PORTION = 100
_KIND = "transaction"


def _draft(buyer: int) -> Draft:
    place = world.place_of(buyer % world.OFFERS)
    return Draft(
        person_id=world.BUYER_0 + buyer, group_buy_id=place.sale_id, lines=(DraftLine(place.offer_id, 1),),
        delivery_method="courier", payment_method="wechatpay", expected_total_fen=world.TOTAL_FEN,
        idempotency_key=f"notice-{buyer}", body_hash="a" * 64, actor=Actor("buyer", world.BUYER_0 + buyer),
        address_id=world.ADDRESS_0 + buyer,
    )  # fmt: skip


def _attempts(count: int) -> Iterator[PaymentAttempt]:
    """Orders placed by the product's own function, each with an attempt that was announced."""
    for first in range(0, count, PORTION):
        outcomes = place_orders([_draft(buyer) for buyer in range(first, min(count, first + PORTION))])
        made = []
        for index, outcome in enumerate(outcomes):
            assert isinstance(outcome, Placed), outcome
            made.append(
                PaymentAttempt(
                    order_id=int(outcome.order.id), store_id=world.place_of((first + index) % world.OFFERS).store_id,
                    trade_type="MWEB", appid=config().wechat_oa_appid, mchid=config().wechatpay_mchid,
                    out_trade_no=f"YT{new_id()}", amount_fen=world.TOTAL_FEN, state="prepaid",
                    time_expire=now() + timedelta(hours=1), created_at=now(),
                )
            )  # fmt: skip
        yield from PaymentAttempt.objects.bulk_create(made)


def _body(number: int, attempt: PaymentAttempt) -> str:
    moment = time.time()
    resource = {
        "appid": attempt.appid, "mchid": attempt.mchid, "out_trade_no": attempt.out_trade_no,
        "trade_state": "SUCCESS", "trade_state_desc": "支付成功", "attach": "", "promotion_detail": [],
        "amount": {"total": attempt.amount_fen, "currency": "CNY", "payer_total": attempt.amount_fen, "payer_currency": "CNY"},
        "transaction_id": f"42{new_id()}", "trade_type": attempt.trade_type, "bank_type": "OTHERS",
        "success_time": rfc3339(moment), "payer": {"openid": "o-bench"},
    }  # fmt: skip
    nonce = secrets.token_hex(6)
    sealed = crypto.seal(
        config().wechatpay_apiv3_key, nonce, _KIND, json.dumps(resource, ensure_ascii=False).encode()
    )
    envelope = {
        "id": f"EV-{number:019d}", "create_time": rfc3339(moment), "resource_type": "encrypt-resource",
        "event_type": "TRANSACTION.SUCCESS", "summary": "支付成功",
        "resource": {
            "original_type": _KIND, "algorithm": "AEAD_AES_256_GCM", "ciphertext": sealed, "associated_data": _KIND,
            "nonce": nonce,
        },
    }  # fmt: skip
    return json.dumps(envelope, ensure_ascii=False, separators=(",", ":"))


def main(count: int, path: Path) -> None:
    """Write the file."""
    key = KeyRing(data_folder() / "simulator").current("public_key")
    with path.open("w") as file:
        for number, attempt in enumerate(_attempts(count)):
            body, stamp, nonce = _body(number, attempt), str(int(time.time())), secrets.token_hex(16)
            headers = {
                "Wechatpay-Timestamp": stamp, "Wechatpay-Nonce": nonce, "Wechatpay-Serial": key.key_id,
                "Wechatpay-Signature": crypto.sign(key.private_key, crypto.lines(stamp, nonce, body.encode())),
                "Wechatpay-Signature-Type": "WECHATPAY2-SHA256-RSA2048", "Content-Type": "application/json",
            }  # fmt: skip
            file.write(json.dumps({"headers": headers, "body": body}) + "\n")


if __name__ == "__main__":
    main(int(sys.argv[1]), Path(sys.argv[2]))
