"""Carrying deliveries out: claim, gather, send, record. Runs in the worker, never inside a transaction."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from datetime import timedelta
from functools import lru_cache

from django.db import transaction
from django.db.models import QuerySet

from yantuan.gateways.email import EmailGateway, EmailSettings, SmtpClient
from yantuan.gateways.errors import (
    GatewayError,
    GatewayInvalid,
    GatewayRefused,
    GatewayThrottled,
)
from yantuan.gateways.wecom import RobotClient, RobotGateway, WeComSettings
from yantuan.kernel import faults
from yantuan.kernel.clock import now
from yantuan.kernel.config import config
from yantuan.kernel.errors import AppError
from yantuan.kernel.tokens import unseal
from yantuan.notices import pace, subscribing
from yantuan.notices.models import Delivery, LeaderChannel
from yantuan.notices.rules import MAX_TRIES, Words, gathered, markdown, one_line, pause
from yantuan.notices.subscribing import NO_PERMIT, CannotSend
from yantuan.stores.models import Store

CLAIM_SECONDS = 60
THROTTLED_SECONDS = 60
"""Least pause after a rate limit; WeCom and WeChat count by the minute."""
_BROKEN = AppError(
    "internal_error", "平台内部出错，消息没有发出", "The message could not be made.", status=500
)

__all__ = ["NO_PERMIT", "CannotSend", "deliver", "mail", "robot"]

logger = logging.getLogger(__name__)


class Later(Exception):
    """Nothing is wrong, but it is not the moment: again in so many seconds, without counting as a failure."""

    def __init__(self, seconds: int) -> None:
        super().__init__(f"again in {seconds} s")
        self.seconds = seconds


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
    """Send everything due for one recipient of one channel as one message.

    What fails is noted in its rows and comes again by itself (`jobs.deliver_due`). None of that is raised, so that the
    trouble of one recipient holds up nobody else's messages.
    """
    rows = _claim(channel, recipient)
    if not rows:
        return
    words = gathered([Words(r.title, r.body, r.amount_fen) for r in rows])
    try:
        _send(channel, rows, words)
    except CannotSend as reason:
        _fail(rows, str(reason))
    except Later as later:
        _waiting(rows).update(due_at=now() + timedelta(seconds=later.seconds))
    except GatewayThrottled as error:
        _put_back(rows, error, THROTTLED_SECONDS)
    except (GatewayRefused, GatewayInvalid) as error:
        _fail(rows, error.zh)
    except GatewayError as error:
        _put_back(rows, error)
    except Exception:
        # Counted as well, or a message that always fails here would be tried for ever.
        logger.exception("delivery %s failed", rows[0].id)
        _put_back(rows, _BROKEN)
    else:
        _done(rows)


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


def _done(rows: Sequence[Delivery]) -> None:
    """The first row carried the message, the others went with it."""
    moment, first = now(), rows[0]
    with transaction.atomic():
        _waiting([first]).update(state="sent", error="", tries=first.tries + 1, due_at=moment, sent_at=moment)
        _waiting(rows[1:]).update(state="gathered", into_id=first.id, sent_at=moment)
    # The way is open again: what waits out a longer pause than any claim lasts need not wait for its end.
    paused = Delivery.objects.filter(
        channel=first.channel,
        recipient=first.recipient,
        state="waiting",
        tries__gt=0,
        due_at__gt=moment + timedelta(seconds=CLAIM_SECONDS),
    )
    paused.update(due_at=moment)


def _fail(rows: Sequence[Delivery], error: str) -> None:
    """For good: the log shows why, and a permit bound to them is free again."""
    with transaction.atomic():
        subscribing.give_back(rows)
        for row in rows:
            _waiting([row]).update(state="failed", error=error[:300], tries=row.tries + 1, due_at=now())


def _put_back(rows: Sequence[Delivery], error: AppError, least: int = 0) -> None:
    """To be tried again after a pause of its own, `least` seconds or longer; too often is for good."""
    moment = now()
    for row in rows:
        tries = row.tries + 1
        due_at = moment + timedelta(seconds=max(least, pause(tries)))
        _waiting([row]).update(tries=tries, error=error.zh[:300], due_at=due_at)
    spent = [row for row in rows if row.tries + 1 >= MAX_TRIES]
    if spent:
        _fail(spent, error.zh)


def _waiting(rows: Sequence[Delivery]) -> QuerySet[Delivery]:
    """Those of them whose end nobody has noted: a claim may have run out under a slow send, and another been quicker."""
    return Delivery.objects.filter(id__in=[row.id for row in rows], state="waiting")


def _store(delivery: Delivery) -> Store:
    return Store.objects.select_related("leader").get(id=int(delivery.recipient))


def _send(channel: str, rows: Sequence[Delivery], words: Words) -> None:
    delivery = rows[0]
    if channel == "buyer":
        subscribing.to_buyer(rows, words)
        return
    store = _store(delivery)
    if channel == "subscribe":
        subscribing.to_leader(store, rows, words)
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
    wait = pace.take(target)
    if wait:
        raise Later(wait)
    faults.point("notices.robot.before_call")
    robot().send_markdown(target, markdown(words, link))
    faults.point("notices.robot.after_call")
