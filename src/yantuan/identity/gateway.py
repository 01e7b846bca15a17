"""Clients of the outside services that sign-in needs, built once from the configuration."""

from __future__ import annotations

from functools import lru_cache

from yantuan.gateways.sms import AliyunSmsClient, SmsGateway, SmsSettings
from yantuan.gateways.wechat_mini import MiniClient, MiniGateway, MiniSettings
from yantuan.gateways.wechat_oa import OfficialClient, OfficialGateway, OfficialSettings
from yantuan.gateways.wechat_tokens import FileTokenStore
from yantuan.kernel.config import config, data_folder
from yantuan.kernel.errors import AppError


class NotConfigured(AppError):
    """This way of signing in is switched off: the operator has not set it up."""

    def __init__(self, zh_name: str, en_name: str) -> None:
        super().__init__(
            "not_configured",
            f"{zh_name}还没有配置，请联系平台",
            f"{en_name} is not configured on this instance.",
            status=503,
        )


@lru_cache(maxsize=1)
def _tokens() -> FileTokenStore:
    return FileTokenStore(data_folder() / "wechat-tokens")


def can_send_sms() -> bool:
    """Whether codes can be sent at all on this instance."""
    cfg = config()
    return bool(cfg.sms_access_key_id and cfg.sms_template_code)


@lru_cache(maxsize=1)
def sms() -> SmsGateway:
    """The SMS client. Raises NotConfigured."""
    cfg = config()
    if not can_send_sms():
        raise NotConfigured("短信服务", "The SMS service")
    return AliyunSmsClient(
        SmsSettings(
            base_url=cfg.sms_base_url,
            access_key_id=cfg.sms_access_key_id,
            access_key_secret=cfg.sms_access_key_secret,
            sign_name=cfg.sms_sign_name,
        )
    )


@lru_cache(maxsize=1)
def mini() -> MiniGateway:
    """The mini-program's client. Raises NotConfigured."""
    cfg = config()
    if not cfg.wechat_mini_appid:
        raise NotConfigured("微信小程序", "The WeChat mini-program")
    settings = MiniSettings(
        base_url=cfg.wechat_api_base_url, appid=cfg.wechat_mini_appid, secret=cfg.wechat_mini_secret
    )
    return MiniClient(settings, _tokens())


@lru_cache(maxsize=1)
def official() -> OfficialGateway:
    """The official account's client. Raises NotConfigured."""
    cfg = config()
    if not cfg.wechat_oa_appid:
        raise NotConfigured("微信公众号", "The WeChat official account")
    return OfficialClient(
        OfficialSettings(
            base_url=cfg.wechat_api_base_url,
            open_base_url=cfg.wechat_open_base_url,
            appid=cfg.wechat_oa_appid,
            secret=cfg.wechat_oa_secret,
        ),
        _tokens(),
    )
