"""The WeCom group robot: `/cgi-bin/webhook/send`."""

import base64
import binascii
import hashlib
import json
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from yantuan.simulator import inbox
from yantuan.simulator.clock import rfc3339
from yantuan.simulator.errors import WechatError
from yantuan.simulator.wechat_api import answer
from yantuan.simulator.world import World

PER_MINUTE = 20
TEXT_LIMITS = {"text": 2048, "markdown": 4096, "markdown_v2": 4096}
MAX_PICTURE = 2 * 1024 * 1024


async def _send(request: Request) -> Response:
    world: World = request.app.state.world
    try:
        body = _read(await request.body())
        result = send(world, request.query_params.get("key", ""), body)
    except WechatError as error:
        result = {"errcode": error.errcode, "errmsg": error.errmsg}
    world.calls.appendleft(
        {
            "at": rfc3339(world.clock.now()),
            "what": "webhook",
            "method": request.method,
            "path": request.url.path,
            "status": 200,
            "code": result["errcode"] or "",
        }
    )
    return answer(result)


def _read(raw: bytes) -> dict[str, Any]:
    try:
        body = json.loads(raw)
    except ValueError:
        raise WechatError(40058, "invalid Request Parameter, body is not JSON") from None
    if not isinstance(body, dict):
        raise WechatError(40058, "invalid Request Parameter")
    return body


def send(world: World, key: str, body: dict[str, Any]) -> dict[str, Any]:
    """Put one robot message into the inbox; raises WechatError for a bad key, message or rate."""
    if key != world.credentials.wecom_robot_key:
        raise WechatError(93000, "invalid webhook url")
    kind = str(body.get("msgtype", ""))
    part = body.get(kind)
    if kind not in (*TEXT_LIMITS, "image", "news", "template_card"):
        raise WechatError(40008, "invalid message type")
    if not isinstance(part, dict):
        raise WechatError(40058, f"invalid Request Parameter, {kind} is missing")
    text = _text_of(kind, part)
    robot = "群机器人 …" + key[-4:]
    over = inbox.sent_since(world, "wecom", robot, 60) >= PER_MINUTE
    if over or world.faults.take("wecom_limited"):
        raise WechatError(45009, "api freq out of limit")
    inbox.put(world, "wecom", robot, "企业微信群机器人", text, details=body if kind != "image" else {})
    return {"errcode": 0, "errmsg": "ok"}


def _text_of(kind: str, part: dict[str, Any]) -> str:
    if kind in TEXT_LIMITS:
        content = part.get("content")
        if not isinstance(content, str) or not content:
            raise WechatError(44004, "content size out of limit, empty content")
        if len(content.encode()) > TEXT_LIMITS[kind]:
            raise WechatError(45002, "content size out of limit")
        return content
    if kind == "image":
        return _picture_text(part)
    if kind == "news":
        articles = part.get("articles")
        if not isinstance(articles, list) or not 1 <= len(articles) <= 8:
            raise WechatError(40058, "invalid Request Parameter, articles must be 1 to 8")
        return "\n".join(str(article.get("title", "")) for article in articles if isinstance(article, dict))
    title = part.get("main_title")
    if part.get("card_type") not in ("text_notice", "news_notice") or not isinstance(title, dict):
        raise WechatError(40058, "invalid Request Parameter, template_card")
    return f"{title.get('title', '')}\n{title.get('desc', '')}".strip()


def _picture_text(part: dict[str, Any]) -> str:
    try:
        raw = base64.b64decode(str(part.get("base64", "")), validate=True)
    except binascii.Error:
        raise WechatError(40058, "invalid Request Parameter, base64") from None
    if not raw or len(raw) > MAX_PICTURE:
        raise WechatError(40009, "invalid image size")
    if hashlib.md5(raw, usedforsecurity=False).hexdigest() != part.get("md5"):
        raise WechatError(40058, "invalid Request Parameter, md5 does not match")
    return f"[图片 {len(raw)} 字节]"


def routes() -> list[Route]:
    return [Route("/cgi-bin/webhook/send", _send, methods=["POST"])]
