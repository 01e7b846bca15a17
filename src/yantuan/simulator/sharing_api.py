"""The endpoints of profit sharing under /v3/profitsharing."""

from typing import Any

from starlette.requests import Request
from starlette.routing import Route

from yantuan.simulator import pots, receivers, share_bills, sharing, sharing_returns, transactions
from yantuan.simulator.errors import PayError, bad_parameter
from yantuan.simulator.fields import Flag, Group, Integer, Many, Rule, Text, read_body
from yantuan.simulator.merchants import Account
from yantuan.simulator.parties import check_kind, sub_account, sub_of
from yantuan.simulator.payv3 import Answer, Work, endpoint
from yantuan.simulator.signing import SignedCall
from yantuan.simulator.world import World

BASE = "/v3/profitsharing"
_TYPES = ("MERCHANT_ID", "PERSONAL_OPENID", "PERSONAL_SUB_OPENID")
_RELATIONS = (
    "SERVICE_PROVIDER", "STORE", "STAFF", "STORE_OWNER", "PARTNER", "HEADQUARTER", "BRAND", "DISTRIBUTOR", "USER",
    "SUPPLIER", "CUSTOM",
)  # fmt: skip
_OWN_NUMBER = Text(64, 1, r"[0-9A-Za-z_\-|*@]+", required=True)
_SUB: dict[str, Rule] = {"sub_mchid": Text(32)}
_APPS: dict[str, Rule] = {**_SUB, "appid": Text(32, required=True), "sub_appid": Text(32)}
_WHO: dict[str, Rule] = {"type": Text(32, choices=_TYPES, required=True), "account": Text(64, required=True)}
_TRANSACTION = Text(32, required=True)
_SAID = Text(80, required=True)
ADD_RULES = Group(
    {
        **_APPS,
        **_WHO,
        "name": Text(10240),
        "relation_type": Text(32, choices=_RELATIONS, required=True),
        "custom_relation": Text(10),
    }
)
DELETE_RULES = Group({**_APPS, **_WHO})
_PART = Group(
    {**_WHO, "name": Text(10240), "amount": Integer(1, required=True), "description": _SAID}, required=True
)
SHARE_RULES = Group(
    {
        **_APPS,
        "transaction_id": _TRANSACTION,
        "out_order_no": _OWN_NUMBER,
        "receivers": Many(_PART, 50, required=True),
        "unfreeze_unsplit": Flag(required=True),
    }
)
UNFREEZE_RULES = Group(
    {**_SUB, "transaction_id": _TRANSACTION, "out_order_no": _OWN_NUMBER, "description": _SAID}
)
RETURN_RULES = Group(
    {
        **_SUB,
        "order_id": Text(64),
        "out_order_no": Text(64),
        "out_return_no": _OWN_NUMBER,
        "return_mchid": Text(32, required=True),
        "amount": Integer(1, required=True),
        "description": _SAID,
    }
)


def _writing(rules: Group, verb: Any) -> Work:
    def work(world: World, request: Request, call: SignedCall) -> Answer:
        return 200, verb(world, call, read_body(call.body, rules))

    return work


def _needed(request: Request, name: str) -> str:
    value = request.query_params.get(name)
    if not value:
        raise bad_parameter(f"/{name}", "必填字段缺失", None, "query")
    return value


def _asker(world: World, request: Request, call: SignedCall) -> Account:
    sharing.finish_due(world)
    sharing_returns.finish_due(world)
    return receivers.sharer(world, call.merchant, request.query_params.get("sub_mchid"), "query")


def _query(world: World, request: Request, call: SignedCall) -> Answer:
    account, transaction_id = _asker(world, request, call), _needed(request, "transaction_id")
    found = sharing.get(world, account.mchid, request.path_params["out_order_no"])
    order = transactions.get(world, found["out_trade_no"])
    if (order["transaction_id"], order["sub_mchid"]) != (transaction_id, account.sub_mchid):
        raise PayError(404, "RESOURCE_NOT_EXISTS", "分账单不存在")
    return 200, sharing.shown(world, found)


def _query_return(world: World, request: Request, call: SignedCall) -> Answer:
    account, out_order_no = _asker(world, request, call), _needed(request, "out_order_no")
    found = sharing_returns.get(world, account.mchid, request.path_params["out_return_no"])
    shown = sharing_returns.shown(world, found)
    if (shown["out_order_no"], shown.get("sub_mchid", "")) != (out_order_no, account.sub_mchid):
        raise PayError(404, "RESOURCE_NOT_EXISTS", "回退单不存在")
    return 200, shown


def _amounts(world: World, request: Request, call: SignedCall) -> Answer:
    sharing.finish_due(world)
    try:
        order = transactions.get_by_transaction(world, request.path_params["transaction_id"])
    except PayError:
        raise PayError(404, "RESOURCE_NOT_EXISTS", "订单不存在") from None
    if order["mchid"] != call.merchant.mchid:
        raise PayError(404, "RESOURCE_NOT_EXISTS", "订单不存在")
    left = pots.unsplit(world, order) if order["sharing"] else 0
    return 200, {"transaction_id": order["transaction_id"], "unsplit_amount": left}


def _config(world: World, request: Request, call: SignedCall) -> Answer:
    check_kind(call.merchant, "provider")
    account = sub_account(world, call.merchant, request.path_params["sub_mchid"], "path")
    return 200, {"sub_mchid": account.sub_mchid, "max_ratio": sub_of(world, account)["max_ratio"]}


def _bill(world: World, request: Request, call: SignedCall) -> Answer:
    sharing.finish_due(world)
    sharing_returns.finish_due(world)
    return 200, share_bills.announce(world, call.merchant, request.query_params)


def routes() -> list[Route]:
    def post(path: str, operation: str, work: Work) -> Route:
        return Route(f"{BASE}{path}", endpoint(operation, work), methods=["POST"])

    def get(path: str, operation: str, work: Work) -> Route:
        return Route(f"{BASE}{path}", endpoint(operation, work))

    return [
        post("/receivers/add", "share_receiver", _writing(ADD_RULES, receivers.add)),
        post("/receivers/delete", "share_receiver", _writing(DELETE_RULES, receivers.delete)),
        post("/orders", "share", _writing(SHARE_RULES, sharing.share)),
        post("/orders/unfreeze", "share_unfreeze", _writing(UNFREEZE_RULES, sharing.unfreeze)),
        get("/orders/{out_order_no}", "share_query", _query),
        post("/return-orders", "share_return", _writing(RETURN_RULES, sharing_returns.take_back)),
        get("/return-orders/{out_return_no}", "share_return_query", _query_return),
        get("/transactions/{transaction_id}/amounts", "share_amounts", _amounts),
        get("/merchant-configs/{sub_mchid}", "share_config", _config),
        get("/bills", "share_bill", _bill),
    ]
