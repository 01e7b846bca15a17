"""The client of links of this process, made from the configuration."""

from __future__ import annotations

from functools import lru_cache

from yantuan.gateways.wechat_links import LinksClient, LinksGateway
from yantuan.gateways.wechat_mini import MiniSettings
from yantuan.gateways.wechat_tokens import FileTokenStore
from yantuan.identity.gateway import NotConfigured
from yantuan.kernel.config import config, data_folder

_replacement: LinksGateway | None = None


def configured() -> bool:
    """Whether this instance has a mini-program."""
    cfg = config()
    return bool(cfg.wechat_mini_appid and cfg.wechat_mini_secret)


@lru_cache(maxsize=1)
def _made() -> LinksClient:
    cfg = config()
    settings = MiniSettings(
        base_url=cfg.wechat_api_base_url, appid=cfg.wechat_mini_appid, secret=cfg.wechat_mini_secret
    )
    store = FileTokenStore(data_folder() / "wechat-tokens")
    return LinksClient(settings, store, env_version=cfg.wechat_mini_version)


def links() -> LinksGateway:
    """The shared client. Raises NotConfigured."""
    if _replacement is not None:
        return _replacement
    if not configured():
        raise NotConfigured("微信小程序", "The WeChat mini-program")
    return _made()


def reset(replacement: LinksGateway | None = None) -> None:
    """Forget the client, or put another in its place (tests, changed configuration)."""
    global _replacement
    _made.cache_clear()
    _replacement = replacement
