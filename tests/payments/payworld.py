"""A small shop whose orders are really placed and really paid at a running simulator."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from itertools import count
from typing import Any

import httpx
from django.db import transaction
from django.test import Client

from yantuan.catalog import stock
from yantuan.catalog.models import Product, Sku, StockMovement, StockPool
from yantuan.groupbuys.models import GroupBuy, GroupCounter, Offer
from yantuan.identity import sessions
from yantuan.identity.models import Address, Channel, Person
from yantuan.identity.phones import seal_phone
from yantuan.kernel import clock
from yantuan.kernel.actors import SYSTEM, Actor
from yantuan.kernel.clock import now
from yantuan.kernel.config import config
from yantuan.kernel.ids import new_id, short_code
from yantuan.leaders.models import Leader
from yantuan.orders.drafts import Draft, DraftLine, Placed, Recipient
from yantuan.orders.models import LimitUse, Order, OrderLine
from yantuan.orders.placing import place_orders
from yantuan.payments.actions import PayWish, pay
from yantuan.payments.models import PaymentAttempt
from yantuan.payments.schemas import PayInstruction
from yantuan.stores.models import PickupPoint, Store

_serial = count(1)
PAYER = "小雁"


@dataclass
class Simulator:
    """The running simulator, steered through its control API."""

    url: str
    users: dict[str, dict[str, str]] = field(default_factory=dict)

    def call(self, method: str, target: str, body: dict[str, Any] | None = None) -> Any:
        answer = httpx.request(method, f"{self.url}/_sim{target}", json=body, timeout=20, trust_env=False)
        assert answer.status_code < 300, answer.text
        return answer.json()

    def reset(self) -> None:
        self.call("POST", "/reset")
        self.call("POST", "/config", {"notice_mode": "hold", "refund_seconds": 0})
        self.users = {row["name"]: row for row in self.call("GET", "/users")["users"]}

    def pay(self, out_trade_no: str) -> Any:
        return self.call("POST", "/pay", {"out_trade_no": out_trade_no})

    def fault(self, kind: str, **more: Any) -> None:
        self.call("POST", "/faults", {"kind": kind, **more})

    def clear_faults(self) -> None:
        self.call("DELETE", "/faults")

    def notices(self, out_trade_no: str, event: str = "TRANSACTION.SUCCESS") -> list[Any]:
        listed = self.call("GET", f"/notices?out_trade_no={out_trade_no}")["notices"]
        return [n for n in listed if n["event_type"] == event]

    def rendered(self, notice_id: str, *flaws: str) -> Any:
        return self.call("POST", f"/notices/{notice_id}/render", {"flaws": list(flaws)} if flaws else {})

    def book(self, out_trade_no: str) -> Any:
        """What the provider's own book says of one order."""
        return self.call("GET", f"/book?out_trade_no={out_trade_no}")["orders"][out_trade_no]

    @contextmanager
    def later(self, seconds: float) -> Iterator[None]:
        """Both clocks `seconds` ahead: signatures are only believed within five minutes."""
        self.call("POST", "/clock", {"offset_seconds": seconds})
        try:
            with clock.frozen(clock.now() + timedelta(seconds=seconds)):
                yield
        finally:
            self.call("POST", "/clock", {"offset_seconds": 0})

    def calls(self, ending: str) -> list[Any]:
        return [c for c in self.call("GET", "/calls")["calls"] if str(c.get("path", "")).endswith(ending)]


def post_notice(rendered: Any, client: Client | None = None, **headers: str) -> int:
    """Deliver a rendered notice to the product; answers the HTTP status."""
    target = "/" + rendered["url"].split("/", 3)[3]
    given = {**rendered["headers"], **headers}
    answer = (client or Client()).post(
        target, data=rendered["body"].encode(), content_type="application/json",
        headers={k: v for k, v in given.items() if k.lower() != "content-type"},
    )  # fmt: skip
    return int(answer.status_code)


@dataclass
class World:
    leader_person: Person
    store: Store
    group_buy: GroupBuy
    point: PickupPoint
    offers: list[Offer]

    def buyer(self, sim: Simulator | None = None) -> Person:
        person = Person.objects.create(nickname=f"买家{next(_serial)}", created_at=now())
        if sim is not None:
            cfg, user = config(), sim.users[PAYER]
            Channel.objects.create(
                person=person,
                kind="mini",
                appid=cfg.wechat_mini_appid,
                openid=user["mini_openid"],
                created_at=now(),
            )
            Channel.objects.create(
                person=person,
                kind="oa",
                appid=cfg.wechat_oa_appid,
                openid=user["oa_openid"],
                created_at=now(),
            )
        return person

    def order(
        self, person: Person | None = None, *quantities: int, method: str = "wechatpay", **more: Any
    ) -> Order:
        """Place an order of the first offers; one piece of the first if nothing is said."""
        buyer = person or self.buyer()
        chosen = list(zip(self.offers, quantities or (1,), strict=False))
        pickup = more.pop("delivery_method", "courier") == "pickup"
        goods = sum(offer.price_fen * n for offer, n in chosen)
        freight = 0 if pickup else self.store.freight_fen
        draft = Draft(
            person_id=buyer.id,
            group_buy_id=self.group_buy.id,
            lines=tuple(DraftLine(offer.id, n) for offer, n in chosen),
            delivery_method="pickup",
            payment_method=method,  # type: ignore[arg-type]
            expected_total_fen=goods,
            idempotency_key=f"key-{new_id()}",
            body_hash="a" * 64,
            actor=Actor("buyer", buyer.id),
            pickup_point_id=self.point.id,
            contact=Recipient("王小雁", seal_phone("13812341234"), "1234", room="501"),
        )
        if not pickup:
            draft = self._by_courier(draft, buyer, goods + freight)
        outcome = place_orders([replace(draft, **more)])[0]
        assert isinstance(outcome, Placed), outcome
        return Order.objects.get(id=outcome.order.id)

    def _by_courier(self, draft: Draft, buyer: Person, total: int) -> Draft:
        address = Address.objects.create(
            person=buyer, name="王小雁", phone_sealed=seal_phone("13812341234"), phone_last4="1234", province="浙江省",
            city="杭州市", district="西湖区", detail="文三路 1 号", room="501", created_at=now(),
        )  # fmt: skip
        return replace(
            draft, delivery_method="courier", address_id=address.id, pickup_point_id=None, contact=None,
            expected_total_fen=total,
        )  # fmt: skip


@transaction.atomic
def make_world(
    *, units: int = 10, offers: int = 1, price_fen: int = 3990, freight_fen: int = 800, limit: int = 0
) -> World:
    moment = now()
    person = Person.objects.create(nickname="李团长", created_at=moment)
    leader = Leader.objects.create(
        person=person, display_name="李团长", certification="approved", certified_at=moment, created_at=moment
    )
    store = Store.objects.create(
        leader=leader, code=short_code(), name="雁来小铺", freight_fen=freight_fen, pickup_enabled=True,
        offline_enabled=True, created_at=moment, updated_at=moment,
    )  # fmt: skip
    point = PickupPoint.objects.create(store=store, name="东门", address="文三路 1 号东门", created_at=moment)
    group_buy = GroupBuy.objects.create(
        store=store, code=short_code(), title="秋天的第一箱苹果", state="published",
        starts_at=moment - timedelta(hours=1), ends_at=moment + timedelta(days=3), pickup_enabled=True,
        pickup_point_ids=[str(point.id)], created_at=moment, updated_at=moment,
    )  # fmt: skip
    GroupCounter.objects.create(group_buy_id=group_buy.id)
    world = World(person, store, group_buy, point, [])
    for position in range(offers):
        pool_id = stock.create_pool(store.id, units, SYSTEM)
        product = Product.objects.create(
            store=store,
            title=f"红富士苹果{position}",
            picture_media_ids=[],
            created_at=moment,
            updated_at=moment,
        )
        sku = Sku.objects.create(
            product=product, store_id=store.id, name="5斤", price_fen=price_fen, pool_id=pool_id
        )
        offer = Offer.objects.create(
            group_buy=group_buy, store_id=store.id, sku=sku, product=product, price_fen=price_fen + position,
            limit_per_person=limit, pool_id=pool_id, position=position,
        )  # fmt: skip
        world.offers.append(offer)
    return world


def start_pay(order: Order, channel: str = "native") -> tuple[PayInstruction, PaymentAttempt]:
    instruction = pay(order.person, order.id, PayWish(channel, "/pages/pay-result", "127.0.0.1"))  # type: ignore[arg-type]
    return instruction, PaymentAttempt.objects.filter(order_id=order.id).order_by("-id")[0]


def run_out(order: Order) -> None:
    """The hold ends now, a moment before the provider's own time_expire does."""
    Order.objects.filter(id=order.id).update(expires_at=now())
    PaymentAttempt.objects.filter(order_id=order.id, next_poll_at__isnull=False).update(next_poll_at=now())


def fresh(order: Order) -> Order:
    return Order.objects.get(id=order.id)


def lines_of(order: Order) -> list[OrderLine]:
    return list(OrderLine.objects.filter(order_id=order.id).order_by("position"))


def counts(offer: Offer) -> tuple[int, int, int]:
    """(available, held, sold), which always add up, and which the movements explain."""
    row = StockPool.objects.get(id=offer.pool_id)
    moved: dict[str, int] = {}
    for kind, units in StockMovement.objects.filter(pool_id=row.id).values_list("kind", "quantity"):
        moved[kind] = moved.get(kind, 0) + units
    get = moved.get
    assert row.total == row.available + row.held + row.sold
    assert row.held == get("hold", 0) - get("release", 0) - get("sell", 0)
    assert row.sold == get("sell", 0) - get("restock", 0)
    return row.available, row.held, row.sold


def quota(order: Order, offer: Offer) -> int:
    row = LimitUse.objects.filter(offer_id=offer.id, person_id=order.person_id).first()
    return row.quantity if row else 0


def signed_in_client(person: Person) -> tuple[Client, dict[str, str]]:
    """A test client and the header that names the person's session."""
    token = sessions.start(person, "mp", "test")
    return Client(), {"Authorization": f"Bearer {token}"}
