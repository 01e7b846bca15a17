"""Alarms: what stands still or breaks is told to the operator, once per episode, and shown until it is over."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator
from datetime import timedelta

from django.db import DatabaseError, close_old_connections

from yantuan.gateways.errors import GatewayError
from yantuan.gateways.wecom import robot_key
from yantuan.health import status
from yantuan.health.models import Alarm
from yantuan.health.status import Status
from yantuan.kernel import held, metrics
from yantuan.kernel.clock import now
from yantuan.kernel.config import config
from yantuan.merchants.models import AccountTrouble, MerchantAccount
from yantuan.merchants.troubles import words_of
from yantuan.notices import sending
from yantuan.notices.models import TemplateTrouble
from yantuan.push.models import PushMessage
from yantuan.stores.models import Store

logger = logging.getLogger("yantuan.alarms")

CHECK_LATE_SECONDS = 3 * 3600
BACKUP_LATE_SECONDS = 26 * 3600
COPY_LATE_SECONDS = 60
WATCH_SECONDS = 20.0
"""How often a web process looks whether a worker is alive."""
TRADE_CONTROLLED_FOR = timedelta(days=3)
"""How long WeChat's word that it limits the mini-program's trade is shown; it never says when that is over."""
FORGED_PER_LOOK = 20
"""So many refused notices between two looks are no slip."""

_forged_before: int | None = None


def span(seconds: float) -> str:
    """`3 分钟`, for people."""
    if seconds < 90:
        return f"{seconds:.0f} 秒"
    if seconds < 5400:
        return f"{seconds / 60:.0f} 分钟"
    return f"{seconds / 3600:.0f} 小时" if seconds < 172_800 else f"{seconds / 86_400:.0f} 天"


def wrong(state: Status) -> dict[str, str]:
    """Everything that is wrong now: name of the alarm → what the operator reads. Pure but for the configuration."""
    return dict([*_of_work(state), *_of_keeping(state), *_forged()])


def _of_work(state: Status) -> Iterator[tuple[str, str]]:
    cfg = config()
    if state.worker_age is None or state.worker_age > cfg.heartbeat_seconds:
        age = "从未运行" if state.worker_age is None else f"已 {span(state.worker_age)}没有活动"
        yield "worker", f"后台进程（worker）{age}：消息、退款、超时关单都停了。请检查服务是否还在运行"
    if state.held:
        # Held work is meant to wait: the status page and the banner say so already.
        return
    for waiting in state.waiting:
        if waiting.late and waiting.age is not None:
            name = f"queue:{waiting.queue.name}"
            yield name, f"{waiting.queue.title}积压 {waiting.depth} 件，最早的已等 {span(waiting.age)}"
    if state.check_violations:
        yield "check", f"账目自检发现 {state.check_violations} 处不一致，请到运营台「自检记录」查看"
    elif state.check_age is not None and state.check_age > CHECK_LATE_SECONDS:
        yield "check_late", f"账目自检已 {span(state.check_age)}没有运行"


def _of_stores() -> Iterator[tuple[str, str]]:
    for store in Store.objects.filter(halted_at__isnull=False).order_by("id"):
        yield (
            f"halted:{store.id}",
            (
                f"卖场「{store.name}」账目或库存有出入，已自动停止下单和退款；请到运营台「停售的卖场」核对后解除"
            ),
        )


def _of_accounts() -> Iterator[tuple[str, str]]:
    for row in AccountTrouble.objects.order_by("id"):
        account = MerchantAccount.objects.select_related("store").filter(id=row.account_id).first()
        whose = f"卖场「{account.store.name}」的收款账户" if account is not None else "平台的微信支付商户号"
        yield f"account:{row.account_id}", f"{whose}被微信支付拒绝，暂时不能收款：{words_of(row)[0]}"[:300]


def _of_wechat() -> Iterator[tuple[str, str]]:
    recent = PushMessage.objects.filter(
        event="wxa_trade_controlled", received_at__gt=now() - TRADE_CONTROLLED_FOR
    )
    if recent.exists():
        yield (
            "trade_controlled",
            "微信通知：小程序的交易受到限制。请到小程序后台查看原因，多半是有订单超时没有上传发货信息",
        )


def _of_templates() -> Iterator[tuple[str, str]]:
    for row in TemplateTrouble.objects.order_by("id"):
        yield (
            f"template:{row.id}",
            (
                f"微信不再接受订阅消息模板 …{row.template_id[-6:]}（{row.code}），用它的提醒已停发；"
                "请在公众平台重新选用并更新配置，或恢复后运行 yantuan wechat doctor --fix"
            ),
        )


def _of_keeping(state: Status) -> Iterator[tuple[str, str]]:
    cfg = config()
    if state.disk_free < cfg.disk_min_mb * 1024 * 1024:
        yield "disk", f"数据盘只剩 {state.disk_free // 1024**2} MB，请尽快清理或扩容"
    if cfg.backup_dir and state.backup_problem:
        yield "backup", f"最近一次备份有问题：{state.backup_problem[:200]}"
    elif cfg.backup_dir and state.backup_age is not None and state.backup_age > BACKUP_LATE_SECONDS:
        yield "backup_late", f"最近一次核对过的备份是 {span(state.backup_age)}前的"
    if state.copy_lag is not None and state.copy_lag > COPY_LATE_SECONDS:
        yield "copy", f"数据库副本落后 {span(state.copy_lag)}，请检查 litestream 和副本所在的位置"


def _forged() -> Iterator[tuple[str, str]]:
    global _forged_before
    counts, _ = metrics.totals()
    total = sum(n for (name, _labels), n in counts.items() if name == "notices_refused")
    before, _forged_before = _forged_before, total
    if before is not None and total - before >= FORGED_PER_LOOK:
        yield (
            "forged",
            f"短时间内收到 {total - before} 条签名不对的支付通知，可能有人在伪造，也可能密钥配置有误",
        )


def evaluate() -> list[str]:
    """Open and close alarms by what is wrong now, and tell the operator of the new ones. Answers the names open now."""
    active = {
        **wrong(status.status(fresh=True)),
        **dict(_of_stores()),
        **dict(_of_accounts()),
        **dict(_of_wechat()),
        **dict(_of_templates()),
    }
    moment = now()
    for ended in Alarm.objects.filter(ended_at=None).exclude(name__in=active):
        if Alarm.objects.filter(name=ended.name, ended_at=None).update(ended_at=moment):
            logger.warning("alarm %s is over", ended.name)
    for name, text in active.items():
        Alarm.objects.get_or_create(name=name, defaults={"text": text, "since": moment})
        Alarm.objects.filter(name=name, ended_at__isnull=False).update(
            since=moment, ended_at=None, told_at=None, text=text
        )
        Alarm.objects.filter(name=name).exclude(text=text).update(text=text)
        # Whoever sets the time tells; the others see it set.
        if Alarm.objects.filter(name=name, told_at=None).update(told_at=moment):
            logger.error("alarm %s: %s", name, text)
            if not tell(text):
                Alarm.objects.filter(name=name, told_at=moment).update(told_at=None)
    return sorted(active)


def tell(text: str) -> bool:
    """Write to the operator by every channel that is set. False when none of those took it and it should be tried again."""
    cfg = config()
    tried, arrived = 0, 0
    if held.is_held():
        return True
    if cfg.operator_email and cfg.smtp_host:
        tried += 1
        try:
            sending.mail().send(
                cfg.operator_email, "[雁团] 需要你处理", f"{text}\n\n{cfg.public_url}/console/status/\n"
            )
            arrived += 1
        except GatewayError as error:
            logger.warning("the operator's mail did not go out: %s", error)
    if cfg.operator_wecom:
        tried += 1
        try:
            sending.robot().send_markdown(
                robot_key(cfg.operator_wecom),
                f"**雁团需要你处理**\n> {text}\n[打开状态页]({cfg.public_url}/console/status/)",
            )
            arrived += 1
        except GatewayError as error:
            logger.warning("the operator's robot did not take it: %s", error)
    return arrived > 0 or tried == 0


def open_alarms() -> list[Alarm]:
    """Those not over yet, oldest first."""
    return list(Alarm.objects.filter(ended_at=None).order_by("since"))


def watch_the_worker(stop: threading.Event) -> None:
    """In a web process: as long as a worker is alive it raises the alarms; when none is, this does."""
    while not stop.wait(WATCH_SECONDS):
        try:
            close_old_connections()
            age = status.worker_age()
            if age is None or age > config().heartbeat_seconds:
                evaluate()
        except DatabaseError as error:
            logger.warning("could not look after the worker: %s", error)
        except Exception:
            logger.exception("looking after the worker failed; going on")
