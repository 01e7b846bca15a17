"""A shop, and a buyer whose every trace is known."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

import pytest
from django.apps import apps

import factories as make
from yantuan.groupbuys.models import GroupBuy
from yantuan.identity import sessions
from yantuan.identity.models import Channel, Person
from yantuan.identity.phones import phone_of
from yantuan.kernel.clock import now
from yantuan.kernel.ids import new_id
from yantuan.notices.models import Consent, Delivery, InboxMessage, ServiceCard
from yantuan.orders.models import Order
from yantuan.payments.models import PaymentAttempt, ProviderNotice
from yantuan.stores.models import Store

OPENID = "oForgetMe-4f7a9c2e1b8d"
ADDRESS = "203.0.113.77"
NAME = "欧阳晓雾"


@dataclass
class Trail:
    """One buyer and what they left."""

    store: Store
    sale: GroupBuy
    buyer: Person
    traces: list[str] = field(default_factory=list)

    def paid_by_wechat(self, order: Order, state: str = "succeeded") -> PaymentAttempt:
        """A WeChat payment with the buyer's openid wherever WeChat puts it."""
        number, moment = f"A{order.id}", now()
        payer = {"payer": {"openid": OPENID}}
        attempt = PaymentAttempt.objects.create(
            id=new_id(), order_id=order.id, store_id=order.store_id, trade_type="JSAPI", appid="wx1", mchid="1900000109",
            out_trade_no=number, amount_fen=order.total_fen, payer_openid=OPENID, state=state, paid_fen=order.total_fen,
            request_body=json.dumps({"out_trade_no": number, **payer, "scene_info": {"payer_client_ip": ADDRESS}}),
            time_expire=moment, success_at=moment, created_at=moment, transaction_id=f"42{order.id}",
        )  # fmt: skip
        ProviderNotice.objects.create(
            notice_id=number, event_type="TRANSACTION.SUCCESS", business_no=number, body="cipher", headers={"a": "b"},
            resource=json.dumps({"out_trade_no": number, "amount": {"total": order.total_fen}, **payer}),
            dedupe=number.rjust(64, "0"), outcome="applied", received_at=moment,
        )  # fmt: skip
        ServiceCard.objects.create(
            order_id=order.id, store_id=order.store_id, transaction_id=f"42{order.id}", openid=OPENID, kind=2001,
            amount_fen=1, paid_at=moment, wanted=1, next_at=moment,
        )  # fmt: skip
        return attempt


def everything() -> str:
    """Every value of every row of every table, as text."""
    rows: list[Any] = []
    for model in apps.get_models(include_auto_created=True):
        rows += [str(row) for row in model._base_manager.values()]
    return "\n".join(rows)


@pytest.fixture
def trail(db: None) -> Trail:
    leader = make.leader("林小满")
    store = make.store(leader)
    sale = make.group_buy(store, [make.product(store)])
    buyer = make.person(NAME)
    Channel.objects.create(
        person=buyer, kind="mini", appid="wx1", openid=OPENID, unionid=f"u{OPENID}", created_at=now()
    )
    sessions.start(buyer, "h5", f"Browser of {NAME}")
    moment = now()
    InboxMessage.objects.create(
        person_id=buyer.id, role="buyer", kind="x", title="已发货", body=f"{NAME}，货到了", dedupe=f"d{buyer.id}",
        created_at=moment,
    )  # fmt: skip
    Consent.objects.create(person_id=buyer.id, template_id="t1", permits=2, updated_at=moment)
    Delivery.objects.create(
        channel="buyer", recipient=f"{buyer.id}/paid", kind="paid", event_key="e1", title="t", body=f"{NAME} 你好",
        state="sent", due_at=moment, created_at=moment,
    )  # fmt: skip
    phone = phone_of(buyer.phone_sealed)
    return Trail(store, sale, buyer, [NAME, phone, OPENID, ADDRESS, "枫林里", f"Browser of {NAME}"])
