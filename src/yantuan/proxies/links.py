"""Pay links: whoever opens one sees goods and amount, and may pay."""

from __future__ import annotations

from yantuan.identity.models import Person
from yantuan.identity.queries import masked_name
from yantuan.kernel.config import config
from yantuan.kernel.errors import AppError, NotFound
from yantuan.kernel.tokens import token_hash, unseal
from yantuan.media.queries import media_map
from yantuan.orders.models import Order, OrderLine
from yantuan.orders.states import LIVE_PAYMENTS
from yantuan.payments.paying import PayWish, pay_for, refresh_for
from yantuan.payments.schemas import PayInstruction
from yantuan.proxies import rules
from yantuan.proxies.booking import PURPOSE
from yantuan.proxies.models import StandIn
from yantuan.proxies.schemas import PayLine, PayOrder, PayPage

MOST_TOKEN = 64


def link_of(stand_in: StandIn | None) -> str:
    """The public address of a neighbour's pay page; empty for nobody, and for who has an account by now."""
    if stand_in is None or stand_in.claimed_by or not stand_in.token_sealed:
        return ""
    return f"{config().public_url.rstrip('/')}/buyer/proxy-pay/index?token={unseal(PURPOSE, stand_in.token_sealed)}"


def opened(token: str) -> tuple[StandIn, list[Order]]:
    """Whose link it is, with their orders. Raises NotFound once nothing waits any more: then it says no more than a wrong one."""
    found = StandIn.objects.select_related("group_buy__store", "person").filter(
        token_hash=token_hash(token[:MOST_TOKEN])
    )
    stand_in = found.first()
    if stand_in is None:
        raise no_such_link()
    orders = list(
        Order.objects.filter(group_buy_id=stand_in.group_buy_id, person_id=stand_in.person_id).order_by("id")
    )
    if not rules.link_open((one.payment, one.delivery) for one in orders):
        raise no_such_link()
    return stand_in, orders


def no_such_link() -> AppError:
    """The same words for a wrong link and for one that ended."""
    return NotFound("这个付款链接不对或已失效，请向团长要新的", "No such pay link, or it has ended.")


def page_of(token: str) -> PayPage:
    """What anybody with the link sees. Raises NotFound."""
    stand_in, orders = opened(token)
    sale, store = stand_in.group_buy, stand_in.group_buy.store
    lines = list(OrderLine.objects.filter(order_id__in=[one.id for one in orders]).order_by("position", "id"))
    offline = any(one.payment_method == "offline" and one.payment in LIVE_PAYMENTS for one in orders)
    code_id = store.collection_code_media_id if offline else None
    pictures = media_map([*(line.picture_media_id for line in lines), code_id])
    code = pictures.get(code_id or 0)

    def shown(line: OrderLine) -> PayLine:
        picture = pictures.get(line.picture_media_id or 0)
        return PayLine(
            title=line.title, sku_name=line.sku_name, picture_url=picture.thumb_url if picture else "",
            quantity=line.quantity, amount_fen=line.amount_fen,
        )  # fmt: skip

    return PayPage(
        name=masked_name(stand_in.person.nickname),
        number=orders[-1].number,
        title=sale.title,
        store_name=store.name,
        code=sale.code,
        pickup_name=str(orders[-1].pickup_snapshot.get("name", "")),
        orders=[
            PayOrder(
                order_id=str(one.id), payment=one.payment, payment_method=one.payment_method,
                total_fen=one.total_fen, expires_at=one.expires_at,
                lines=[shown(line) for line in lines if line.order_id == one.id],
            )
            for one in orders
        ],
        collection_code_url=code.url if code else "",
        offline_note=store.offline_note if offline else "",
        contact_wechat=store.contact_wechat,
    )  # fmt: skip


def _order(token: str, order_id: int) -> Order:
    for order in opened(token)[1]:
        if order.id == order_id:
            return order
    raise NotFound


def pay(person: Person, token: str, order_id: int, wish: PayWish) -> PayInstruction:
    """How `person`, who holds the link, pays this order with their own account. Raises what `payments.paying.pay` raises."""
    return pay_for(_order(token, order_id), person, wish)


def refresh(person: Person, token: str, order_id: int) -> PayPage:
    """Ask the provider about this order; answers the page as it is then."""
    refresh_for(_order(token, order_id), person)
    return page_of(token)
