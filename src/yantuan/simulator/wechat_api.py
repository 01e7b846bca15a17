"""The WeChat server APIs under `/cgi-bin`, `/wxa` and `/sns`."""

import asyncio
import base64
import hashlib
import io
import json
import secrets
from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import urlencode

import segno
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from yantuan.simulator import messages, tokens
from yantuan.simulator.clock import rfc3339
from yantuan.simulator.errors import WechatError
from yantuan.simulator.world import World

Result = dict[str, Any] | Response
Work = Callable[[World, Request, dict[str, Any]], Result]
SCENE_LETTERS = frozenset(
    "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz!#$&'()*+,/:;=?@-._~"
)


def endpoint(work: Work) -> Callable[[Request], Awaitable[Response]]:
    """Wrap `work`: ordered faults, JSON body, and errors as HTTP 200 with errcode, as WeChat does."""

    async def handle(request: Request) -> Response:
        world: World = request.app.state.world
        path = request.url.path
        slow = world.faults.take("wechat_slow", None, path)
        if slow is not None:
            await asyncio.sleep(slow.seconds)
        try:
            _refuse_on_order(world, path)
            result = work(world, request, await _json_body(request))
        except WechatError as error:
            result = {"errcode": error.errcode, "errmsg": f"{error.errmsg} rid: {_rid()}"}
        errcode = result.get("errcode", 0) if isinstance(result, dict) else 0
        world.calls.appendleft(
            {
                "at": rfc3339(world.clock.now()),
                "what": path.rsplit("/", 1)[-1],
                "method": request.method,
                "path": path,
                "status": 200,
                "code": errcode or "",
            }
        )
        return answer(result) if isinstance(result, dict) else result

    return handle


def answer(body: dict[str, Any]) -> Response:
    # The content type is as unreliable as WeChat's own: clients must parse the text themselves.
    text = json.dumps(body, ensure_ascii=False, separators=(",", ":"))
    return Response(text.encode(), 200, {"Content-Type": "text/plain"})


def _rid() -> str:
    return f"{secrets.token_hex(4)}-{secrets.token_hex(4)}-{secrets.token_hex(4)}"


def _refuse_on_order(world: World, path: str) -> None:
    if world.faults.take("wechat_busy", None, path):
        raise WechatError(-1, "system error")
    if world.faults.take("wechat_quota", None, path):
        raise WechatError(45009, "reach max api daily quota limit")
    ordered = world.faults.take("wechat_code", None, path)
    if ordered is not None:
        code, _, words = ordered.value.partition(":")
        raise WechatError(int(code), words or "refused as ordered")


async def _json_body(request: Request) -> dict[str, Any]:
    if request.method != "POST":
        return {}
    raw = await request.body()
    if not raw:
        raise WechatError(44002, "empty post data")
    try:
        body = json.loads(raw)
    except ValueError:
        raise WechatError(47001, "data format error") from None
    if not isinstance(body, dict):
        raise WechatError(47001, "data format error")
    return body


def check_secret(world: World, appid: str, secret: str) -> None:
    """Raise WechatError unless the pair is the mini-program's or the official account's."""
    known = {
        world.credentials.mini_appid: world.credentials.mini_secret,
        world.credentials.oa_appid: world.credentials.oa_secret,
    }
    if not appid:
        raise WechatError(41002, "appid missing")
    if not secret:
        raise WechatError(41004, "appsecret missing")
    if appid not in known:
        raise WechatError(40013, "invalid appid")
    if known[appid] != secret:
        raise WechatError(40125, "invalid appsecret")


def _stable_token(world: World, request: Request, body: dict[str, Any]) -> Result:
    if body.get("grant_type") != "client_credential":
        raise WechatError(40002, "invalid grant_type")
    appid = str(body.get("appid", ""))
    check_secret(world, appid, str(body.get("secret", "")))
    token = tokens.stable_token(world, appid, body.get("force_refresh") is True)
    return {"access_token": token.token, "expires_in": token.expires_in}


def _legacy_token(world: World, request: Request, body: dict[str, Any]) -> Result:
    query = request.query_params
    if query.get("grant_type") != "client_credential":
        raise WechatError(40002, "invalid grant_type")
    check_secret(world, query.get("appid", ""), query.get("secret", ""))
    token = tokens.legacy_token(world, query["appid"])
    return {"access_token": token.token, "expires_in": token.expires_in}


def _jscode2session(world: World, request: Request, body: dict[str, Any]) -> Result:
    query = request.query_params
    check_secret(world, query.get("appid", ""), query.get("secret", ""))
    if query.get("grant_type") != "authorization_code":
        raise WechatError(40002, "invalid grant_type")
    got = tokens.redeem_code(world, "login", query["appid"], query.get("js_code", ""))
    world.db.run("INSERT OR REPLACE INTO content_seen VALUES (?, ?)", got.openid, world.clock.now())
    return {
        "openid": got.openid,
        "session_key": base64.b64encode(secrets.token_bytes(16)).decode(),
        "unionid": world.unionid_of(got.person),
    }


def _phone_number(world: World, request: Request, body: dict[str, Any]) -> Result:
    token = tokens.check_token(world, request, request.url.path)
    got = tokens.redeem_code(world, "phone", token.appid, str(body.get("code", "")))
    return {
        "errcode": 0,
        "errmsg": "ok",
        "phone_info": {
            "phoneNumber": got.phone,
            "purePhoneNumber": got.phone,
            "countryCode": "86",
            "watermark": {"timestamp": int(world.clock.now()), "appid": token.appid},
        },
    }


def _subscribe_send(world: World, request: Request, body: dict[str, Any]) -> Result:
    token = tokens.check_token(world, request, request.url.path)
    return messages.send_subscribe(world, token.appid, body)


def _template_send(world: World, request: Request, body: dict[str, Any]) -> Result:
    token = tokens.check_token(world, request, request.url.path)
    return messages.send_template(world, token.appid, body)


def _ticket(world: World, request: Request, body: dict[str, Any]) -> Result:
    token = tokens.check_token(world, request, request.url.path)
    if request.query_params.get("type") != "jsapi":
        raise WechatError(40097, "invalid args, type")
    ticket = tokens.newest(world, "ticket", token.appid)
    if ticket is None or ticket.expires_in <= tokens.OVERLAP_SECONDS:
        ticket = tokens.new_token(world, "ticket", token.appid)
    return {"errcode": 0, "errmsg": "ok", "ticket": ticket.token, "expires_in": ticket.expires_in}


def _wxacode(world: World, request: Request, body: dict[str, Any]) -> Result:
    tokens.check_token(world, request, request.url.path)
    scene = body.get("scene")
    if not isinstance(scene, str) or not scene:
        raise WechatError(40129, "invalid scene")
    if len(scene) > 32 or not set(scene) <= SCENE_LETTERS:
        raise WechatError(40169, "invalid length for scene, or the data is not json string")
    page = body.get("page", "")
    if not isinstance(page, str) or "?" in page:
        raise WechatError(41030, "invalid page")
    if page and body.get("check_path", True):
        if world.faults.take("wechat_unpublished"):
            raise WechatError(41030, "invalid page")
        messages.check_page(world, page)
    width = body.get("width", 430)
    if isinstance(width, bool) or not isinstance(width, int) or not 280 <= width <= 1280:
        raise WechatError(40097, "invalid args, width")
    if body.get("env_version", "release") not in ("release", "trial", "develop"):
        raise WechatError(40097, "invalid args, env_version")
    return Response(
        _code_picture(world, page, scene, width, body.get("is_hyaline") is True), media_type="image/png"
    )


def _code_picture(world: World, page: str, scene: str, width: int, transparent: bool) -> bytes:
    code = segno.make(
        f"{world.public_url}/wxacode?{urlencode({'page': page, 'scene': scene})}", error="m", micro=False
    )
    scale = max(1, width // code.symbol_size(border=2)[0])
    picture = io.BytesIO()
    code.save(
        picture, kind="png", scale=scale, border=2, dark="#1F2329", light=None if transparent else "#FFFFFF"
    )
    return picture.getvalue()


def _oauth_token(world: World, request: Request, body: dict[str, Any]) -> Result:
    query = request.query_params
    check_secret(world, query.get("appid", ""), query.get("secret", ""))
    if query.get("grant_type") != "authorization_code":
        raise WechatError(40002, "invalid grant_type")
    if not query.get("code"):
        raise WechatError(41008, "missing code")
    got = tokens.redeem_code(world, "oauth", query["appid"], query["code"])
    token = tokens.new_token(world, "oauth", query["appid"], got.openid, got.scope)
    result: dict[str, Any] = {
        "access_token": token.token,
        "expires_in": token.expires_in,
        "refresh_token": tokens.new_token(world, "refresh", query["appid"], got.openid, got.scope).token,
        "openid": got.openid,
        "scope": got.scope,
    }
    if got.snapshot:
        result["is_snapshotuser"] = 1
    if got.scope == "snsapi_userinfo" and not got.snapshot:
        result["unionid"] = world.unionid_of(got.person)
    return result


def _userinfo(world: World, request: Request, body: dict[str, Any]) -> Result:
    query = request.query_params
    row = world.db.row(
        "SELECT * FROM tokens WHERE token = ? AND kind = 'oauth'", query.get("access_token", "")
    )
    if row is None:
        raise WechatError(40001, "invalid credential, access_token is invalid or not latest")
    if row["expires_at"] <= world.clock.now():
        raise WechatError(42001, "access_token expired")
    if row["openid"] != query.get("openid"):
        raise WechatError(40003, "invalid openid")
    if row["scope"] != "snsapi_userinfo":
        raise WechatError(48001, "api unauthorized")
    person = world.person_of(row["openid"]) or ""
    face = hashlib.sha256(person.encode()).hexdigest()[:8]
    return {
        "openid": row["openid"],
        "nickname": person,
        "sex": 0,
        "language": "",
        "city": "",
        "province": "",
        "country": "",
        "headimgurl": f"{world.public_url}/faces/{face}/132",
        "privilege": [],
        "unionid": world.unionid_of(person),
    }


def routes() -> list[Route]:
    def post(path: str, work: Work) -> Route:
        return Route(path, endpoint(work), methods=["POST"])

    def get(path: str, work: Work) -> Route:
        return Route(path, endpoint(work), methods=["GET"])

    return [
        post("/cgi-bin/stable_token", _stable_token),
        get("/cgi-bin/token", _legacy_token),
        get("/sns/jscode2session", _jscode2session),
        post("/wxa/business/getuserphonenumber", _phone_number),
        post("/cgi-bin/message/subscribe/send", _subscribe_send),
        post("/cgi-bin/message/template/send", _template_send),
        get("/cgi-bin/ticket/getticket", _ticket),
        post("/wxa/getwxacodeunlimit", _wxacode),
        get("/sns/oauth2/access_token", _oauth_token),
        get("/sns/userinfo", _userinfo),
    ]
