"""Small factories for tests: every row comes from the product's own verbs, as a person could have made it.

Orders pay offline (proof and confirmation) unless told otherwise, so that no provider is needed.
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from datetime import timedelta
from itertools import count
from typing import Any, Literal

from PIL import Image

from idcards import id_number
from yantuan.aftersales import actions as aftersale_actions
from yantuan.aftersales.models import AfterSale
from yantuan.aftersales.queries import options_of
from yantuan.aftersales.schemas import ClaimIn, ClaimLineIn
from yantuan.catalog.actions import create_product
from yantuan.catalog.models import Product, Sku
from yantuan.catalog.schemas import ProductIn, SkuIn
from yantuan.fulfilment.handing import hand_out
from yantuan.fulfilment.receiving import receive
from yantuan.fulfilment.schemas import PickupIn, ShipIn
from yantuan.fulfilment.shipping import ship
from yantuan.groupbuys.actions import create_group_buy, publish_group_buy
from yantuan.groupbuys.models import GroupBuy
from yantuan.groupbuys.schemas import GroupBuyIn, OfferIn, TextBlock
from yantuan.identity.actions import add_address
from yantuan.identity.models import Address, Person
from yantuan.identity.people import by_phone
from yantuan.identity.phones import phone_of
from yantuan.identity.schemas import AddressIn
from yantuan.kernel.clock import now
from yantuan.kernel.ids import short_code
from yantuan.leaders.actions import decide, send_certification
from yantuan.leaders.invites import create_invite_code, join
from yantuan.leaders.models import Leader
from yantuan.leaders.schemas import CertificationIn, JoinIn
from yantuan.media.actions import store_picture
from yantuan.media.models import Media
from yantuan.orders.drafts import Refused
from yantuan.orders.incoming import draft_of
from yantuan.orders.models import Order
from yantuan.orders.placing import place_orders
from yantuan.orders.quoting import quote
from yantuan.orders.schemas import LineIn, OrderIn, PickupContact, QuoteIn
from yantuan.payments.models import OfflineProof
from yantuan.payments.offline import confirm_proof, send_proof
from yantuan.stores.actions import add_pickup_point, create_store
from yantuan.stores.models import PickupPoint, Store
from yantuan.stores.schemas import PickupPointIn, StoreIn

Method = Literal["courier", "pickup"]
_serial = count(1)


def png(size: int = 64) -> bytes:
    """A small picture no other call has made before."""
    number = next(_serial)
    colour = (number * 53 % 256, number * 97 % 256, number // 256 % 256)
    out = io.BytesIO()
    Image.new("RGB", (size, size), colour).save(out, "PNG")
    return out.getvalue()


def picture(owner: Person, purpose: str) -> Media:
    """A stored picture of this person's."""
    return store_picture(owner.id, purpose, png())


def person(nickname: str = "") -> Person:
    """Somebody who proved a phone of their own."""
    number = next(_serial)
    made = by_phone(f"138{number:08d}").person
    made.nickname = nickname or f"邻居{number}"
    made.agreed_terms_at = now()
    made.save(update_fields=["nickname", "agreed_terms_at"])
    return made


def address(owner: Person) -> Address:
    body = AddressIn(
        name=owner.nickname[:20], phone=phone_of(owner.phone_sealed), province="上海市", city="上海市",
        district="浦东新区", detail="枫林路 88 弄枫林里", building="3号楼", unit="1单元", room=f"{owner.id % 90 + 10}1",
    )  # fmt: skip
    return add_address(owner, body)


def applicant(nickname: str = "") -> Person:
    """Somebody who used an invite code and is not certified yet."""
    made = person(nickname)
    _, code = create_invite_code(None, 1, now() + timedelta(days=1))
    join(made, JoinIn(code=code, display_name=made.nickname[:20], agreed=True), f"10.0.0.{made.id % 250}")
    return made


def certification(owner: Person) -> CertificationIn:
    """Papers ready to be sent by an applicant."""
    paper = picture(owner, "certification")
    return CertificationIn(
        kind="person",
        legal_name="林小满",
        id_number=id_number(),
        category="水果生鲜",
        paper_media_ids=[paper.id],
    )


def leader(nickname: str = "") -> Person:
    """A certified leader."""
    made = applicant(nickname)
    send_certification(made, certification(made))
    waiting = Leader.objects.get(person=made).certifications.get(state="pending")
    decide(waiting.id, True, "", 0)
    return made


def store(owner: Person, **changes: Any) -> Store:
    """A store that sends by courier, has a pick-up point, and takes offline payments."""
    code = picture(owner, "collection_code")
    settings: dict[str, Any] = {
        "name": "小满的果园", "pickup_enabled": True, "freight_fen": 800, "offline_enabled": True,
        "collection_code_media_id": code.id, "contact_phone": "13900000001", "return_name": "林小满",
        "return_phone": "13900000001", "return_address": "枫林路 88 弄 101",
    }  # fmt: skip
    made = create_store(owner, StoreIn(**settings | changes))
    pickup_point(made)
    return made


def pickup_point(of: Store) -> PickupPoint:
    body = PickupPointIn(
        name="东门岗亭", address="枫林路 88 弄东门", hours="18:00–20:00", contact_name="林小满"
    )
    return add_pickup_point(of.leader.person, of.id, body)


def product(
    of: Store, *, prices: Sequence[int] = (3990,), stock: int = 200, title: str = "五常大米"
) -> Product:
    """A product with one variant per price; each costs its leader 777 fen, a number no page may show."""
    owner = of.leader.person
    skus = [
        SkuIn(name=f"{n + 1}号" if len(prices) > 1 else "", price_fen=price, cost_fen=777, stock=stock)
        for n, price in enumerate(prices)
    ]
    pictures = [picture(owner, "product").id]
    return create_product(owner, of.id, ProductIn(title=title, picture_media_ids=pictures, skus=skus))


def sale_body(of: Store, products: Sequence[Product], *, days: int = 3) -> GroupBuyIn:
    """A sale of all variants at their own price, from now on."""
    skus = Sku.objects.filter(product__in=products, archived_at=None).order_by("product_id", "position")
    return GroupBuyIn(
        title="周五鲜果团",
        blocks=[TextBlock(kind="text", text="周四截单，周五到小区。")],
        offers=[OfferIn(sku_id=sku.id, price_fen=sku.price_fen, stock=100) for sku in skus],
        starts_at=now(),
        ends_at=now() + timedelta(days=days),
        pickup_enabled=of.pickup_enabled,
        pickup_point_ids=list(of.pickup_points.values_list("id", flat=True)),
    )


def group_buy(of: Store, products: Sequence[Product], *, publish: bool = True) -> GroupBuy:
    owner = of.leader.person
    made = create_group_buy(owner, of.id, sale_body(of, products))
    return publish_group_buy(owner, made.id) if publish else made


def order_body(
    sale: GroupBuy, buyer: Person, *, method: Method = "courier", quantity: int = 1, payment: str = "offline"
) -> OrderIn:
    """A checkout of every offer of the sale, priced by the product's own quote."""
    offers = sale.offers.filter(removed_at=None).order_by("position").values_list("id", flat=True)
    lines = [LineIn(offer_id=offer, quantity=quantity) for offer in offers]
    wanted = quote(buyer.id, QuoteIn(group_buy_id=sale.id, lines=lines, delivery_method=method))
    courier = method == "courier"
    where = buyer.addresses.first() or address(buyer)
    contact = PickupContact(name=buyer.nickname, phone=phone_of(buyer.phone_sealed), room="1201")
    return OrderIn(
        group_buy_id=sale.id, lines=lines, delivery_method=method, payment_method=payment,
        address_id=where.id if courier else None, contact=None if courier else contact,
        pickup_point_id=None if courier else sale.pickup_point_ids[0], expected_total_fen=wanted.total_fen,
    )  # fmt: skip


def order(sale: GroupBuy, buyer: Person, **how: Any) -> Order:
    """A placed, unpaid order; `how` as in `order_body`."""
    outcome = place_orders([draft_of(order_body(sale, buyer, **how), buyer.id, short_code())])[0]
    if isinstance(outcome, Refused):
        raise outcome.error
    return Order.objects.get(id=int(outcome.order.id))


def proven(of: Order) -> OfflineProof:
    """The buyer has sent a proof of payment."""
    shown = picture(of.person, "proof")
    send_proof(of.person, of.id, shown.id, "")
    return OfflineProof.objects.filter(order=of).latest("id")


def paid(of: Order) -> Order:
    """Proven by the buyer, confirmed by the leader."""
    return confirm_proof(owner_of(of), proven(of).id)


def shipped(of: Order) -> Order:
    parcel = ShipIn(carrier="YTO", tracking_no=f"YT{next(_serial):012d}")
    return ship(owner_of(of), paid(of).id, parcel)


def received(of: Order) -> Order:
    shipped(of)
    return receive(of.person, of.id)


def picked(of: Order) -> Order:
    return hand_out(owner_of(of), paid(of).id, PickupIn())


def claim_body(of: Order, *, kind: Literal["refund_only", "return_refund"] = "refund_only") -> ClaimIn:
    """One piece of every line, at its full share."""
    options = options_of(of)
    lines = [ClaimLineIn(order_line_id=int(line.order_line_id), quantity=1) for line in options.lines]
    amount = sum(line.goods_left_fen // line.quantity_left for line in options.lines)
    return ClaimIn(kind=kind, reason="other", description="有一个坏了", lines=lines, amount_fen=amount)


def aftersale(of: Order, *, kind: Literal["refund_only", "return_refund"] = "refund_only") -> AfterSale:
    """A case waiting for the leader."""
    return aftersale_actions.claim(of.person, of.id, claim_body(of, kind=kind))


def owner_of(of: Order) -> Person:
    """The leader who sold it."""
    return Store.objects.select_related("leader__person").get(id=of.store_id).leader.person
