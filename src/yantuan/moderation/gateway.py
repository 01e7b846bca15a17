"""The content-check client of this process, made from the configuration."""

from __future__ import annotations

from functools import lru_cache

from yantuan.gateways.wechat_content import ContentClient, ContentGateway
from yantuan.gateways.wechat_mini import MiniSettings
from yantuan.gateways.wechat_tokens import FileTokenStore
from yantuan.kernel.config import config, data_folder

_replacement: ContentGateway | None = None


def active() -> bool:
    """Whether this instance has a mini-program and wants content checked; otherwise nothing is asked and nothing waits."""
    cfg = config()
    return bool(cfg.content_check and cfg.wechat_mini_appid and cfg.wechat_mini_secret)


@lru_cache(maxsize=1)
def _made() -> ContentClient:
    cfg = config()
    settings = MiniSettings(
        base_url=cfg.wechat_api_base_url, appid=cfg.wechat_mini_appid, secret=cfg.wechat_mini_secret
    )
    return ContentClient(settings, FileTokenStore(data_folder() / "wechat-tokens"))


def client() -> ContentGateway:
    """The shared client; only while `active`."""
    return _replacement if _replacement is not None else _made()


def reset(replacement: ContentGateway | None = None) -> None:
    """Forget the client, or put another in its place (tests, changed configuration)."""
    global _replacement
    _made.cache_clear()
    _replacement = replacement
