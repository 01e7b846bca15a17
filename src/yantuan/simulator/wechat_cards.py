"""Service cards after a payment: `/wxa/set_user_notify` and its kin."""

import json
from typing import Any

from starlette.requests import Request
from starlette.routing import Route

from yantuan.simulator import control, tokens, wechat_api
from yantuan.simulator.database import Row
from yantuan.simulator.errors import WechatError
from yantuan.simulator.world import World

TYPES = (2001, 2002, 2003, 2006)
FROM: dict[int, dict[int, tuple[int, ...]]] = {
    2001: {1: (7,), 2: (1, 7), 3: (1, 2, 3, 7), 4: (1, 2, 3, 7)},
    2002: {1: (7,), 2: (1, 7)},
}
"""Type → step → the steps it may follow, as far as documented: paid, being prepared, partly shipped, shipped. No other step is known here."""
WITH_GOODS = (1, 2)
"""Steps that must name the goods."""
ACTIVATION_SECONDS = 86_400
LIFE_SECONDS = 30 * 86_400


def _notify(world: World, request: Request, body: dict[str, Any]) -> wechat_api.Result:
    token = tokens.check_token(world, request, request.url.path)
    openid, kind = str(body.get("openid", "")), body.get("notify_type")
    if world.person_of(openid, token.appid) is None:
        raise WechatError(40003, "invalid openid")
    if isinstance(kind, bool) or kind not in TYPES:
        raise WechatError(85434, "invalid notify_type")
    order = _payment(world, str(body.get("notify_code", "")), openid)
    content = _content(body, kind)
    card = world.db.row(
        "SELECT * FROM service_cards WHERE notify_code = ? AND notify_type = ?", order["transaction_id"], kind
    )
    if card is None:
        _activate(world, order, openid, kind, content, body)
    else:
        _change(world, card, content)
    return {"errcode": 0, "errmsg": "ok"}


def _payment(world: World, code: str, openid: str) -> Row:
    order = world.db.row("SELECT * FROM orders WHERE transaction_id = ?", code)
    if order is None or world.faults.take("card_not_visible", order["out_trade_no"]):
        raise WechatError(85437, "notify_code not exist")
    if order["payer_openid"] != openid:
        raise WechatError(40003, "invalid openid")
    return order


def _content(body: dict[str, Any], kind: int) -> dict[str, Any]:
    raw = body.get("content_json")
    if not isinstance(raw, str) or not raw:
        raise WechatError(85440, "content_json is required")
    try:
        content = json.loads(raw)
    except ValueError:
        raise WechatError(85441, "content_json format error") from None
    if not isinstance(content, dict):
        raise WechatError(85441, "content_json format error")
    state = content.get("cur_status")
    if isinstance(state, bool) or state not in FROM.get(kind, {}):
        raise WechatError(85439, "invalid cur_status")
    if not content.get("wxa_path_query"):
        raise WechatError(85440, "wxa_path_query needed")
    if state in WITH_GOODS:
        _goods(content)
    return content


def _goods(content: dict[str, Any]) -> None:
    count, goods = content.get("product_count"), content.get("product_list")
    if isinstance(count, bool) or not isinstance(count, int):
        raise WechatError(85440, "product_count needed")
    listed = goods.get("info_list") if isinstance(goods, dict) else None
    if not isinstance(listed, list) or not listed:
        raise WechatError(85440, "product_list needed")
    needed = ("product_img", "product_name", "product_path_query")
    for one in listed:
        if not isinstance(one, dict) or not all(one.get(name) for name in needed):
            raise WechatError(85435, "invalid product_list")
        if not str(one["product_img"]).startswith("https://"):
            raise WechatError(85435, "invalid product_img")


def _activate(
    world: World, order: Row, openid: str, kind: int, content: dict[str, Any], body: dict[str, Any]
) -> None:
    try:
        check = json.loads(str(body.get("check_json", "")))
    except ValueError:
        raise WechatError(85433, "invalid check_json") from None
    if not isinstance(check, dict) or check.get("pay_amount") != order["total"]:
        raise WechatError(85433, "invalid check_json, pay_amount")
    if not isinstance(check.get("pay_time"), int) or abs(check["pay_time"] - order["paid_at"]) > 300:
        raise WechatError(85433, "invalid check_json, pay_time")
    if world.clock.now() > order["paid_at"] + ACTIVATION_SECONDS:
        raise WechatError(85438, "notify_code expired")
    if content["cur_status"] not in (1, 2):
        raise WechatError(85439, "a card begins paid or preparing")
    world.db.insert(
        "service_cards",
        notify_code=order["transaction_id"], notify_type=kind, openid=openid, state=content["cur_status"],
        content=json.dumps(content, ensure_ascii=False), at=world.clock.now(),
    )  # fmt: skip


def _change(world: World, card: Row, content: dict[str, Any]) -> None:
    if world.clock.now() > card["at"] + LIFE_SECONDS:
        raise WechatError(85438, "notify_code expired")
    text = json.dumps(content, ensure_ascii=False)
    if text == card["content"]:
        raise WechatError(85448, "already pushed")
    if card["state"] not in FROM[card["notify_type"]][content["cur_status"]]:
        raise WechatError(85439, "cur_status may not follow the one before")
    world.db.run(
        "UPDATE service_cards SET state = ?, content = ?, updates = updates + 1 WHERE notify_code = ? AND notify_type = ?",
        content["cur_status"], text, card["notify_code"], card["notify_type"],
    )  # fmt: skip


def _query(world: World, request: Request, body: dict[str, Any]) -> wechat_api.Result:
    tokens.check_token(world, request, request.url.path)
    card = world.db.row(
        "SELECT * FROM service_cards WHERE notify_code = ? AND notify_type = ? AND openid = ?",
        str(body.get("notify_code", "")), body.get("notify_type"), str(body.get("openid", "")),
    )  # fmt: skip
    if card is None:
        raise WechatError(85437, "notify_code not exist")
    info = {
        "notify_type": card["notify_type"],
        "content_json": card["content"],
        "code_state": card["state"],
        "code_expire_time": int(card["at"] + LIFE_SECONDS),
    }
    return {"errcode": 0, "errmsg": "ok", "notify_info": info}


async def _control(world: World, request: Request, body: dict[str, Any]) -> Any:
    rows = world.db.rows("SELECT * FROM service_cards ORDER BY rowid DESC LIMIT 200")
    return {"cards": [{**dict(row), "content": json.loads(row["content"])} for row in rows]}


def routes() -> list[Route]:
    return [
        Route("/wxa/set_user_notify", wechat_api.endpoint(_notify), methods=["POST"]),
        Route("/wxa/get_user_notify", wechat_api.endpoint(_query), methods=["POST"]),
        Route("/_sim/cards", control.endpoint(_control), methods=["GET"]),
    ]
