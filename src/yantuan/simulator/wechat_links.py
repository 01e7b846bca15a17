"""URL links, short links, and cards that change after they were sent."""

import json
import re
import secrets
from typing import Any

from starlette.requests import Request
from starlette.routing import Route

from yantuan.simulator import control, tokens, wechat_api
from yantuan.simulator.errors import WechatError
from yantuan.simulator.world import World

MOST_DAYS = 30
ACTIVITY_SECONDS = 86_400
_NAMES = ({"member_count", "room_limit"}, {"path", "version_type"})
"""What each state must be told: 0 counts members, 1 says that all are there and leads on."""


def _mini(world: World, request: Request) -> None:
    token = tokens.check_token(world, request, request.url.path)
    if token.appid != world.credentials.mini_appid:
        raise WechatError(48001, "api unauthorized")


def _published(world: World, body: dict[str, Any], path: str, refusal: int) -> None:
    """Refuse pages this version does not have; a trial or development version has every page."""
    if not path or body.get("env_version", "release") != "release":
        return
    if path.startswith("/") or re.fullmatch(r"[A-Za-z0-9_\-./]+", path) is None:
        raise WechatError(40165, "invalid weapp pagepath")
    if world.faults.take("wechat_unpublished") or (world.settings.pages and path not in world.settings.pages):
        raise WechatError(refusal, "miniprogram has not released or page not found")


def _expiry(world: World, body: dict[str, Any]) -> float:
    now, kind = world.clock.now(), body.get("expire_type", 0)
    if kind not in (0, 1):
        raise WechatError(85402, "invalid expire_type")
    if kind == 1:
        days = body.get("expire_interval")
        if isinstance(days, bool) or not isinstance(days, int) or not 1 <= days <= MOST_DAYS:
            raise WechatError(85407, "invalid expire_interval")
        return now + days * 86400
    moment = body.get("expire_time")
    if isinstance(moment, bool) or not isinstance(moment, int):
        raise WechatError(85401, "invalid expire_time")
    if not now < moment <= now + MOST_DAYS * 86400 + 60:
        raise WechatError(85401, "invalid expire_time, must be within 30 days")
    return float(moment)


def _url_link(world: World, request: Request, body: dict[str, Any]) -> wechat_api.Result:
    _mini(world, request)
    if world.faults.take("link_quota"):
        raise WechatError(44993, "reach max generate quota of today")
    path, query = str(body.get("path", "")), str(body.get("query", ""))
    if len(query) > 1024 or re.search(r"[^\x21-\x7e]", query):
        raise WechatError(40212, "invalid query")
    _published(world, body, path, 85079)
    expires_at = _expiry(world, body)
    link = f"https://wxaurl.cn/{secrets.token_urlsafe(8)}"
    _keep(world, link, "url", path, query, expires_at)
    return {"errcode": 0, "errmsg": "ok", "url_link": link}


def _query_link(world: World, request: Request, body: dict[str, Any]) -> wechat_api.Result:
    _mini(world, request)
    row = world.db.row("SELECT * FROM app_links WHERE link = ?", str(body.get("url_link", "")))
    if row is None:
        raise WechatError(40097, "invalid args, url_link")
    info = {
        "path": row["path"],
        "query": row["query"],
        "create_time": int(row["at"]),
        "expire_time": int(row["expires_at"]),
    }
    return {"errcode": 0, "errmsg": "ok", "url_link_info": info}


def _short_link(world: World, request: Request, body: dict[str, Any]) -> wechat_api.Result:
    _mini(world, request)
    if world.faults.take("link_quota"):
        raise WechatError(45009, "reach max api daily quota limit")
    address = body.get("page_url")
    if not isinstance(address, str) or not address or len(address) > 1024:
        raise WechatError(40066, "invalid url")
    if len(str(body.get("page_title", ""))) > 20:
        raise WechatError(40225, "invalid page title")
    path, _, query = address.partition("?")
    _published(world, body, path, 85400)
    link = f"#小程序://雁团/{secrets.token_urlsafe(9)}"
    _keep(world, link, "short", path, query, world.clock.now() + MOST_DAYS * 86400)
    return {"errcode": 0, "errmsg": "ok", "link": link}


def _keep(world: World, link: str, kind: str, path: str, query: str, expires_at: float) -> None:
    world.db.insert(
        "app_links", link=link, kind=kind, path=path, query=query, at=world.clock.now(), expires_at=expires_at
    )


def _create_activity(world: World, request: Request, body: dict[str, Any]) -> wechat_api.Result:
    _mini(world, request)
    expires_at = world.clock.now() + ACTIVITY_SECONDS
    activity_id = f"{secrets.randbelow(9000) + 1000}_{secrets.token_urlsafe(16)}"
    world.db.insert("activities", activity_id=activity_id, at=world.clock.now(), expires_at=expires_at)
    return {"errcode": 0, "errmsg": "ok", "activity_id": activity_id, "expiration_time": int(expires_at)}


def _update(world: World, request: Request, body: dict[str, Any]) -> wechat_api.Result:
    _mini(world, request)
    row = world.db.row("SELECT * FROM activities WHERE activity_id = ?", str(body.get("activity_id", "")))
    if row is None:
        raise WechatError(47501, "invalid activity_id")
    if row["expires_at"] <= world.clock.now():
        raise WechatError(47504, "activity expired")
    state = body.get("target_state")
    if state not in (0, 1) or isinstance(state, bool) or row["state"] == 1:
        raise WechatError(47502, "invalid target_state")
    world.db.run(
        "UPDATE activities SET state = ?, shown = ?, changes = changes + 1 WHERE activity_id = ?",
        state, json.dumps(_parameters(body, state)), row["activity_id"],
    )  # fmt: skip
    return {"errcode": 0, "errmsg": "ok"}


def _parameters(body: dict[str, Any], state: int) -> dict[str, str]:
    info = body.get("template_info")
    listed = info.get("parameter_list") if isinstance(info, dict) else None
    if not isinstance(listed, list):
        raise WechatError(47001, "data format error, template_info")
    found = {str(one.get("name")): one.get("value") for one in listed if isinstance(one, dict)}
    known = _NAMES[0] | _NAMES[1]
    if not set(found) <= known or not all(isinstance(value, str) for value in found.values()):
        raise WechatError(47001, "data format error, parameter_list")
    if found.get("version_type", "release") not in ("release", "trial", "develop"):
        raise WechatError(47503, "invalid version_type")
    if not _NAMES[state] <= set(found) or not all(found[name] for name in _NAMES[state]):
        raise WechatError(47001, f"data format error, {' and '.join(sorted(_NAMES[state]))} needed")
    return {name: str(value) for name, value in found.items()}


async def _control(world: World, request: Request, body: dict[str, Any]) -> Any:
    links = world.db.rows("SELECT * FROM app_links ORDER BY rowid DESC LIMIT 200")
    cards = world.db.rows("SELECT * FROM activities ORDER BY rowid DESC LIMIT 200")
    return {
        "links": [dict(row) for row in links],
        "activities": [{**dict(row), "shown": json.loads(row["shown"])} for row in cards],
    }


def routes() -> list[Route]:
    def post(path: str, work: wechat_api.Work) -> Route:
        return Route(path, wechat_api.endpoint(work), methods=["POST"])

    create = wechat_api.endpoint(_create_activity)
    return [
        post("/wxa/generate_urllink", _url_link),
        post("/wxa/query_urllink", _query_link),
        post("/wxa/genwxashortlink", _short_link),
        Route("/cgi-bin/message/wxopen/activityid/create", create, methods=["GET"]),
        post("/cgi-bin/message/wxopen/updatablemsg/send", _update),
        Route("/_sim/links", control.endpoint(_control), methods=["GET"]),
    ]
