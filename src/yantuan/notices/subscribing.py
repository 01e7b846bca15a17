"""Sending subscription messages: one permit, one message, and what each refusal changes in our book."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from django.db import transaction

from yantuan.gateways.errors import GatewayError, GatewayRefused, GatewayUnavailable
from yantuan.gateways.wechat_api import BAD_TOKEN_CODES, ConsentMissing
from yantuan.gateways.wechat_mini import MessageRefused, ProgramState, TemplateGone
from yantuan.identity import gateway as identity_gateway
from yantuan.identity.models import Channel
from yantuan.kernel import faults
from yantuan.kernel.clock import china_text, now
from yantuan.kernel.config import config
from yantuan.kernel.errors import AppError
from yantuan.kernel.money import yuan_text
from yantuan.notices import buyers, permits
from yantuan.notices.models import Delivery, TemplateTrouble
from yantuan.notices.rules import Words
from yantuan.orders.models import Order
from yantuan.stores.models import Store

log = logging.getLogger("yantuan.notices")

NO_PERMIT = "订阅次数已用完，请在小程序里再点一次订阅"
KEPT = "订阅次数留给更要紧的消息"
PAID = "订单已付款或已关闭，不用再提醒"
TEMPLATE_OFF = "平台的消息模板被微信停用，已通知运营者"
_STATES: dict[str, ProgramState] = {"release": "formal", "trial": "trial", "develop": "developer"}


class CannotSend(Exception):
    """This message will never arrive by this channel; the text is shown in the delivery log."""


@dataclass(frozen=True, slots=True)
class Letter:
    """One message as it goes to WeChat."""

    person_id: int
    template_id: str
    data: Mapping[str, str]
    page: str


def to_leader(store: Store, rows: Sequence[Delivery], words: Words) -> None:
    """Tell a store's leader. Raises CannotSend and the GatewayError family."""
    cfg = config()
    if not cfg.wechat_template_new_order or not cfg.wechat_mini_appid:
        raise CannotSend("平台没有配置订阅消息模板")
    said = (
        words.title,
        f"{yuan_text(words.amount_fen or 0)}元",
        china_text(rows[0].created_at),
        words.body.replace("\n", " ") or store.name,
    )
    # A template may be chosen with fewer words; the most important ones come first.
    data = dict(zip(cfg.wechat_template_new_order_keys.split(), said, strict=False))
    letter = Letter(store.leader.person_id, cfg.wechat_template_new_order, data, "pages/orders/index")
    _send(rows, letter)


def to_buyer(rows: Sequence[Delivery], words: Words) -> None:
    """Tell a buyer of what happened to an order. Raises as `to_leader`."""
    first = rows[0]
    found = buyers.template_of(first.kind)
    if found is None:
        raise CannotSend(TEMPLATE_OFF)
    event, template = found
    if event == "unpaid" and not _unpaid(rows):
        raise CannotSend(PAID)
    person_id = int(first.recipient.partition("/")[0])
    # A message that has its permit already keeps it; another may have used one up since this was queued.
    if not any(row.permit_bound for row in rows) and not buyers.may_tell(person_id, event, template):
        raise CannotSend(KEPT)
    page = f"pages/order/index?id={first.order_id}" if first.order_id else "pages/orders/index"
    _send(rows, Letter(person_id, template.id, buyers.data_for(template, rows, words), page))


def _unpaid(rows: Sequence[Delivery]) -> bool:
    """Whether any of the orders still waits: a message that waited for the morning may have been overtaken."""
    waiting = Order.objects.filter(id__in=[row.order_id for row in rows if row.order_id], payment="unpaid")
    return waiting.exists()


def give_back(rows: Sequence[Delivery]) -> None:
    """Free the permits of messages that will never be sent. Belongs into the transaction that says so."""
    first = rows[0]
    if first.channel == "subscribe":
        person_id = Store.objects.values_list("leader__person_id", flat=True).get(id=int(first.recipient))
        permits.give_back(rows, person_id, config().wechat_template_new_order)
    elif first.channel == "buyer":
        person, _, event = first.recipient.partition("/")
        template = config().wechat_templates.get(event)
        if template is not None:
            permits.give_back(rows, int(person), template.id)


def _send(rows: Sequence[Delivery], letter: Letter) -> None:
    if buyers.is_off(letter.template_id):
        raise CannotSend(TEMPLATE_OFF)
    mine = Channel.objects.filter(person_id=letter.person_id, appid=config().wechat_mini_appid)
    openid = mine.values_list("openid", flat=True).first()
    if openid is None:
        raise CannotSend("还没有用微信小程序登录过")
    if not permits.bind(rows, letter.person_id, letter.template_id):
        raise CannotSend(NO_PERMIT)
    msgid = _call(rows, letter, openid)
    Delivery.objects.filter(id=rows[0].id).update(provider_id=msgid[:40])


def _call(rows: Sequence[Delivery], letter: Letter, openid: str) -> str:
    """WeChat's id of the message."""
    asked_at, state = now(), _STATES[config().wechat_mini_version]
    try:
        faults.point("notices.subscribe.before_call")
        msgid = identity_gateway.mini().send_subscribe_message(
            openid, letter.template_id, letter.data, page=letter.page, state=state
        )
        faults.point("notices.subscribe.after_call")
    except ConsentMissing as error:
        permits.run_out(rows, letter.person_id, letter.template_id, asked_at)
        raise CannotSend(NO_PERMIT) from error
    except TemplateGone as error:
        _switch_off(letter.template_id, error)
        raise CannotSend(TEMPLATE_OFF) from error
    except MessageRefused as error:
        log.error(
            "WeChat takes no %s of template %s: %s", error.field or "content", letter.template_id, error
        )
        raise
    except GatewayRefused as error:
        if error.provider_code not in BAD_TOKEN_CODES:
            raise
        # Even a new token was refused: another process renewed it at the same moment. Nothing was sent.
        code = error.provider_code
        raise GatewayUnavailable(error.provider, "access token", provider_code=code) from error
    except GatewayError:
        raise
    except AppError as error:
        raise CannotSend(error.zh) from error
    return msgid


def _switch_off(template_id: str, error: TemplateGone) -> None:
    """Every message of it would fail the same way; the operator's alarms read this row."""
    log.error("template %s is off: %s", template_id, error)
    row = TemplateTrouble(template_id=template_id, code=error.provider_code, since=now())
    with transaction.atomic():
        TemplateTrouble.objects.bulk_create([row], ignore_conflicts=True)
