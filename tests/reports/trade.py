"""A shop with orders in every state, made by the product's own verbs."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from django.db import transaction

from stores.shop_kit import STORE, Shop, offer, person, shop
from yantuan.aftersales import answering, claiming
from yantuan.aftersales.schemas import AgreeIn, ClaimIn
from yantuan.fulfilment import handing, receiving, shipping
from yantuan.fulfilment.schemas import PickupIn, ShipIn
from yantuan.gateways.wechatpay import Transaction
from yantuan.identity.models import Address, Person
from yantuan.identity.phones import seal_phone
from yantuan.kernel.actors import SYSTEM, Actor
from yantuan.kernel.clock import now
from yantuan.kernel.ids import new_id
from yantuan.media.files import path_of, write
from yantuan.media.models import Media
from yantuan.orders.actions import close_order
from yantuan.orders.drafts import Draft, DraftLine, Placed, Recipient
from yantuan.orders.models import Order, OrderLine
from yantuan.orders.placing import place_orders
from yantuan.payments import offline, refunds
from yantuan.payments.actions import confirm_offline_refund, refund_as_leader
from yantuan.payments.apply import apply_transaction
from yantuan.payments.models import OfflineProof, PaymentAttempt, Refund

FREIGHT = 800


@dataclass
class Trade:
    """One shop's sale and its orders by name."""

    shop: Shop
    sale: dict[str, Any]
    point: dict[str, Any]
    orders: dict[str, int] = field(default_factory=dict)

    @property
    def boss(self) -> Person:
        return self.shop.boss.who

    def buyer(self) -> tuple[Person, Address]:
        who = person("王五")
        address = Address.objects.create(
            person=who, name="王五", phone_sealed=seal_phone("13812341234"), phone_last4="1234", province="浙江省",
            city="杭州市", district="西湖区", detail="文三路1号", building="3", unit="2", room="501", created_at=now(),
        )  # fmt: skip
        return who, address

    def place(self, name: str, *lines: tuple[int, int], pay: str = "offline", pickup: bool = False) -> Order:
        """Order (offer number, quantity) pairs."""
        who, address = self.buyer()
        offers = self.sale["offers"]
        goods = sum(offers[i]["price_fen"] * n for i, n in lines)
        draft = Draft(
            person_id=who.id,
            group_buy_id=int(self.sale["id"]),
            lines=tuple(DraftLine(int(offers[i]["id"]), n) for i, n in lines),
            delivery_method="pickup" if pickup else "courier",
            payment_method="wechatpay" if pay == "wechatpay" else "offline",
            expected_total_fen=goods + (0 if pickup else FREIGHT),
            idempotency_key=f"k{new_id()}",
            body_hash="a" * 64,
            actor=Actor("buyer", who.id),
            address_id=None if pickup else address.id,
            pickup_point_id=int(self.point["id"]) if pickup else None,
            contact=Recipient("王五", address.phone_sealed, "1234") if pickup else None,
        )
        outcome = place_orders([draft])[0]
        assert isinstance(outcome, Placed), outcome
        self.orders[name] = int(outcome.order.id)
        return self.order(name)

    def order(self, name: str) -> Order:
        return Order.objects.get(id=self.orders[name])

    def lines(self, name: str) -> list[OrderLine]:
        return list(OrderLine.objects.filter(order_id=self.orders[name]).order_by("id"))

    def send_proof(self, name: str) -> OfflineProof:
        order = self.order(name)
        offline.send_proof(order.person, order.id, None, "已转账")
        return OfflineProof.objects.get(order=order)

    def pay(self, name: str) -> None:
        """By the way the order chose."""
        order = self.order(name)
        if order.payment_method == "offline":
            offline.confirm_proof(self.boss, self.send_proof(name).id)
        else:
            self.pay_online(name)

    def pay_online(self, name: str) -> PaymentAttempt:
        order = self.order(name)
        number = f"T{new_id()}"
        attempt = PaymentAttempt.objects.create(
            order=order, store_id=order.store_id, trade_type="JSAPI", appid="wx1", mchid="1900000001",
            out_trade_no=number, amount_fen=order.total_fen, state="prepaid", created_at=now(), time_expire=now() + timedelta(minutes=15),
        )  # fmt: skip
        apply_transaction(
            Transaction.read(
                {
                    "out_trade_no": number, "mchid": "1900000001", "appid": "wx1", "trade_state": "SUCCESS",
                    "trade_state_desc": "支付成功", "transaction_id": f"42{new_id()}", "trade_type": "JSAPI",
                    "success_time": now().isoformat(timespec="seconds"), "payer": {"openid": "o1"},
                    "amount": {"total": order.total_fen, "payer_total": order.total_fen, "currency": "CNY", "payer_currency": "CNY"},
                }
            ),
            "notice",
        )  # fmt: skip
        attempt.refresh_from_db()
        return attempt

    def close(self, name: str, reason: str = "expired") -> None:
        with transaction.atomic():
            close_order(self.orders[name], reason, SYSTEM)

    def ship(self, name: str) -> None:
        body = ShipIn(carrier="SF", tracking_no=f"SF{new_id()}")
        shipping.ship(self.boss, self.orders[name], body)

    def receive(self, name: str) -> None:
        receiving.receive(self.order(name).person, self.orders[name])

    def hand_out(self, name: str) -> None:
        handing.hand_out(self.boss, self.orders[name], PickupIn())

    def refund(self, name: str, *, restock: bool = False, done: bool = True) -> Refund:
        refund = refund_as_leader(
            self.boss, self.orders[name], [], include_freight=True, reason="缺货", restock=restock
        )
        if done:
            self.finish(refund)
        return refund

    def finish(self, refund: Refund) -> None:
        refund.refresh_from_db()
        if refund.attempt_id is None:
            confirm_offline_refund(self.boss, refund.id)
        else:
            with transaction.atomic():
                Order.objects.select_for_update().get(id=refund.order_id)
                refunds.finish(refund, now())

    def claim(self, name: str, fen: int) -> int:
        order = self.order(name)
        line = self.lines(name)[0]
        body = ClaimIn(
            kind="refund_only",
            reason="out_of_stock",
            lines=[{"order_line_id": str(line.id), "quantity": 1}],
            amount_fen=fen,
        )
        return claiming.claim(order.person, order.id, body).id

    def agree(self, case_id: int) -> Refund:
        answering.agree(self.boss, case_id, AgreeIn())
        return Refund.objects.get(aftersale_id=case_id)


def open_trade() -> Trade:
    """A running sale of two goods with plenty of stock and one that costs nothing."""
    mine = shop()
    mine.boss.ok("PUT", mine.path, {**STORE, "pickup_enabled": True})
    point = mine.boss.ok("POST", f"{mine.path}/pickup-points", {"name": "南门", "address": "1号"})
    rice = mine.product(
        {"name": "5斤", "price_fen": 1, "stock": 50}, {"name": "10斤", "price_fen": 1, "stock": 50}
    )
    gift = mine.product(title="试吃装")
    sale = mine.sale(
        offer(rice, 0, price_fen=3990, limit_per_person=9),
        offer(rice, 1, price_fen=6990, stock=30),
        offer(gift, 0, price_fen=0),
        pickup_enabled=True,
        pickup_point_ids=[point["id"]],
        ends_at=(now() + timedelta(days=3)).isoformat(),
    )
    return Trade(mine, sale, point)


def full_trade() -> Trade:
    """Orders in every state there is."""
    trade = open_trade()
    trade.place("unpaid", (0, 2))
    trade.place("waiting", (0, 1), (1, 1))
    trade.send_proof("waiting")
    trade.place("closed", (1, 3))
    trade.close("closed", "buyer")
    trade.place("zero", (2, 1), pickup=True)
    for name in ("paid", "shipped", "received", "refunded", "claimed", "settled"):
        trade.place(name, (0, 2), (1, 1))
        trade.pay(name)
    trade.ship("shipped")
    trade.ship("received")
    trade.receive("received")
    trade.refund("refunded", restock=True)
    trade.claim("claimed", 500)
    trade.finish(trade.agree(trade.claim("settled", 1000)))
    trade.place("picked", (1, 2), pickup=True)
    trade.pay("picked")
    trade.hand_out("picked")
    for name in ("online", "twice", "late", "revived"):
        trade.place(name, (0, 1), pay="wechatpay")
    trade.pay("online")
    trade.refund("online", done=False)
    trade.pay("twice")
    trade.finish(Refund.objects.get(attempt=trade.pay_online("twice")))
    trade.close("late", "buyer")
    trade.pay_online("late")
    trade.close("revived")
    trade.pay_online("revived")
    return trade


def write_files() -> None:
    """Give every picture row a file of its size, as uploading does."""
    for media in Media.objects.all():
        write(path_of(media.key), b"x" * media.size)
        write(path_of(media.key, thumb=True), b"x")
