"""Taking the person out of rows that must stay: what was bought, for how much and when is kept, who it was is not.

Used when somebody leaves, and for orders whose time of keeping is over. Each step may be repeated.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any, Final

from yantuan.aftersales.models import AfterSale
from yantuan.notices.models import ServiceCard
from yantuan.orders.models import LocalDelivery, Order, OrderEvent
from yantuan.payments.attempts import LIVE
from yantuan.payments.models import OfflineProof, PaymentAttempt, ProviderNotice

GONE: Final = "已注销"
"""Stands where a name was."""
_BLANK: Final = dict.fromkeys(
    ("phone_sealed", "phone_last4", "province", "city", "district", "detail", "building", "unit", "room",
     "remark", "private_note"), "",
)  # fmt: skip
_PAYER: Final = ("payer", "payer_client_ip")
"""Parts of WeChat Pay's JSON that point at a person."""


def orders(ids: Sequence[int]) -> list[int]:
    """Blank these orders' people, in the caller's transaction; answers the pictures that go with them."""
    Order.objects.filter(id__in=ids).update(recipient_name=GONE, answers=[], **_BLANK)
    LocalDelivery.objects.filter(order_id__in=ids).delete()
    OrderEvent.objects.filter(order_id__in=ids, axis="note", event="readdressed").update(data={})
    proofs, cases = OfflineProof.objects.filter(order_id__in=ids), AfterSale.objects.filter(order_id__in=ids)
    pictures = [one for one in proofs.values_list("media_id", flat=True) if one]
    pictures += [int(one) for named in cases.values_list("media_ids", flat=True) for one in named]
    proofs.update(note="")
    cases.update(description="")
    ServiceCard.objects.filter(order_id__in=ids).update(openid="", state=ServiceCard.State.OVER)
    payments(ids)
    return pictures


def payments(order_ids: Sequence[int]) -> None:
    """Take the payer out of ended payments and their notices; numbers, sums and times stay as evidence."""
    ended = PaymentAttempt.objects.filter(order_id__in=order_ids).exclude(state__in=LIVE)
    numbers = list(ended.values_list("out_trade_no", flat=True))
    for attempt in ended.exclude(payer_openid="", request_body=""):
        attempt.payer_openid, attempt.request_body = "", without_payer(attempt.request_body)
        attempt.save(update_fields=["payer_openid", "request_body"])
    handled = ProviderNotice.objects.filter(business_no__in=numbers).exclude(
        outcome=ProviderNotice.Outcome.WAITING
    )
    # What is still encrypted could be opened again with the key, so it goes; the decrypted copy tells all that matters.
    for notice in handled.exclude(body=""):
        notice.resource, notice.body, notice.headers = without_payer(notice.resource), "", {}
        notice.save(update_fields=["resource", "body", "headers"])


def without_payer(text: str) -> str:
    """The same JSON without what points at the payer; a text that is no JSON object is emptied."""
    try:
        value = json.loads(text) if text else None
    except ValueError:
        value = None
    return json.dumps(_pruned(value), ensure_ascii=False) if isinstance(value, dict) else ""


def _pruned(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _pruned(part) for name, part in value.items() if name not in _PAYER}
    return [_pruned(part) for part in value] if isinstance(value, list) else value
