"""Carrying deliveries out: claim, gather, send, record. Runs in the worker, never inside a transaction."""

from __future__ import annotations

from datetime import timedelta
from functools import lru_cache

from django.db import transaction

from yantuan.gateways.email import EmailGateway, EmailSettings, SmtpClient
from yantuan.gateways.errors import GatewayError, GatewayInvalid, GatewayRefused, GatewayThrottled
from yantuan.gateways.wecom import RobotClient, RobotGateway, WeComSettings
from yantuan.identity import gateway as identity_gateway
from yantuan.identity.models import Channel
from yantuan.kernel import faults
from yantuan.kernel.clock import china_text, now
from yantuan.kernel.config import config
from yantuan.kernel.errors import AppError
from yantuan.kernel.money import yuan_text
from yantuan.kernel.tokens import unseal
from yantuan.notices.actions import spend_consent
from yantuan.notices.models import Delivery, LeaderChannel
from yantuan.notices.rules import Words, gathered, markdown, one_line
from yantuan.stores.models import Store

CLAIM_SECONDS = 60
MAX_TRIES = 8
_BROKEN = AppError(
    "internal_error", "平台内部出错，消息没有发出", "The message could not be made.", status=500
)


class CannotSend(Exception):
    """This message will never arrive by this channel; the text is shown in the delivery log."""


@lru_cache(maxsize=1)
def robot() -> RobotGateway:
    return RobotClient(WeComSettings(base_url=config().wecom_base_url))


@lru_cache(maxsize=1)
def mail() -> EmailGateway:
    cfg = config()
    sender = cfg.smtp_from.rsplit("<", 1)[-1].rstrip(">").strip()
    return SmtpClient(
        EmailSettings(
            host=cfg.smtp_host,
            port=cfg.smtp_port,
            sender=sender,
            security=cfg.smtp_security,
            username=cfg.smtp_user,
            password=cfg.smtp_password,
        )
    )


def deliver(channel: str, recipient: str) -> None:
    """Send everything due for one recipient of one channel as one message. Raises when it should be tried again."""
    rows = _claim(channel, recipient)
    if not rows:
        return
    words = gathered([Words(r.title, r.body, r.amount_fen) for r in rows])
    first, rest = rows[0], rows[1:]
    try:
        _send(channel, first, words)
    except CannotSend as reason:
        _finish(rows, "failed", str(reason))
    except GatewayThrottled as error:
        _put_back(rows, error, 60)
    except (GatewayRefused, GatewayInvalid) as error:
        _finish(rows, "failed", error.zh)
    except GatewayError as error:
        _put_back(rows, error, 2 ** (first.tries + 1))
        raise
    except Exception:
        # Counted as well, or a message that always fails here would be tried for ever.
        _put_back(rows, _BROKEN, 2 ** (first.tries + 1))
        raise
    else:
        _finish([first], "sent", "")
        if rest:
            Delivery.objects.filter(id__in=[r.id for r in rest]).update(
                state="gathered", into_id=first.id, sent_at=now()
            )


def _claim(channel: str, recipient: str) -> list[Delivery]:
    """Take the waiting rows by moving their time forward; another worker that looks now finds nothing due."""
    moment = now()
    with transaction.atomic():
        due = Delivery.objects.filter(
            channel=channel, recipient=recipient, state="waiting", due_at__lte=moment
        )
        rows = list(due.select_for_update().order_by("id")[:500])
        Delivery.objects.filter(id__in=[r.id for r in rows]).update(
            due_at=moment + timedelta(seconds=CLAIM_SECONDS)
        )
    return rows


def _finish(rows: list[Delivery], state: str, error: str) -> None:
    moment = now()
    for row in rows:
        Delivery.objects.filter(id=row.id).update(
            state=state,
            error=error[:300],
            tries=row.tries + 1,
            due_at=moment,
            sent_at=moment if state == "sent" else None,
        )


def _put_back(rows: list[Delivery], error: AppError, seconds: int) -> None:
    later = now() + timedelta(seconds=seconds)
    for row in rows:
        tries = row.tries + 1
        state = "failed" if tries >= MAX_TRIES else "waiting"
        Delivery.objects.filter(id=row.id).update(
            tries=tries, state=state, error=error.zh[:300], due_at=later
        )


def _send(channel: str, delivery: Delivery, words: Words) -> None:
    store = Store.objects.select_related("leader").get(id=int(delivery.recipient))
    if channel == "subscribe":
        _send_subscribe(store, delivery, words)
        return
    row = LeaderChannel.objects.filter(store_id=store.id, kind=channel).first()
    if row is None or not row.target_sealed:
        raise CannotSend("没有填写接收地址")
    target = unseal("channel", row.target_sealed)
    link = f"{config().public_url}/pages/orders/index"
    if channel == "email":
        if not config().smtp_host:
            raise CannotSend("平台没有配置邮件服务")
        text = f"{words.body}\n\n{store.name}\n{link}\n"
        faults.point("notices.mail.before_call")
        subject = one_line(f"[{store.name}] {words.title}")
        mail().send(target, subject, text, message_id=f"<{delivery.id}@yantuan>")
        faults.point("notices.mail.after_call")
        return
    faults.point("notices.robot.before_call")
    robot().send_markdown(target, markdown(words, link))
    faults.point("notices.robot.after_call")


def _send_subscribe(store: Store, delivery: Delivery, words: Words) -> None:
    cfg = config()
    template = cfg.wechat_template_new_order
    if not template or not cfg.wechat_mini_appid:
        raise CannotSend("平台没有配置订阅消息模板")
    person_id = store.leader.person_id
    openid = (
        Channel.objects.filter(person_id=person_id, appid=cfg.wechat_mini_appid)
        .values_list("openid", flat=True)
        .first()
    )
    if openid is None:
        raise CannotSend("还没有用微信小程序登录过")
    if not spend_consent(person_id, template):
        raise CannotSend("订阅次数已用完，请在小程序里再点一次订阅")
    data = {
        "thing1": words.title,
        "amount2": f"{yuan_text(words.amount_fen or 0)}元",
        "time3": china_text(delivery.created_at),
        "thing4": words.body.replace("\n", " ") or store.name,
    }
    try:
        faults.point("notices.subscribe.before_call")
        identity_gateway.mini().send_subscribe_message(openid, template, data, page="pages/orders/index")
        faults.point("notices.subscribe.after_call")
    except GatewayError:
        raise
    except AppError as error:
        raise CannotSend(error.zh) from error
