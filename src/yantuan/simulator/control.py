"""The JSON API under `/_sim` with which tests and the control page steer the simulator."""

import json
from collections.abc import Awaitable, Callable
from dataclasses import asdict
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from yantuan.simulator import book, due, faults, inbox, messages, notices, tokens, transactions
from yantuan.simulator.clock import rfc3339
from yantuan.simulator.database import Row
from yantuan.simulator.delivery import Courier
from yantuan.simulator.errors import ControlError, PayError
from yantuan.simulator.world import World

Handler = Callable[[World, Request, dict[str, Any]], Awaitable[Any]]
PAY_RESULTS = ("pay", "cancel", "fail")


def endpoint(handler: Handler) -> Callable[[Request], Awaitable[Response]]:
    async def handle(request: Request) -> Response:
        world: World = request.app.state.world
        try:
            return JSONResponse(await handler(world, request, await _body(request)))
        except ControlError as error:
            return JSONResponse(error.body(), error.status)
        except PayError as error:
            return JSONResponse(
                {**error.body(), "message_en": "Refused by the rules of WeChat Pay"}, error.status
            )

    return handle


async def _body(request: Request) -> dict[str, Any]:
    raw = await request.body()
    if not raw:
        return {}
    try:
        body = json.loads(raw)
    except ValueError:
        body = None
    if not isinstance(body, dict):
        raise ControlError("body_invalid", "请求体必须是 JSON 对象", "The body must be a JSON object")
    return body


def _text(body: dict[str, Any], name: str, default: str | None = None) -> str:
    value = body.get(name, default)
    if not isinstance(value, str) or not value:
        raise ControlError("field_invalid", f"{name} 必须是非空字符串", f"{name} must be a non-empty text")
    return value


def _number(body: dict[str, Any], name: str) -> float | None:
    value = body.get(name)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise ControlError("field_invalid", f"{name} 必须是数字", f"{name} must be a number")
    return float(value)


async def _config(world: World, request: Request, body: dict[str, Any]) -> Any:
    if request.method == "POST":
        world.change_settings(body)
        world.wake.set()
    return asdict(world.settings)


async def _faults(world: World, request: Request, body: dict[str, Any]) -> Any:
    if request.method == "POST":
        times = _number(body, "times") if "times" in body else 1.0
        number = world.faults.order(
            _text(body, "kind"),
            # 0 or null: until it is cleared.
            int(times) if times else None,
            body.get("out_trade_no") or None,
            body.get("operation") or None,
            _number(body, "seconds"),
            str(body["value"]) if body.get("value") is not None else None,
        )
        return {"id": number}
    if request.method == "DELETE":
        world.faults.clear(request.query_params.get("kind"))
    kinds = [asdict(kind) for kind in faults.KINDS.values()]
    return {"faults": world.faults.listed(), "kinds": kinds}


async def _reset(world: World, request: Request, body: dict[str, Any]) -> Any:
    world.reset(keep_settings=body.get("keep_settings") is True)
    return {"ok": True}


async def _inbox(world: World, request: Request, body: dict[str, Any]) -> Any:
    if request.method == "DELETE":
        world.db.run("DELETE FROM inbox")
    query = request.query_params
    return {"messages": inbox.listed(world, phone=query.get("phone"), channel=query.get("channel"))}


async def _pay(world: World, request: Request, body: dict[str, Any]) -> Any:
    """What the cashier's buttons do; cancel and fail leave the order payable."""
    number = _text(body, "out_trade_no")
    result = _text(body, "result", "pay")
    if result not in PAY_RESULTS:
        raise ControlError(
            "result_invalid", "result 只能是 pay、cancel 或 fail", "result must be pay, cancel or fail"
        )
    notice_id = None
    if result == "pay":
        notice_id = transactions.pay(world, number, body.get("user"))
    order = transactions.shown(world, transactions.get(world, number))
    return {
        "out_trade_no": number,
        "trade_state": order["trade_state"],
        "transaction_id": order.get("transaction_id"),
        "notice_id": notice_id,
    }


async def _clock(world: World, request: Request, body: dict[str, Any]) -> Any:
    if request.method == "POST":
        offset = _number(body, "offset_seconds")
        world.move_clock(offset or 0.0)
        due.settle(world)
    return {"offset_seconds": world.clock.offset_seconds, "now": rfc3339(world.clock.now())}


def notice_summary(world: World, notice: Row) -> dict[str, Any]:
    """A notice as listed: what it says, how far it got, and every delivery."""
    deliveries = world.db.rows("SELECT * FROM deliveries WHERE notice_id = ? ORDER BY id", notice["id"])
    return {
        "id": notice["id"],
        "event_type": notice["event_type"],
        "out_trade_no": notice["out_trade_no"],
        "out_refund_no": notice["out_refund_no"],
        "state": notice["state"],
        "attempts": notice["attempts"],
        "created_at": rfc3339(notice["created_at"]),
        "next_at": rfc3339(notice["next_at"]) if notice["next_at"] else None,
        "url": notice["url"],
        "flaws": [flaw["kind"] for flaw in json.loads(notice["flaws"])],
        "resource": json.loads(notice["resource"]),
        "deliveries": [
            {
                "at": rfc3339(row["at"]),
                "status": row["status"],
                "milliseconds": row["milliseconds"],
                "answer": row["answer"],
            }
            for row in deliveries
        ],
    }


async def _notices(world: World, request: Request, body: dict[str, Any]) -> Any:
    """Newest first; those not accepted yet come ready to post, freshly signed."""
    due.settle(world)
    rows = world.db.rows(
        "SELECT * FROM notices WHERE ?1 IS NULL OR out_trade_no = ?1 ORDER BY rowid DESC LIMIT 200",
        request.query_params.get("out_trade_no"),
    )
    listed = []
    for row in rows:
        summary = notice_summary(world, row)
        if row["state"] in ("held", "waiting"):
            summary["rendered"] = asdict(notices.render(world, row))
        listed.append(summary)
    return {"notices": listed}


async def _render(world: World, request: Request, body: dict[str, Any]) -> Any:
    """`{url, headers, body}` signed now; `flaws` (names) replaces the notice's own ones."""
    notice = notices.get(world, request.path_params["notice_id"])
    names = body.get("flaws")
    if names is None:
        return asdict(notices.render(world, notice))
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        raise ControlError("field_invalid", "flaws 必须是字符串数组", "flaws must be a list of texts")
    return asdict(notices.render(world, notice, notices.flaws_from(names)))


async def _deliver(world: World, request: Request, body: dict[str, Any]) -> Any:
    courier: Courier = request.app.state.courier
    attempts = await courier.deliver(request.path_params["notice_id"])
    notice = notices.get(world, request.path_params["notice_id"])
    return {"state": notice["state"], "attempts": [asdict(attempt) for attempt in attempts]}


async def _book(world: World, request: Request, body: dict[str, Any]) -> Any:
    return book.summary(world, request.query_params.get("out_trade_no"))


async def _movements(world: World, request: Request, body: dict[str, Any]) -> Any:
    return {"movements": book.movements(world, 500)}


async def _rotate(world: World, request: Request, body: dict[str, Any]) -> Any:
    """A new platform key of the mode named; the old ones stay valid, the new one signs."""
    mode = _text(body, "mode", "certificate" if world.settings.sign_mode == "certificate" else "public_key")
    if mode == "public_key":
        key = world.keyring.rotate("public_key")
    elif mode == "certificate":
        key = world.keyring.rotate("certificate")
    else:
        raise ControlError(
            "mode_invalid", "mode 只能是 public_key 或 certificate", "mode must be public_key or certificate"
        )
    return {"mode": mode, "key_id": key.key_id, "public_path": str(key.public_path.resolve())}


async def _js_codes(world: World, request: Request, body: dict[str, Any]) -> Any:
    """What `wx.login`, the phone button or the OAuth page would hand to the client."""
    person = _text(body, "user")
    kind = _text(body, "kind", "login")
    if kind not in ("login", "phone", "oauth"):
        raise ControlError(
            "kind_invalid", "kind 只能是 login、phone 或 oauth", "kind must be login, phone or oauth"
        )
    own = world.credentials.oa_appid if kind == "oauth" else world.credentials.mini_appid
    appid = _text(body, "appid", own)
    phone = _text(body, "phone") if kind == "phone" else ""
    scope = _text(body, "scope", "snsapi_userinfo") if kind == "oauth" else ""
    code = tokens.mint_code(world, kind, appid, person, scope=scope, phone=phone)
    return {"code": code, "openid": world.openid_of(appid, person), "appid": appid}


async def _consents(world: World, request: Request, body: dict[str, Any]) -> Any:
    """Note that a person accepted subscription messages, as `wx.requestSubscribeMessage` would."""
    openid = body.get("openid")
    if openid is None:
        openid = world.openid_of(world.credentials.mini_appid, _text(body, "user"))
    if not isinstance(openid, str) or world.person_of(openid) is None:
        raise ControlError("openid_unknown", "没有这个 openid", "There is no such openid", 404)
    template_id = _text(body, "template_id", world.credentials.template_new_order)
    count = messages.add_consent(world, openid, template_id, int(_number(body, "count") or 1))
    return {"openid": openid, "template_id": template_id, "count": count}


async def _users(world: World, request: Request, body: dict[str, Any]) -> Any:
    mini, account = world.credentials.mini_appid, world.credentials.oa_appid
    return {
        "users": [
            {
                "name": name,
                "mini_openid": world.openid_of(mini, name),
                "oa_openid": world.openid_of(account, name),
                "unionid": world.unionid_of(name),
            }
            for name in world.people()
        ]
    }


async def _calls(world: World, request: Request, body: dict[str, Any]) -> Any:
    return {"calls": list(world.calls)}


def routes() -> list[Route]:
    def route(path: str, handler: Handler, *methods: str) -> Route:
        return Route("/_sim" + path, endpoint(handler), methods=list(methods))

    return [
        route("/config", _config, "GET", "POST"),
        route("/faults", _faults, "GET", "POST", "DELETE"),
        route("/reset", _reset, "POST"),
        route("/inbox", _inbox, "GET", "DELETE"),
        route("/pay", _pay, "POST"),
        route("/clock", _clock, "GET", "POST"),
        route("/notices", _notices, "GET"),
        route("/notices/{notice_id}/render", _render, "POST"),
        route("/notices/{notice_id}/deliver", _deliver, "POST"),
        route("/book", _book, "GET"),
        route("/movements", _movements, "GET"),
        route("/rotate", _rotate, "POST"),
        route("/js_codes", _js_codes, "POST"),
        route("/consents", _consents, "POST"),
        route("/users", _users, "GET"),
        route("/calls", _calls, "GET"),
    ]
