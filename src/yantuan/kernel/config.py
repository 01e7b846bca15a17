"""Configuration: environment variables `YANTUAN_*`, then `yantuan.toml` in the data folder, then these defaults."""

from __future__ import annotations

import os
import secrets
from functools import lru_cache
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, Field
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)


def data_folder() -> Path:
    """The one folder that holds everything worth keeping: database, media, secrets."""
    return Path(os.environ.get("YANTUAN_DATA", "data")).resolve()


@lru_cache(8)
def _peers(text: str) -> frozenset[str]:
    return frozenset(peer.strip() for peer in text.split(",") if peer.strip())


class WechatTemplate(BaseModel):
    """A subscription message's template: its id, and for each of its own fields (`thing1`) what is put there.

    What there is to put: what, detail, sum, time, store, goods, number, status.
    """

    id: str
    fields: dict[str, Literal["what", "detail", "sum", "time", "store", "goods", "number", "status"]]


class Config(BaseSettings):
    """Every setting of an instance. Names in the environment carry the prefix YANTUAN_."""

    model_config = SettingsConfigDict(env_prefix="YANTUAN_", extra="ignore")

    demo: bool = False
    """Demo instance: one-tap sign-in and demo data. Never on a real shop."""
    secret_key: str = ""
    """Instance secret; empty: generated once into the data folder."""
    database_url: str = ""
    """`postgresql://user:password@host/name`; empty: SQLite in the data folder."""
    public_url: str = "http://127.0.0.1:8000"
    """Address people and WeChat reach this instance by, without a trailing slash."""
    allowed_hosts: str = "127.0.0.1,localhost"
    trusted_proxies: str = "127.0.0.1"
    """Only these peers' X-Forwarded-For is believed."""

    rate_limit_times: Annotated[int, Field(ge=1)] = 1
    """For load and fuzz tests only: every counted limit per person, phone and address is multiplied by this."""

    stepup_refund_fen: Annotated[int, Field(ge=0)] = 500_00
    """Refunds above this many fen (or four times this in a day) ask the leader for an SMS code, the operator for the
    dynamic code again; 0: never."""

    export_two_person_rows: Annotated[int, Field(ge=0)] = 1000
    """An export of more orders than this waits until an operator agrees; 0: never."""

    hold_seconds: int = 900
    """How long an unpaid order keeps its stock."""
    proxy_hold_days: Annotated[int, Field(ge=1, le=6)] = 3
    """Days an unpaid order that a leader placed for somebody keeps its stock at most; the end of its sale may be earlier."""
    auto_receive_days_courier: int = 10
    """Days after everything was shipped, when nothing is known of the parcels."""
    auto_receive_days_after_signed: Annotated[int, Field(ge=1)] = 3
    """Days after the last parcel of an order was signed for."""
    aftersale_window_days: int = 7
    """Days after receipt in which an after-sale may be opened."""
    split_wait_days: Annotated[int, Field(ge=0, le=28)] = 0
    """Days after receipt before a payment is shared with the partner, where that is longer than the after-sale window."""
    aftersale_reply_hours: int = 48
    """Leader's silence after which a refund-only case of an unshipped order agrees itself, other cases escalate."""
    aftersale_return_days: int = 7
    orders_people_days: Annotated[int, Field(ge=1095)] = 1185
    """Days after an order was placed until its recipient, address and words are erased; the law asks for three years after it
    was completed."""
    papers_days: Annotated[int, Field(ge=1)] = 30
    """Days that pictures of identity cards and licences stay after the application they belong to was decided."""
    notice_gather_seconds: int = 20
    """Messages to one channel inside this many seconds become one."""

    wechatpay_base_url: str = "https://api.mch.weixin.qq.com"
    wechatpay_mchid: str = ""
    wechatpay_merchant_serial: str = ""
    wechatpay_merchant_key_path: str = ""
    wechatpay_apiv3_key: str = ""
    wechatpay_mode: Literal["public_key", "certificate"] = "public_key"
    wechatpay_public_key_id: str = ""
    wechatpay_public_key_path: str = ""
    wechatpay_fee_bp: Annotated[int, Field(ge=0, le=1000)] = 60
    """WeChat Pay's usual rate in ten-thousandths, for statements until the bill says what was really kept."""
    wechatpay_notify_base_url: str = ""
    """Where WeChat Pay reaches us when that differs from public_url."""
    multi_leader: Literal["auto", "yes", "no"] = "auto"
    """Whether leaders other than the operator sell here: then the merchant account above serves only stores marked as the
    operator's own. `auto`: as soon as a second leader is certified (never in a demo)."""

    wechatpay_sp_mchid: str = ""
    """The operator's partner account (服务商), under which leaders get sub-merchant accounts of their own."""
    wechatpay_sp_appid: str = ""
    """The app the partner account is bound to; empty: the official account's, else the mini-program's."""
    wechatpay_sp_kind: Literal["provider", "platform"] = "provider"
    """What the partner account is: an ordinary 服务商, or a platform of 收付通 (电商收付通), whose sub-merchants sign up,
    share and refund by /v3/ecommerce. It belongs to the account and never changes for it."""
    wechatpay_sp_merchant_serial: str = ""
    wechatpay_sp_merchant_key_path: str = ""
    wechatpay_sp_apiv3_key: str = ""
    wechatpay_sp_mode: Literal["public_key", "certificate"] = "public_key"
    wechatpay_sp_public_key_id: str = ""
    wechatpay_sp_public_key_path: str = ""

    wechat_api_base_url: str = "https://api.weixin.qq.com"
    wechat_open_base_url: str = "https://open.weixin.qq.com"
    wechat_mini_appid: str = ""
    wechat_mini_secret: str = ""
    wechat_oa_appid: str = ""
    wechat_oa_secret: str = ""
    wechat_template_new_order: str = ""
    wechat_template_new_order_keys: str = "thing1 amount2 time3 thing4"
    """The template's own names for what happened, the sum, the time and the detail, in this order; its page shows them."""
    wechat_templates: dict[str, WechatTemplate] = {}
    """Subscription messages to buyers: event → template. Events: paid, unpaid, shipped, arrived, refunded, aftersale."""
    wechat_service_cards: bool = False
    """Show buyers WeChat's service card after a payment in the mini-program; its templates must be added there first."""
    wechat_live_cards: bool = False
    """Cards of sales that end within a day go on counting in the chat after they were sent (动态消息)."""
    wechat_mini_version: Literal["release", "trial", "develop"] = "release"
    """Which version of the mini-program codes, links and messages open; `trial` before the first release."""
    wechat_push_token: str = ""
    """Message push of the mini-program: the token typed into WeChat's console; empty: pushes are refused."""
    wechat_push_aes_key: str = ""
    """EncodingAESKey, 43 characters."""
    wechat_push_mode: Literal["plain", "compat", "secure"] = "secure"

    content_check: bool = False
    """Have texts and pictures that everybody will see judged by WeChat first; needs the mini-program and its message push."""
    content_check_fail_open: bool = False
    """What WeChat doubts or does not judge in half an hour is shown all the same, instead of waiting for an operator."""

    courier_driver: Literal["none", "kuaidi100", "kdniao"] = "none"
    """The service parcels are watched through."""
    kuaidi100_base_url: str = "https://poll.kuaidi100.com"
    kuaidi100_customer: str = ""
    kuaidi100_key: str = ""
    kdniao_base_url: str = "https://api.kdniao.com"
    kdniao_business_id: str = ""
    kdniao_app_key: str = ""
    kdniao_plan: Literal["free", "plus"] = "free"

    sms_base_url: str = "https://dysmsapi.aliyuncs.com"
    sms_access_key_id: str = ""
    sms_access_key_secret: str = ""
    sms_sign_name: str = ""
    sms_template_code: str = ""
    wecom_base_url: str = "https://qyapi.weixin.qq.com"
    smtp_host: str = ""
    smtp_port: int = 25
    smtp_user: str = ""
    smtp_password: str = ""
    smtp_security: Literal["plain", "starttls", "ssl"] = "plain"
    smtp_from: str = "yantuan@localhost"

    log_format: Literal["auto", "json", "text"] = "auto"
    """One JSON object or one plain line per event; `auto`: plain on a terminal, JSON otherwise."""
    access_log: bool = False
    """Also log every answered request: class of route, status, milliseconds; never query, body or address."""
    metrics_token: str = ""
    """Bearer token that opens /metrics and the details of /readyz from other machines; empty: only from this machine."""
    operator_email: str = ""
    """Who is told when something stands still or breaks; needs `smtp_host`."""
    operator_wecom: str = ""
    """Key or address of the WeCom group robot that is told the same."""
    disk_min_mb: int = 512
    """With less free space on the data disk the instance reports itself not ready."""
    heartbeat_seconds: int = 90
    """How long the worker may be silent before the operator is told."""

    backup_dir: str = ""
    """Where the worker writes a verified backup every day; empty: none by itself."""
    backup_hour: int = 4
    """The hour of the daily backup, Beijing time."""
    backup_keep_daily: int = 7
    backup_keep_weekly: int = 4
    backup_key_file: str = ""
    """File with the key backups are encrypted with; keep it apart from them. Empty: not encrypted."""
    copy_to: str = ""
    """SQLite only: folder or `s3://bucket/path` the database is copied to continuously; empty: not."""
    copy_s3_endpoint: str = ""
    copy_s3_region: str = ""

    cashier_url: str = ""
    """Simulator only: where a browser outside WeChat may pay a JSAPI or Native order."""
    simulator_url: str = ""

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        toml = TomlConfigSettingsSource(settings_cls, data_folder() / "yantuan.toml")
        return init_settings, env_settings, toml

    @property
    def trusted_peers(self) -> frozenset[str]:
        """`trusted_proxies`, taken apart."""
        return _peers(self.trusted_proxies)

    @property
    def secrets(self) -> list[str]:
        """Every configured value that must never be written anywhere."""
        names = ("secret_key", "wechatpay_apiv3_key", "wechatpay_sp_apiv3_key", "wechat_mini_secret", "wechat_oa_secret",
                 "sms_access_key_secret", "smtp_password", "metrics_token", "operator_wecom", "database_url", "wechat_push_token",
                 "wechat_push_aes_key", "kuaidi100_key", "kdniao_app_key")  # fmt: skip
        return [value for name in names if (value := str(getattr(self, name)))]

    @property
    def https(self) -> bool:
        """Whether people reach the instance by TLS only."""
        return self.public_url.startswith("https://")

    def cookie_name(self, name: str, *, whole_site: bool = True) -> str:
        """`name` with the prefix that makes browsers refuse a weaker cookie of that name; plain without TLS."""
        if not self.https:
            return name
        return f"__Host-{name}" if whole_site else f"__Secure-{name}"

    @property
    def has_wechatpay(self) -> bool:
        return bool(self.wechatpay_mchid and self.wechatpay_merchant_key_path)

    @property
    def has_partner(self) -> bool:
        """Whether the operator is a WeChat Pay partner (服务商)."""
        return bool(self.wechatpay_sp_mchid and self.wechatpay_sp_merchant_key_path)

    @property
    def notify_base(self) -> str:
        return (self.wechatpay_notify_base_url or self.public_url).rstrip("/")


@lru_cache(maxsize=1)
def config() -> Config:
    """The configuration of this process."""
    return Config()


_KNOWN_DEFAULTS = {"secret", "changeme", "django-insecure", "yantuan"}


def instance_secret(cfg: Config) -> str:
    """The configured secret, or the one generated into the data folder (0600). Raises ValueError on a known default or a short one."""
    secret = cfg.secret_key
    if not secret:
        path = data_folder() / "secret_key"
        if not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True)
            try:
                handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            except FileExistsError:
                pass
            else:
                with os.fdopen(handle, "w") as file:
                    file.write(secrets.token_urlsafe(48))
        secret = path.read_text().strip()
    if len(secret) < 32 or secret.lower() in _KNOWN_DEFAULTS:
        raise ValueError("YANTUAN_SECRET_KEY must be at least 32 random characters")
    return secret
