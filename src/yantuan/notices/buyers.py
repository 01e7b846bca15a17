"""Subscription messages to buyers: which events have a template, what goes into its fields, who may be told. Reads only."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from yantuan.kernel.clock import china_text
from yantuan.kernel.config import WechatTemplate, config
from yantuan.kernel.money import yuan_text
from yantuan.notices.models import Consent, Delivery, TemplateTrouble
from yantuan.notices.rules import EVENT_OF_KIND, Words, may_spend
from yantuan.orders.models import Order


def template_of(kind: str) -> tuple[str, WechatTemplate] | None:
    """(event, template) for a kind of message to a buyer; None when it has none, or WeChat won't take it now."""
    event = EVENT_OF_KIND.get(kind, "")
    template = config().wechat_templates.get(event)
    if template is None or not config().wechat_mini_appid or is_off(template.id):
        return None
    return event, template


def is_off(template_id: str) -> bool:
    """Whether WeChat refuses everything of this template until the operator mends it."""
    return TemplateTrouble.objects.filter(template_id=template_id).exists()


def working(template_ids: Sequence[str]) -> list[str]:
    """Those that WeChat takes, in their order, each once."""
    off = set(TemplateTrouble.objects.values_list("template_id", flat=True))
    return [one for one in dict.fromkeys(template_ids) if one and one not in off]


def may_tell(person_id: int, event: str, template: WechatTemplate) -> bool:
    """Whether a permit may be spent on this event now, or must be kept for one that matters more."""
    mine = Consent.objects.filter(person_id=person_id, template_id=template.id)
    permits = mine.values_list("permits", flat=True).first() or 0
    return may_spend(event, permits, sharing(template.id))


def sharing(template_id: str) -> list[str]:
    """The events that use one template."""
    return [event for event, one in config().wechat_templates.items() if one.id == template_id]


def data_for(template: WechatTemplate, rows: Sequence[Delivery], words: Words) -> Mapping[str, str]:
    """The message's fields. Values are cut to the fields' limits by the gateway."""
    first = rows[0]
    order = Order.objects.select_related("store").filter(id=first.order_id or 0).first()
    said = {
        "what": words.title,
        "detail": words.body.replace("\n", " "),
        "sum": f"{yuan_text(words.amount_fen if words.amount_fen is not None else order.total_fen if order else 0)}元",
        "time": china_text(first.created_at),
        "store": order.store.name if order else "",
        "goods": order.goods_text if order else words.body,
        "number": str(order.number) if order else "",
        "status": _STATUS.get(first.kind, "已更新"),
    }
    return {field: said[source] for field, source in template.fields.items()}


_STATUS = {
    "order_paid": "已支付",
    "order_unpaid": "待支付",
    "order_shipped": "已发货",
    "order_arrived": "待自提",
    "refund_done": "已退款",
    "aftersale": "售后处理",
}
