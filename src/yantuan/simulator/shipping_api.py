"""Routes of the shipping desk under `/wxa/sec/order`, the list of carriers, and their control under `/_sim/shipping`."""

import asyncio
import json
from typing import Any

from starlette.requests import Request
from starlette.routing import Route

from yantuan.simulator import control, push, shipping, tokens, transactions, wechat_api
from yantuan.simulator.database import Row
from yantuan.simulator.errors import ControlError, WechatError
from yantuan.simulator.world import World

WATCH_SECONDS = 1.0


def _shown(world: World, order: Row) -> dict[str, Any]:
    row = shipping.desk_row(world, order)
    answer: dict[str, Any] = {
        "transaction_id": order["transaction_id"],
        "merchant_id": order["mchid"],
        "sub_merchant_id": order["sub_mchid"],
        "merchant_trade_no": order["out_trade_no"],
        "description": order["description"],
        "paid_amount": order["total"],
        "openid": order["payer_openid"],
        "trade_create_time": int(order["created_at"]),
        "pay_time": int(order["paid_at"]),
        "order_state": shipping.state_of(world, order),
        "in_complaint": False,
    }
    if row is not None:
        parcels = json.loads(row["parcels"])
        answer["shipping"] = {
            "delivery_mode": row["delivery_mode"],
            "logistics_type": row["logistics_type"],
            "finish_shipping": bool(row["finished"]),
            "goods_desc": parcels[0]["item_desc"],
            "finish_shipping_count": min(2, row["times"]),
            "shipping_list": [
                {
                    "tracking_no": parcel.get("tracking_no", ""),
                    "express_company": parcel.get("express_company", ""),
                    "goods_desc": parcel["item_desc"],
                    "upload_time": int(row["uploaded_at"]),
                    "contact": parcel.get("contact", {}),
                }
                for parcel in parcels
            ],
        }
    return answer


def _mini(world: World, request: Request) -> None:
    token = tokens.check_token(world, request, request.url.path)
    if token.appid != world.credentials.mini_appid:
        raise WechatError(48001, "api unauthorized")


def _key(body: dict[str, Any]) -> dict[str, Any]:
    if body.get("transaction_id"):
        return {"transaction_id": body["transaction_id"]}
    if not body.get("merchant_id") or not body.get("merchant_trade_no"):
        raise WechatError(10060014, "transaction_id or merchant_id and merchant_trade_no needed")
    return {"mchid": body["merchant_id"], "out_trade_no": body["merchant_trade_no"]}


def _upload(world: World, request: Request, body: dict[str, Any]) -> wechat_api.Result:
    _mini(world, request)
    return shipping.upload(world, body)


def _get_order(world: World, request: Request, body: dict[str, Any]) -> wechat_api.Result:
    _mini(world, request)
    return {"errcode": 0, "errmsg": "ok", "order": _shown(world, shipping.find(world, _key(body)))}


def _get_order_list(world: World, request: Request, body: dict[str, Any]) -> wechat_api.Result:
    _mini(world, request)
    size, after = body.get("page_size", 100), body.get("last_index", "0") or "0"
    if not str(after).isdigit():
        raise WechatError(10060011, "last_index invalid")
    rows = world.db.rows(
        "SELECT rowid AS place, * FROM orders WHERE paid_at IS NOT NULL AND rowid > ? ORDER BY rowid",
        int(after),
    )
    mine = [(row["place"], _shown(world, row)) for row in rows if shipping.belongs(world, row)]
    wanted = [
        (place, shown)
        for place, shown in mine
        if body.get("openid") in (None, shown["openid"])
        and body.get("order_state") in (None, shown["order_state"])
    ]
    page = wanted[: int(size)]
    return {
        "errcode": 0,
        "errmsg": "ok",
        "last_index": str(page[-1][0]) if page else str(after),
        "has_more": len(wanted) > len(page),
        "order_list": [shown for _, shown in page],
    }


def _special(world: World, request: Request, body: dict[str, Any]) -> wechat_api.Result:
    _mini(world, request)
    shipping.special(world, body)
    return {"errcode": 0, "errmsg": "ok"}


def _remind(world: World, request: Request, body: dict[str, Any]) -> wechat_api.Result:
    _mini(world, request)
    order = shipping.find(world, _key(body))
    row = shipping.desk_row(world, order)
    if row is None or not row["finished"]:
        raise WechatError(10060028, "not shipped yet")
    if row["logistics_type"] != shipping.EXPRESS:
        raise WechatError(10060032, "express only")
    at = body.get("received_time")
    if isinstance(at, bool) or not isinstance(at, int):
        raise WechatError(10060014, "received_time invalid")
    if at < int(row["shipped_at"]):
        raise WechatError(10060029, "received_time is before shipping")
    if row["reminded"]:
        raise WechatError(10060030, "the reminder was used")
    world.db.run("UPDATE shipping SET reminded = 1 WHERE out_trade_no = ?", order["out_trade_no"])
    return {"errcode": 0, "errmsg": "ok"}


def _managed(world: World, request: Request, body: dict[str, Any]) -> wechat_api.Result:
    _mini(world, request)
    if body.get("appid") != world.credentials.mini_appid:
        raise WechatError(40013, "invalid appid")
    return {"errcode": 0, "errmsg": "ok", "is_trade_managed": bool(shipping.config_of(world)["managed"])}


def _completed(world: World, request: Request, body: dict[str, Any]) -> wechat_api.Result:
    _mini(world, request)
    return {"errcode": 0, "errmsg": "ok", "completed": bool(shipping.config_of(world)["managed"])}


def _jump_path(world: World, request: Request, body: dict[str, Any]) -> wechat_api.Result:
    _mini(world, request)
    path = body.get("path")
    if not isinstance(path, str) or not path or path.startswith("/"):
        raise WechatError(10060014, "path invalid")
    shipping.change_config(world, {"jump_path": path})
    return {"errcode": 0, "errmsg": "ok"}


def _carriers(world: World, request: Request, body: dict[str, Any]) -> wechat_api.Result:
    _mini(world, request)
    listed = [{"delivery_id": code, "delivery_name": name} for code, name in shipping.CARRIERS.items()]
    return {"errcode": 0, "errmsg": "ok", "delivery_list": listed, "count": len(listed)}


async def _control(world: World, request: Request, body: dict[str, Any]) -> Any:
    """All payments on the desk; a POST changes `managed` or `visible_after`."""
    if request.method == "POST":
        if not set(body) <= {"managed", "visible_after"}:
            raise ControlError("setting_unknown", "没有这个设置", "There is no such setting")
        shipping.change_config(world, body)
    orders = world.db.rows("SELECT * FROM orders WHERE paid_at IS NOT NULL ORDER BY paid_at DESC LIMIT 200")
    listed = [
        {**_shown(world, order), "special": shipping.special_of(world, order)}
        for order in orders
        if shipping.belongs(world, order)
    ]
    return {"config": shipping.config_of(world), "orders": listed}


async def _act(world: World, request: Request, body: dict[str, Any]) -> Any:
    """What the buyer or the platform does next: confirm, settle, or remind the merchant to ship."""
    order = transactions.get(world, str(body.get("out_trade_no", "")))
    try:
        match request.path_params["act"]:
            case "confirm":
                shipping.confirm(world, order)
            case "settle":
                shipping.settle(world, order, int(body.get("method", 1)))
            case "remind":
                words = {**shipping.event_fields(order), "msg": "订单已超过 48 小时未发货"}
                push.queue(world, "trade_manage_remind_shipping", words)
            case _:
                raise ControlError("act_unknown", "没有这个动作", "There is no such act", 404)
    except WechatError as error:
        raise ControlError(
            "refused", "现在不能这样做", error.errmsg, 409, {"errcode": error.errcode}
        ) from None
    return _shown(world, order)


async def watch(world: World) -> None:
    """Settle what is due, for ever."""
    while True:
        shipping.settle_due(world)
        await asyncio.sleep(WATCH_SECONDS)


def routes() -> list[Route]:
    def post(path: str, work: wechat_api.Work) -> Route:
        return Route(path, wechat_api.endpoint(work), methods=["POST"])

    desk = "/wxa/sec/order"
    return [
        post(f"{desk}/upload_shipping_info", _upload),
        post(f"{desk}/get_order", _get_order),
        post(f"{desk}/get_order_list", _get_order_list),
        post(f"{desk}/notify_confirm_receive", _remind),
        post(f"{desk}/opspecialorder", _special),
        post(f"{desk}/is_trade_managed", _managed),
        post(f"{desk}/is_trade_management_confirmation_completed", _completed),
        post(f"{desk}/set_msg_jump_path", _jump_path),
        post("/cgi-bin/express/delivery/open_msg/get_delivery_list", _carriers),
        Route("/_sim/shipping", control.endpoint(_control), methods=["GET", "POST"]),
        Route("/_sim/shipping/{act}", control.endpoint(_act), methods=["POST"]),
    ]
