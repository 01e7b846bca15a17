"""Fill a demo instance through the product's own verbs: nothing here writes what a person could not have done."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from datetime import timedelta
from typing import Literal

import httpx

from yantuan.catalog.actions import create_product
from yantuan.catalog.models import Product, Sku
from yantuan.catalog.schemas import ProductIn, SkuIn
from yantuan.demo.goods import BUYERS, POINTS, PRODUCTS
from yantuan.demo.people import DEMO_PEOPLE
from yantuan.demo.pictures import demo_picture
from yantuan.fulfilment.schemas import ShipIn
from yantuan.fulfilment.shipping import ship
from yantuan.groupbuys.actions import create_group_buy, publish_group_buy, shelf_of, update_group_buy
from yantuan.groupbuys.models import GroupBuy
from yantuan.groupbuys.public import KIND as SALE
from yantuan.groupbuys.schemas import GroupBuyIn, OfferIn, Question, TextBlock
from yantuan.identity.actions import SAID_AS, add_address, update_person
from yantuan.identity.models import Person
from yantuan.identity.people import by_phone
from yantuan.identity.phones import phone_of
from yantuan.identity.schemas import AddressIn, PersonIn
from yantuan.kernel.clock import now
from yantuan.kernel.config import config
from yantuan.kernel.errors import AppError
from yantuan.kernel.ids import short_code
from yantuan.leaders.actions import decide, send_certification
from yantuan.leaders.invites import create_invite_code, join
from yantuan.leaders.models import Leader
from yantuan.leaders.schemas import CertificationIn, JoinIn
from yantuan.media.actions import store_picture
from yantuan.moderation.actions import DECIDABLE, approve
from yantuan.moderation.models import Submission
from yantuan.orders.drafts import Refused
from yantuan.orders.incoming import draft_of
from yantuan.orders.models import Order
from yantuan.orders.placing import place_orders
from yantuan.orders.quoting import quote
from yantuan.orders.schemas import LineIn, OrderIn, PickupContact, QuoteIn
from yantuan.payments.models import PaymentAttempt
from yantuan.payments.paying import PayWish, pay, refresh
from yantuan.sharing.codes import qr_png
from yantuan.stores.actions import add_pickup_point, create_store
from yantuan.stores.models import Store
from yantuan.stores.public import KIND as STORE
from yantuan.stores.schemas import PickupPointIn, StoreIn

log = logging.getLogger(__name__)

NO_OPERATOR = 0
"""The demo's own decisions are recorded under this id."""


def load_demo() -> None:
    """Load people, a certified leader, a store, goods, sales and a few orders; what is there already stays."""
    leader = _person("leader")
    buyers = [_person("buyer"), _person("buyer2"), *[_neighbour(n, name) for n, name in enumerate(BUYERS)]]
    if Store.objects.filter(leader__person=leader).exists():
        return
    _certify(leader)
    store = _store(leader)
    products = _products(leader, store)
    fruit = _open_sales(leader, store, products)
    _orders(leader, fruit, buyers)


def _person(role: str) -> Person:
    known = DEMO_PEOPLE[role]
    return _named(known.phone, known.nickname, known.avatar)


def _neighbour(number: int, name: str) -> Person:
    return _named(f"1390000001{number}", name, f"avatar-{(6, 6, 4, 4, 2, 5)[number]}")


def _named(phone: str, nickname: str, avatar: str) -> Person:
    person = by_phone(phone).person
    if person.nickname != nickname:
        person.agreed_terms_at = now()
        person.save(update_fields=["agreed_terms_at"])
        picture = store_picture(person.id, "avatar", demo_picture(avatar))
        update_person(person, PersonIn(nickname=nickname, avatar_media_id=picture.id))
        _pass(SAID_AS, person.id)
        person.refresh_from_db()
    return person


def _pass(kind: str, subject_id: int) -> None:
    """Where content is checked, the demo's operator passes it by hand: nobody here has used the mini-program lately, and the
    platform judges only what such people say."""
    waiting = Submission.objects.filter(kind=kind, subject_id=subject_id, state__in=DECIDABLE).first()
    if waiting is not None:
        approve(waiting.id, "演示资料", NO_OPERATOR)


def _certify(person: Person) -> None:
    """The whole way in: invite code, application, decision. The card number is a published example with a valid check digit."""
    if Leader.objects.filter(person=person).exists():
        return
    _, code = create_invite_code(None, 1, now() + timedelta(days=30), note="演示团长")
    join(person, JoinIn(code=code, display_name="林小满", agreed=True), "127.0.0.1")
    paper = store_picture(person.id, "certification", demo_picture("cover-orchard"))
    send_certification(
        person,
        CertificationIn(
            kind="person",
            legal_name="林小满",
            id_number="11010519491231002X",
            category="水果生鲜",
            paper_media_ids=[paper.id],
        ),
    )
    leader = Leader.objects.get(person=person)
    waiting = leader.certifications.get(state="pending")
    decide(waiting.id, True, "演示资料", NO_OPERATOR)


def _store(leader: Person) -> Store:
    cover = store_picture(leader.id, "store", demo_picture("cover-orchard"))
    code = store_picture(leader.id, "collection_code", qr_png("演示收款码，请勿付款"))
    store = create_store(
        leader,
        StoreIn(
            name="小满的果园",
            cover_media_id=cover.id,
            introduction="住在枫林里五年的邻居，只卖自家也吃的水果和粮油。每周二、周五开团，次日到小区。",
            notice="本周五 18:00–20:00 东门自提，晚到的放物业前台。",
            contact_wechat="linxiaoman-demo",
            contact_phone="13900000001",
            aftersale_policy="生鲜坏果拍照，24 小时内联系，按实际坏的赔；其他商品签收 7 天内可申请售后。",
            courier_enabled=True,
            freight_kind="free_above",
            freight_fen=800,
            free_above_fen=9900,
            pickup_enabled=True,
            offline_enabled=True,
            collection_code_media_id=code.id,
            offline_note="转账请备注跟团号",
            return_name="林小满",
            return_phone="13900000001",
            return_address="上海市浦东新区枫林路 88 弄枫林里 3 号楼 101",
        ),
    )
    _pass(STORE, store.id)
    for point in POINTS:
        add_pickup_point(leader, store.id, PickupPointIn(**point))
    return store


def _products(leader: Person, store: Store) -> list[Product]:
    made = []
    for product in PRODUCTS:
        picture = store_picture(leader.id, "product", demo_picture(product.picture))
        skus = [
            SkuIn(
                name=sku.name if len(product.skus) > 1 else "",
                code=sku.code,
                price_fen=sku.price_fen,
                cost_fen=sku.cost_fen,
                stock=sku.stock,
                limit_per_person=sku.limit,
            )
            for sku in product.skus
        ]
        title = product.title if len(product.skus) > 1 else f"{product.title} {product.skus[0].name}"
        body = ProductIn(
            title=title, description=product.description, picture_media_ids=[picture.id], skus=skus
        )
        made.append(create_product(leader, store.id, body))
    return made


def _offers(products: Sequence[Product], *, off_fen: int = 0, stock: int | None = None) -> list[OfferIn]:
    skus = Sku.objects.filter(product__in=products).order_by("product_id", "position")
    return [
        OfferIn(
            sku_id=sku.id,
            price_fen=max(sku.price_fen - off_fen, 1),
            limit_per_person=sku.limit_per_person,
            stock=stock,
        )
        for sku in skus
    ]


def _sale(
    store: Store, title: str, text: str, offers: list[OfferIn], start_hours: int, days: int
) -> GroupBuyIn:
    start = now() + timedelta(hours=start_hours)
    points = list(store.pickup_points.order_by("id").values_list("id", flat=True))
    return GroupBuyIn(
        title=title,
        blocks=[TextBlock(kind="text", text=text)],
        offers=offers,
        starts_at=start,
        ends_at=start + timedelta(days=days),
        courier_enabled=True,
        pickup_enabled=True,
        pickup_point_ids=points,
        questions=[Question(id="q1", label="楼栋房号（自提必填）", kind="text", required=False)],
    )


def _open_sales(leader: Person, store: Store, products: Sequence[Product]) -> GroupBuy:
    """One running sale with orders, one coming, and the permanent shelf. Answers the running one."""
    fruit = create_group_buy(
        leader,
        store.id,
        _sale(
            store,
            "周五鲜果团｜葡萄草莓脐橙",
            "周四 22:00 截单，周五下午到小区。\n产地直发，不压货；坏果包赔。",
            _offers([products[0], products[1], products[5], products[6]], off_fen=200, stock=60),
            0,
            3,
        ),
    )
    _publish(leader, fruit)
    grain = create_group_buy(
        leader,
        store.id,
        _sale(
            store,
            "粮油囤货团｜新米土鸡蛋",
            "月底最后一次，囤够一个月的。",
            _offers([products[2], products[3]]),
            30,
            4,
        ),
    )
    _publish(leader, grain)
    shelf = shelf_of(leader, store.id)
    always = _sale(
        store, "小满的常备货架", "随时可下单，每天傍晚统一送到自提点。", _offers(products[4:]), 0, 1
    )
    update_group_buy(leader, shelf.id, always.model_copy(update={"ends_at": None, "questions": []}))
    _pass(SALE, shelf.id)
    return fruit


def _publish(leader: Person, sale: GroupBuy) -> None:
    publish_group_buy(leader, sale.id)
    _pass(SALE, sale.id)


def _orders(leader: Person, sale: GroupBuy, buyers: Sequence[Person]) -> None:
    """Orders of the neighbours: paid through the simulator's cashier where it answers, one shipped, one paid by hand."""
    addresses = [_address(buyer, n) for n, buyer in enumerate(buyers)]
    offers = list(sale.offers.order_by("position").values_list("id", flat=True))
    point = sale.pickup_point_ids[0]
    paid: list[Order] = []
    for n, buyer in enumerate(buyers):
        picks = [offers[n % len(offers)], offers[(n + 2) % len(offers)]]
        order = _place(
            sale, buyer, picks, 1 + n % 2, addresses[n] if n % 2 else None, None if n % 2 else point
        )
        if order and _pay(buyer, order):
            paid.append(order)
    couriers = [o for o in paid if o.delivery_method == "courier"]
    if couriers:
        body = ShipIn(carrier="YTO", tracking_no="YT8800012345678", lines=[])
        ship(leader, couriers[0].id, body)


def _address(person: Person, number: int) -> int:
    body = AddressIn(
        name=person.nickname,
        phone=f"139{10000000 + number:08d}",
        province="上海市",
        city="上海市",
        district="浦东新区",
        detail="枫林路 88 弄枫林里",
        building=f"{number % 6 + 1}号楼",
        unit=f"{number % 2 + 1}单元",
        room=f"{(number * 7) % 18 + 1}0{number % 4 + 1}",
        is_default=True,
    )
    return add_address(person, body).id


def _place(
    sale: GroupBuy,
    buyer: Person,
    picks: Sequence[int],
    quantity: int,
    address: int | None,
    point: int | None,
) -> Order | None:
    method: Literal["courier", "pickup"] = "courier" if address else "pickup"
    lines = [LineIn(offer_id=offer_id, quantity=quantity) for offer_id in picks]
    wanted = quote(buyer.id, QuoteIn(group_buy_id=sale.id, lines=lines, delivery_method=method))
    contact = PickupContact(
        name=buyer.nickname, phone=phone_of(buyer.phone_sealed), building="2号楼", room="1201"
    )
    body = OrderIn(
        group_buy_id=sale.id,
        lines=lines,
        delivery_method=method,
        address_id=address,
        pickup_point_id=point,
        contact=None if address else contact,
        expected_total_fen=wanted.total_fen,
    )
    outcome = place_orders([draft_of(body, buyer.id, f"demo-{short_code()}")])[0]
    if isinstance(outcome, Refused):
        log.warning("a demo order was refused: %s", outcome.error)
        return None
    return Order.objects.get(id=int(outcome.order.id))


def _pay(buyer: Person, order: Order) -> bool:
    """Pay as a person would: prepay, press 支付 in the simulator's cashier, come back. False when no simulator answers."""
    cfg = config()
    if not cfg.simulator_url:
        return False
    try:
        pay(buyer, order.id, PayWish(channel="native"))
        number = PaymentAttempt.objects.filter(order=order).latest("id").out_trade_no
        answer = httpx.post(
            f"{cfg.simulator_url}/_sim/pay", json={"out_trade_no": number, "result": "pay"}, timeout=10
        )
        answer.raise_for_status()
    except (httpx.HTTPError, AppError) as error:
        log.warning("the simulator does not answer, demo orders stay unpaid: %s", error)
        return False
    return refresh(buyer, order.id).payment == "paid"
