"""The house, continued: background work moves on, personal data is sealed, the configuration is fit for real money."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

from django.conf import settings

from yantuan.kernel.config import Config, config, instance_secret
from yantuan.kernel.models import TimedRun
from yantuan.reports.rules.base import GRACE, Finding, Reader, finding, rule

TASK_LEASE: Final = timedelta(minutes=10)
"""No task of ours works longer than this; one that seems to was left by a worker that died."""
_HEARTBEAT: Final = "kernel.worker"
_APIV3_LENGTH: Final = 32


@rule("N2", "S2", "后台任务不积压，定时任务按时开始", house=True)
def work_moves_on(read: Reader) -> list[Finding]:
    # The job library writes the last of all days where it means "at once".
    tasks = read.probe(
        """
        SELECT id, task_path, status, enqueued_at FROM django_tasks_database_dbtaskresult
        WHERE (status = 'READY' AND enqueued_at < %s AND (run_after < %s OR run_after > '9000-01-01'))
            OR (status = 'RUNNING' AND started_at < %s)
        """,
        read.at(read.moment - GRACE),
        read.at(read.moment - GRACE),
        read.at(read.moment - TASK_LEASE),
        expected="任务入队五分钟内开始，十分钟内结束",
        suggestion="检查后台任务（worker）是否在运行；中断的任务十分钟后会自动收回重做，仍在则查看它的最近错误",
    )
    return tasks + _late_timed(read.moment)


def _late_timed(moment: datetime) -> list[Finding]:
    """While a worker is alive, all timed work must advance; whether one is alive is for the health page to say."""
    beat = TimedRun.objects.filter(name=_HEARTBEAT).values_list("started_at", flat=True).first()
    if beat is None or beat < moment - GRACE:
        return []
    late = TimedRun.objects.exclude(name=_HEARTBEAT).filter(next_at__lt=moment - 2 * GRACE)
    return finding(
        list(late.values_list("name", "next_at", "last_error")),
        expected="定时任务到时后十分钟内开始",
        suggestion="查看该任务的最近错误；错误消除后会自动再试",
    )


_SEALED: Final = (
    ("orders_order", "phone_sealed", "id", 1),
    ("identity_person", "phone_sealed", "", 1),
    ("identity_address", "phone_sealed", "", 0),
    ("leaders_certification", "id_number_sealed", "", 1),
    ("leaders_invitecode", "code_sealed", "", 0),
    ("notices_leaderchannel", "target_sealed", "", 1),
    ("merchants_merchantaccount", "keys_sealed", "", 1),
    ("push_pushmessage", "sealed", "", 0),
    ("merchants_merchantaccount", "old_keys_sealed", "", 1),
    ("merchants_merchantapplication", "form_sealed", "", 1),
    ("splits_splitparty", "name_sealed", "", 0),
)
"""(table, column, order id column if it can be narrowed, whether empty is allowed)."""
_SHORTEST_SEAL: Final = 36
"""A sealed text is longer than any phone or card number in plain."""


@rule("V1", "S1", "登记为个人信息的列都已加密", house=True)
def personal_data_sealed(read: Reader) -> list[Finding]:
    found: list[Finding] = []
    for table, column, narrowed, may_be_empty in _SEALED:
        mine = read.orders(narrowed) if narrowed else "1 = 1"
        empty = f"{column} <> '' AND" if may_be_empty else ""
        # The column itself is never printed: it may be the plain text that must not be there.
        found += read.probe(
            f"SELECT id, length({column}) FROM {table} WHERE {mine} AND {empty} length({column}) < {_SHORTEST_SEAL}",
            expected=f"{table}.{column} 是密文",
            suggestion="查明是谁写入的明文，加密后替换，并按泄露处理",
        )
    return found


@rule("CF1", "S1", "密钥不是默认值，调试已关闭，支付配置齐全", house=True)
def configuration_fit(read: Reader) -> list[Finding]:
    cfg = config()
    wrong = _wrong_settings(cfg)
    return finding(wrong, expected="可以收真钱的配置", suggestion="按 docs/operating.md 更正后重启")


def _wrong_settings(cfg: Config) -> list[tuple[str, str]]:
    wrong: list[tuple[str, str]] = []
    if settings.DEBUG:
        wrong.append(("DEBUG", "on"))
    try:
        instance_secret(cfg)
    except ValueError as error:
        wrong.append(("YANTUAN_SECRET_KEY", str(error)))
    if cfg.wechat_push_token and cfg.wechat_push_mode != "plain" and len(cfg.wechat_push_aes_key) != 43:
        wrong.append(("YANTUAN_WECHAT_PUSH_AES_KEY", "not 43 characters"))
    if not cfg.wechatpay_mchid:
        return wrong
    if len(cfg.wechatpay_apiv3_key.encode()) != _APIV3_LENGTH:
        wrong.append(("YANTUAN_WECHATPAY_APIV3_KEY", "not 32 bytes"))
    files = {"YANTUAN_WECHATPAY_MERCHANT_KEY_PATH": cfg.wechatpay_merchant_key_path}
    if cfg.wechatpay_mode == "public_key":
        files["YANTUAN_WECHATPAY_PUBLIC_KEY_PATH"] = cfg.wechatpay_public_key_path
    return wrong + [
        (name, "no such file") for name, path in files.items() if not path or not Path(path).is_file()
    ]
