"""What a mini-program's owner may ask of the platform: its templates, its quotas, whether its address answers."""

import re
from typing import Any

from starlette.requests import Request
from starlette.routing import Route

from yantuan.simulator import messages, tokens, wechat_api
from yantuan.simulator.errors import WechatError
from yantuan.simulator.world import World

DAILY = {
    "/cgi-bin/message/subscribe/send": 10_000_000,
    "/wxa/getwxacodeunlimit": 500_000,
    "/wxa/generate_urllink": 500_000,
    "/wxa/msg_sec_check": 2_000_000,
}


def _templates(world: World, request: Request, body: dict[str, Any]) -> wechat_api.Result:
    tokens.check_token(world, request, request.url.path)
    listed = [
        {
            "priTmplId": name,
            "title": "订单通知",
            "content": "\n".join(f"{field}:{{{{{field}.DATA}}}}" for field in fields) + "\n",
            "example": "",
            "type": 2,
        }
        for name, fields in messages.templates_of(world).items()
    ]
    return {"errcode": 0, "errmsg": "ok", "data": listed}


def _quota(world: World, request: Request, body: dict[str, Any]) -> wechat_api.Result:
    tokens.check_token(world, request, request.url.path)
    path = body.get("cgi_path")
    if not isinstance(path, str) or re.fullmatch(r"/[a-z0-9_/-]+", path) is None:
        raise WechatError(76021, "cgi_path not found, please check")
    used = sum(1 for call in world.calls if call["path"] == path)
    spent = world.faults.take("wechat_quota_low")
    limit = DAILY.get(path, 100_000)
    used = limit if spent else used
    return {"errcode": 0, "quota": {"daily_limit": limit, "used": used, "remain": limit - used}}


def routes() -> list[Route]:
    return [
        Route("/wxaapi/newtmpl/gettemplate", wechat_api.endpoint(_templates), methods=["GET"]),
        Route("/cgi-bin/openapi/quota/get", wechat_api.endpoint(_quota), methods=["POST"]),
    ]
