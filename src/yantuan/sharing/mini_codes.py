"""Pictures of mini-program codes, asked of WeChat once and kept on disk; a poster without one carries the link's QR code."""

from __future__ import annotations

import hashlib
import logging
import threading
import time
from pathlib import Path
from typing import Final

from yantuan.gateways.errors import GatewayError
from yantuan.identity import gateway as identity_gateway
from yantuan.kernel.config import config
from yantuan.sharing import scenes
from yantuan.sharing.drawings import folder, write_whole
from yantuan.sharing.gateway import configured
from yantuan.sharing.models import Share

log = logging.getLogger("yantuan.sharing")

ASK_AGAIN_SECONDS: Final = 300.0
"""So long after a refusal (page unpublished, quota, no answer) posters are drawn with the link's own code without asking."""
WIDTH: Final = 430

_lock = threading.Lock()
_refused_until = 0.0


def picture(share: Share) -> bytes | None:
    """The code that opens the share in the mini-program, as a picture file; None when there is none to be had."""
    page = scenes.STORE_PAGE if share.group_buy_id is None else scenes.SALE_PAGE
    return picture_of(scenes.of_share(share), page)


def picture_of(scene: str, page: str) -> bytes | None:
    """The code of a scene id, as a picture file.

    None without a mini-program, beside the simulator (whose codes open nothing in WeChat), and while WeChat refuses.
    """
    if not configured() or config().simulator_url:
        return None
    path = _path(scene)
    try:
        return path.read_bytes()
    except FileNotFoundError:
        pass
    asked = _ask(scene, page)
    if asked is not None:
        write_whole(path, asked)
    return asked


def forget_refusal() -> None:
    """Ask WeChat again at the next poster (tests, and after a release)."""
    global _refused_until
    _refused_until = 0.0


def _ask(scene: str, page: str) -> bytes | None:
    global _refused_until
    if time.monotonic() < _refused_until:
        return None
    version = config().wechat_mini_version
    try:
        # Before its first release a page is unknown to WeChat's check; a trial or development code needs none.
        return identity_gateway.mini().get_wxacode_unlimit(
            scene, page=page, check_path=version == "release", env_version=version, width=WIDTH
        )
    except GatewayError as error:
        log.warning("no mini-program code, the poster shows the link's: %s", error)
        with _lock:
            _refused_until = time.monotonic() + ASK_AGAIN_SECONDS
        return None


def _path(scene: str) -> Path:
    cfg = config()
    name = hashlib.sha256(f"{cfg.wechat_mini_appid}/{cfg.wechat_mini_version}/{scene}".encode()).hexdigest()
    return folder() / "mp" / f"{name[:40]}.code"
