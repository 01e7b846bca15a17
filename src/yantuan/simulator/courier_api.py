"""kuaidi100 and kdniao over HTTP: signatures verified, every documented code, the lock on numbers asked about too often."""

import hmac
import json
from dataclasses import asdict
from typing import Any
from urllib.parse import parse_qsl

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from yantuan.simulator import couriers
from yantuan.simulator.addresses import split_plain
from yantuan.simulator.clock import rfc3339
from yantuan.simulator.control import endpoint
from yantuan.simulator.couriers import CARRIERS, LOCK_SECONDS, NEED_PHONE
from yantuan.simulator.errors import ControlError
from yantuan.simulator.world import World

HUNDRED_WORDS = {
    "400": "提交的数据不完整，或者贵公司没授权", "408": "验证码错误，请核对手机号后四位", "500": "查询无结果，请隔段时间再查",
    "501": "服务器错误", "502": "服务器繁忙", "503": "验证签名失败", "600": "您不是合法的订阅者（即授权Key出错）",
    "601": "POLL:KEY已过期", "700": "订阅方的订阅数据存在错误", "701": "拒绝订阅的快递公司",
    "702": "POLL:识别不到该单号对应的快递公司",
}  # fmt: skip
LOCKED = "该单号查询过于频繁，已锁单，请30分钟后再查"
LOCK_CODE = "407"
"""The service's code for a lock is not published; the word in the sentence is what tells."""
BIRD_PLANS = {"1002": "query", "8001": "query", "1008": "watch", "8008": "watch"}


class _Refused(Exception):
    """kuaidi100's no."""

    def __init__(self, code: str, message: str = "") -> None:
        super().__init__(code)
        self.code, self.message = code, message or HUNDRED_WORDS.get(code, "未知错误")


class _NotTaken(Exception):
    """kdniao's no, in a sentence."""


async def _form(request: Request) -> dict[str, str]:
    return dict(parse_qsl((await request.body()).decode("utf-8", "replace"), keep_blank_values=True))


def _note(world: World, request: Request, what: str, code: str) -> None:
    call = {
        "at": rfc3339(world.clock.now()),
        "what": what,
        "method": request.method,
        "path": request.url.path,
    }
    world.calls.appendleft({**call, "status": 200, "code": code})


async def _query(request: Request) -> Response:
    world: World = request.app.state.world
    try:
        answer = _queried(world, await _form(request))
        code = ""
    except _Refused as no:
        code, answer = no.code, {"result": False, "returnCode": no.code, "message": no.message}
    _note(world, request, "kuaidi100.query", code)
    return JSONResponse(answer)


def _queried(world: World, form: dict[str, str]) -> dict[str, Any]:
    own = world.credentials
    param = form.get("param", "")
    right = couriers.md5_upper(param + own.kuaidi100_key + own.kuaidi100_customer)
    if form.get("customer") != own.kuaidi100_customer or not hmac.compare_digest(
        form.get("sign", "").encode(), right.encode()
    ):
        raise _Refused("503")
    asked = _json(param, "400")
    com, number = str(asked.get("com") or ""), str(asked.get("num") or "")
    if com not in CARRIERS or not 6 <= len(number) <= 32:
        raise _Refused("400", "" if com in CARRIERS else "找不到对应公司")
    fault = world.faults.take("kuaidi100_query")
    if fault is not None:
        raise _Refused(fault.value)
    waybill = couriers.find(world, number)
    _refuse_wrong_phone(com, str(asked.get("phone") or ""), waybill["phone_tail"] if waybill else "")
    _lock(world, number, com)
    steps = couriers.steps_of(waybill) if waybill else []
    if waybill is None or not steps or waybill["com"] != com:
        raise _Refused("500")
    return couriers.hundred_result(number, com, steps)


def _refuse_wrong_phone(com: str, phone: str, tail: str) -> None:
    if com in NEED_PHONE and (len(phone) < 4 or (tail and not phone.endswith(tail))):
        raise _Refused("408")


def _lock(world: World, number: str, com: str) -> None:
    """A number asked about again within half an hour is locked for half an hour more."""
    now = world.clock.now()
    held = couriers.find(world, number)
    if held is None:
        world.db.insert("waybills", number=number, com=com, asked_at=now)
        return
    early = held["asked_at"] is not None and now - held["asked_at"] < LOCK_SECONDS
    if early or (held["locked_until"] or 0) > now:
        world.db.run("UPDATE waybills SET locked_until = ? WHERE number = ?", now + LOCK_SECONDS, number)
        raise _Refused(LOCK_CODE, LOCKED)
    world.db.run("UPDATE waybills SET asked_at = ? WHERE number = ?", now, number)


def _json(text: str, code: str) -> dict[str, Any]:
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        raise _Refused(code) from None
    if not isinstance(value, dict):
        raise _Refused(code)
    return value


async def _subscribe(request: Request) -> Response:
    world: World = request.app.state.world
    try:
        _subscribed(world, await _form(request))
        code, answer = "", {"result": True, "returnCode": "200", "message": "提交成功"}
    except _Refused as no:
        code, answer = no.code, {"result": False, "returnCode": no.code, "message": no.message}
    _note(world, request, "kuaidi100.subscribe", code)
    return JSONResponse(answer)


def _subscribed(world: World, form: dict[str, str]) -> None:
    asked = _json(form.get("param", ""), "700")
    if form.get("schema") != "json":
        raise _Refused("700")
    if asked.get("key") != world.credentials.kuaidi100_key:
        raise _Refused("600")
    fault = world.faults.take("kuaidi100_subscribe")
    if fault is not None:
        raise _Refused(fault.value, "重复订阅" if fault.value == "501" else "")
    com, number = str(asked.get("company") or ""), str(asked.get("number") or "")
    more = asked.get("parameters")
    callback = str(more.get("callbackurl") or "") if isinstance(more, dict) else ""
    if not isinstance(more, dict) or not 6 <= len(number) <= 32 or split_plain(callback) is None:
        raise _Refused("700")
    if com not in CARRIERS:
        raise _Refused("702")
    waybill = couriers.find(world, number)
    _refuse_wrong_phone(com, str(more.get("phone") or ""), waybill["phone_tail"] if waybill else "")
    if not couriers.watch(world, "kuaidi100", number, com, callback, str(more.get("salt") or ""), ""):
        raise _Refused("501", "重复订阅")


async def _bird(request: Request) -> Response:
    world: World = request.app.state.world
    account = world.credentials.kdniao_business_id
    try:
        answer, reason = {"EBusinessID": account, **_told(world, await _form(request))}, ""
    except _NotTaken as no:
        reason = str(no)
        answer = {"EBusinessID": account, "Success": False, "Reason": reason}
    _note(world, request, "kdniao", reason)
    return JSONResponse(answer)


def _told(world: World, form: dict[str, str]) -> dict[str, Any]:
    asked, what = _verified(world, form)
    number, token = str(asked.get("LogisticCode") or ""), str(asked.get("OrderCode") or "")
    com = next((com for com, bird in CARRIERS.items() if bird == asked.get("ShipperCode")), "")
    if not com:
        raise _NotTaken("快递公司编码不正确")
    if not number:
        raise _NotTaken("物流单号不能为空")
    waybill = couriers.find(world, number)
    tail, given = waybill["phone_tail"] if waybill else "", str(asked.get("CustomerName") or "")
    if com in NEED_PHONE and (len(given) != 4 or (tail and given != tail)):
        raise _NotTaken("CustomerName 须为收件人或寄件人手机号后四位")
    if what == "watch":
        couriers.watch(world, "kdniao", number, com, f"{world.product_url or ''}/notify/kdniao", "", token)
        return {"UpdateTime": rfc3339(world.clock.now()), "Success": True, "Reason": ""}
    steps = couriers.steps_of(waybill) if waybill and waybill["com"] == com else []
    return couriers.bird_result(number, com, steps, token)


def _verified(world: World, form: dict[str, str]) -> tuple[dict[str, Any], str]:
    """What a genuine request asks, and whether it is a query or a subscription."""
    own = world.credentials
    text = form.get("RequestData", "")
    if form.get("EBusinessID") != own.kdniao_business_id:
        raise _NotTaken("用户ID不存在，身份验证不通过")
    right = couriers.bird_sign(text, own.kdniao_app_key)
    if not hmac.compare_digest(form.get("DataSign", "").encode(), right.encode()):
        raise _NotTaken("数据签名验证不通过")
    what = BIRD_PLANS.get(form.get("RequestType", ""))
    if what is None or form.get("DataType") != "2":
        raise _NotTaken("请求指令类型不正确")
    fault = world.faults.take("kdniao")
    if fault is not None:
        raise _NotTaken(fault.value)
    try:
        asked = json.loads(text)
    except (ValueError, RecursionError):
        asked = None
    if not isinstance(asked, dict):
        raise _NotTaken("非法参数")
    return asked, what


async def _parcels(world: World, request: Request, body: dict[str, Any]) -> Any:
    """GET lists; POST lets a carrier tell more and pushes it, unless `push` is false."""
    if request.method == "POST":
        number = str(body.get("number") or "")
        steps = body.get("steps", [{"status": body["status"]}] if "status" in body else [])
        if not number or not isinstance(steps, list) or not all(isinstance(one, dict) for one in steps):
            raise ControlError("field_invalid", "number 或 steps 不对", "number or steps is not valid")
        couriers.advance(world, number, str(body.get("com") or ""), str(body.get("phone_tail") or ""), steps)
        sent = []
        if body.get("push", True):
            sent = await couriers.push(world, request.app.state.courier, number)
        return {"number": number, "pushes": [asdict(one) for one in sent]}
    rows = world.db.rows("SELECT * FROM waybills ORDER BY rowid DESC LIMIT 200")
    watched = world.db.rows(
        "SELECT provider, number, com, callback, token, state FROM waybill_watches ORDER BY id DESC"
    )
    return {
        "parcels": [{"number": r["number"], "com": r["com"], "steps": couriers.steps_of(r)} for r in rows],
        "watches": [dict(row) for row in watched],
    }


async def _push(world: World, request: Request, body: dict[str, Any]) -> Any:
    """Push what is known again: `kind` plain, duplicate, reordered, forged or unsigned; `status` polling, shutdown or abort."""
    kind = str(body.get("kind") or "plain")
    if kind not in ("plain", "duplicate", "reordered", "forged", "unsigned"):
        raise ControlError("kind_invalid", "没有这种推送", "No such kind of push")
    sent = await couriers.push(
        world, request.app.state.courier, str(body.get("number") or ""), kind, str(body.get("status") or "")
    )
    return {"pushes": [asdict(one) for one in sent]}


def routes() -> list[Route]:
    return [
        Route("/poll/query.do", _query, methods=["POST"]),
        Route("/poll", _subscribe, methods=["POST"]),
        Route("/Ebusiness/EbusinessOrderHandle.aspx", _bird, methods=["POST"]),
        Route("/_sim/parcels", endpoint(_parcels), methods=["GET", "POST"]),
        Route("/_sim/parcels/push", endpoint(_push), methods=["POST"]),
    ]
