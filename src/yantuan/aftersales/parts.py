"""What after-sales adds to an order's page, to shipping, and to who may see evidence."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from yantuan.aftersales import queries, states
from yantuan.aftersales.models import AfterSale, AfterSaleLine
from yantuan.aftersales.reasons import reason_label, reason_label_en
from yantuan.fulfilment.parts import provide_holds
from yantuan.identity.models import Person
from yantuan.kernel.money import price_text
from yantuan.media.access import grant
from yantuan.media.models import Media
from yantuan.orders import english, parts
from yantuan.orders.models import Order
from yantuan.orders.schemas import AfterSaleBrief
from yantuan.orders.states import Viewer
from yantuan.staff.access import of_person


@parts.provide("aftersales")
def aftersales(order: Order) -> list[AfterSaleBrief]:
    """The order's cases."""
    return queries.briefs(order) if order.aftersale != "none" else []


@parts.provide_actions
def actions(order: Order, viewer: Viewer) -> list[str]:
    """The leader of an order with an open case is led to it."""
    return ["aftersale"] if viewer == "leader" and order.aftersale == "open" else []


@provide_holds
def pieces_asked_back(order_id: int) -> Mapping[int, int]:
    """Pieces whose money is asked back and not decided about; they must not leave meanwhile."""
    rows = AfterSaleLine.objects.filter(
        aftersale__order_id=order_id,
        aftersale__kind=AfterSale.Kind.REFUND_ONLY,
        aftersale__state__in=list(states.UNDECIDED),
        open=True,
    )
    return dict(rows.values_list("order_line_id", "quantity"))


@grant("after_sale")
def leader_sees_evidence(person: Person, media: Media) -> bool:
    """The leader of the store a case is about, and who settles claims there, may look at its pictures."""
    if media.owner_id is None:
        return False
    mine = of_person(person, "order__store__", ("aftersales",))
    shown = AfterSale.objects.filter(mine, person_id=media.owner_id).values_list("media_ids", flat=True)
    return any(media.id in ids for ids in shown)


def _amount(text: str) -> parts.TextFn:
    return lambda d: f"{text} {price_text(int(d.get('amount_fen', 0)))}"


def _plain(text: str) -> parts.TextFn:
    return lambda d: text


def _opened(data: dict[str, Any]) -> str:
    kind = "退货退款" if data.get("kind") == "return_refund" else "仅退款"
    return (
        f"买家申请{kind} {price_text(int(data['amount_fen']))}：{reason_label(str(data.get('reason', '')))}"
    )


def _closed(data: dict[str, Any]) -> str:
    if data.get("why") == "refunded_elsewhere":
        return "商品已通过其他退款退清，售后自动关闭"
    return "买家超时未处理，售后自动关闭"


parts.event_texts.update(
    {
        ("aftersale", "open"): _plain("订单进入售后"),
        ("case", "open"): _opened,
        ("case", "agree"): _amount("团长同意退款"),
        ("case", "agree_return"): _plain("团长同意退货，请按地址寄回商品"),
        ("case", "offer"): _amount("团长提出退款方案"),
        ("case", "refuse"): _plain("团长拒绝了售后"),
        ("case", "receive_return"): _amount("团长收到退货，退款"),
        ("case", "accept_offer"): _amount("买家接受方案，退款"),
        ("case", "return_parcel"): _plain("买家已寄回商品"),
        ("case", "withdraw"): _plain("买家撤销了售后"),
        ("case", "escalate"): _plain("买家申请平台介入"),
        ("case", "decide_refund"): _amount("平台决定退款"),
        ("case", "decide_refuse"): _plain("平台决定不退款"),
        ("case", "allow"): _amount("符合团长设定的小额规则，直接退款"),
        ("case", "auto_agree"): _amount("团长超时未处理，自动同意退款"),
        ("case", "auto_receive"): _amount("团长超时未确认收货，自动退款"),
        ("case", "auto_escalate"): _plain("团长超时未处理，已转平台处理"),
        ("case", "close"): _closed,
        ("case", "refund_done"): _amount("退款成功"),
    }
)


def _opened_en(data: dict[str, Any]) -> str:
    kind = "to return goods for" if data.get("kind") == "return_refund" else "for"
    reason = reason_label_en(str(data.get("reason", "")))
    return f"The buyer asks {kind} {price_text(int(data['amount_fen']))}: {reason}"


def _closed_en(data: dict[str, Any]) -> str:
    if data.get("why") == "refunded_elsewhere":
        return "The goods were refunded otherwise, the case was closed"
    return "The buyer did not answer in time, the case was closed"


english.event_texts.update(
    {
        ("aftersale", "open"): english.plain("The order is in after-sales"),
        ("case", "open"): _opened_en,
        ("case", "agree"): english.with_amount("The leader agrees to refund {}"),
        ("case", "agree_return"): english.plain(
            "The leader agrees to a return; send the goods to the address"
        ),
        ("case", "offer"): english.with_amount("The leader offers {}"),
        ("case", "refuse"): english.plain("The leader refuses"),
        ("case", "receive_return"): english.with_amount("The leader has the goods back and refunds {}"),
        ("case", "accept_offer"): english.with_amount("The buyer accepts the offer, refund {}"),
        ("case", "return_parcel"): english.plain("The buyer has sent the goods back"),
        ("case", "withdraw"): english.plain("The buyer withdraws the case"),
        ("case", "escalate"): english.plain("The buyer calls in the platform"),
        ("case", "decide_refund"): english.with_amount("The platform decides to refund {}"),
        ("case", "decide_refuse"): english.plain("The platform decides against a refund"),
        ("case", "allow"): english.with_amount("Within the leader's rule for small claims, refund {}"),
        ("case", "auto_agree"): english.with_amount("No answer from the leader in time, refund {} by itself"),
        ("case", "auto_receive"): english.with_amount(
            "Not checked by the leader in time, refund {} by itself"
        ),
        ("case", "auto_escalate"): english.plain("No answer from the leader in time, now with the platform"),
        ("case", "close"): _closed_en,
        ("case", "refund_done"): english.with_amount("Refunded {}"),
    }
)
