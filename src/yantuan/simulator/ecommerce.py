"""The endpoints of 收付通 that differ from partner mode: sharing under /v3/ecommerce, and refunds."""

from typing import Any

from starlette.requests import Request
from starlette.routing import Route

from yantuan.simulator import pots, receivers, refunds, sharing, sharing_returns, transactions
from yantuan.simulator.errors import PayError, bad_parameter
from yantuan.simulator.fields import REFUND_RULES, Flag, Group, Integer, Many, Text, read_body
from yantuan.simulator.merchants import Account, Merchant
from yantuan.simulator.parties import check_appid, sub_account
from yantuan.simulator.payv3 import Answer, Work, endpoint
from yantuan.simulator.sealing import opened
from yantuan.simulator.signing import SignedCall
from yantuan.simulator.world import World

BASE = "/v3/ecommerce"
_TYPE = Text(32, choices=("MERCHANT_ID", "PERSONAL_OPENID"), required=True)
_RELATIONS = ("SUPPLIER", "DISTRIBUTOR", "SERVICE_PROVIDER", "PLATFORM", "OTHERS")
_NEEDED = Text(64, required=True)
_OWN = Text(64, 1, r"[0-9A-Za-z_\-|*@]+", required=True)
_WHO = {"appid": Text(32, required=True), "type": _TYPE, "account": _NEEDED}
ADD_RULES = Group(
    {
        **_WHO,
        "name": Text(256),
        "encrypted_name": Text(10240),
        "relation_type": Text(32, choices=_RELATIONS, required=True),
    }
)
DELETE_RULES = Group(_WHO)
_PART = Group(
    {
        "type": _TYPE,
        "receiver_account": _NEEDED,
        "amount": Integer(1, required=True),
        "description": Text(80, required=True),
        "receiver_name": Text(10240),
    },
    required=True,
)
SHARE_RULES = Group(
    {
        "appid": Text(32, required=True),
        "sub_mchid": Text(32, required=True),
        "transaction_id": Text(32, required=True),
        "out_order_no": _OWN,
        "receivers": Many(_PART, 50, required=True),
        "finish": Flag(required=True),
    }
)
FINISH_RULES = Group(
    {
        "sub_mchid": Text(32, required=True),
        "transaction_id": Text(32, required=True),
        "out_order_no": _OWN,
        "description": Text(80, required=True),
    }
)
RETURN_RULES = Group(
    {
        "sub_mchid": Text(32, required=True),
        "order_id": Text(64),
        "out_order_no": Text(64),
        "out_return_no": _OWN,
        "return_mchid": Text(32, required=True),
        "amount": Integer(1, required=True),
        "description": Text(80, required=True),
    }
)
APPLY_RULES = Group(
    {
        **{name: rule for name, rule in REFUND_RULES.members.items() if name != "goods_detail"},
        "sub_mchid": Text(32, required=True),
        "sp_appid": Text(32, required=True),
        "sub_appid": Text(32),
        "refund_account": Text(64, choices=("REFUND_SOURCE_SUB_MERCHANT", "REFUND_SOURCE_PARTNER_ADVANCE")),
    }
)


def _platform(merchant: Merchant) -> None:
    if merchant.kind != "provider" or not merchant.ecommerce:
        raise PayError(403, "NO_AUTH", "商户号没有开通收付通")


def _add(world: World, request: Request, call: SignedCall) -> Answer:
    body = read_body(call.body, ADD_RULES)
    _platform(call.merchant)
    check_appid(world, call.merchant, body["appid"])
    receivers.check_person(world, body, "")
    name = body.get("name", "")
    if "encrypted_name" in body:
        name = opened(world, call, "/encrypted_name", body["encrypted_name"])
    account = Account(call.merchant.mchid)
    if body["type"] == "MERCHANT_ID" and body["account"] != call.merchant.mchid:
        receivers.check_merchant(world, account, body["account"], name)
    receivers.keep(world, account, body, name)
    return 200, {"type": body["type"], "account": body["account"]}


def _delete(world: World, request: Request, call: SignedCall) -> Answer:
    body = read_body(call.body, DELETE_RULES)
    _platform(call.merchant)
    world.db.run(
        "DELETE FROM share_receivers WHERE mchid = ? AND sub_mchid = '' AND type = ? AND account = ?",
        call.merchant.mchid,
        body["type"],
        body["account"],
    )
    return 200, {"type": body["type"], "account": body["account"]}


def _share(world: World, request: Request, call: SignedCall) -> Answer:
    body = read_body(call.body, SHARE_RULES)
    _platform(call.merchant)
    _preadded(world, call.merchant, body["appid"])
    parts = [
        {_PLAIN_NAMES.get(name, name): value for name, value in part.items()} for part in body["receivers"]
    ]
    plain = {**body, "receivers": parts, "unfreeze_unsplit": body["finish"]}
    return 200, _told(sharing.share(world, call, plain, sharing.ECOMMERCE))


_PLAIN_NAMES = {"receiver_account": "account", "receiver_name": "name"}


def _preadded(world: World, merchant: Merchant, appid: str) -> None:
    """The platform itself may always receive."""
    account = Account(merchant.mchid)
    if receivers.find(world, account, "MERCHANT_ID", merchant.mchid) is None:
        body = {"type": "MERCHANT_ID", "account": merchant.mchid, "appid": appid, "relation_type": "PLATFORM"}
        receivers.keep(world, account, body, merchant.name)


def _told(shown: dict[str, Any]) -> dict[str, Any]:
    parts = [
        {("receiver_account" if name == "account" else name): value for name, value in part.items()}
        for part in shown["receivers"]
    ]
    told = {name: value for name, value in shown.items() if name != "state"}
    return {**told, "status": shown["state"], "receivers": parts}


def _asked(world: World, request: Request, call: SignedCall, *names: str) -> tuple[Account, list[str]]:
    _platform(call.merchant)
    values = [request.query_params.get(name, "") for name in names]
    for name, value in zip(names, values, strict=True):
        if not value:
            raise bad_parameter(f"/{name}", "必填字段缺失", None, "query")
    sharing.finish_due(world)
    refunds.finish_due(world)
    return sub_account(world, call.merchant, request.query_params.get("sub_mchid"), "query"), values


def _share_query(world: World, request: Request, call: SignedCall) -> Answer:
    account, (transaction_id, number) = _asked(world, request, call, "transaction_id", "out_order_no")
    shown = sharing.shown(world, sharing.get(world, account.mchid, number))
    if (shown["transaction_id"], shown.get("sub_mchid")) != (transaction_id, account.sub_mchid):
        raise PayError(404, "RESOURCE_NOT_EXISTS", "分账单不存在")
    return 200, _told(shown)


def _finish(world: World, request: Request, call: SignedCall) -> Answer:
    body = read_body(call.body, FINISH_RULES)
    _platform(call.merchant)
    shown = sharing.unfreeze(world, call, body, sharing.ECOMMERCE)
    return 200, {name: shown[name] for name in ("sub_mchid", "transaction_id", "out_order_no", "order_id")}


def _take_back(world: World, request: Request, call: SignedCall) -> Answer:
    body = read_body(call.body, RETURN_RULES)
    _platform(call.merchant)
    return 200, _returned(sharing_returns.take_back(world, call, body))


def _return_query(world: World, request: Request, call: SignedCall) -> Answer:
    account, (out_order_no, number) = _asked(world, request, call, "out_order_no", "out_return_no")
    shown = sharing_returns.shown(world, sharing_returns.get(world, account.mchid, number))
    if (shown["out_order_no"], shown.get("sub_mchid")) != (out_order_no, account.sub_mchid):
        raise PayError(404, "RESOURCE_NOT_EXISTS", "回退单不存在")
    return 200, _returned(shown)


def _returned(shown: dict[str, Any]) -> dict[str, Any]:
    return {("return_no" if name == "return_id" else name): value for name, value in shown.items()}


def _amounts(world: World, request: Request, call: SignedCall) -> Answer:
    _platform(call.merchant)
    sharing.finish_due(world)
    order = transactions.get_by_transaction(world, request.path_params["transaction_id"])
    if order["mchid"] != call.merchant.mchid:
        raise PayError(404, "RESOURCE_NOT_EXISTS", "订单不存在")
    left = pots.unsplit(world, order) if order["sharing"] else 0
    return 200, {"transaction_id": order["transaction_id"], "unsplit_amount": left}


def _apply(world: World, request: Request, call: SignedCall) -> Answer:
    body = read_body(call.body, APPLY_RULES)
    _platform(call.merchant)
    check_appid(world, call.merchant, body["sp_appid"])
    shown = refunds.apply(world, sub_account(world, call.merchant, body["sub_mchid"]), body)
    answer = {name: shown[name] for name in ("refund_id", "out_refund_no", "create_time")}
    kept = ("refund", "payer_refund", "discount_refund", "currency")
    return 200, {**answer, "amount": {name: shown["amount"][name] for name in kept}}


def _refund_by_number(world: World, request: Request, call: SignedCall) -> Answer:
    account, _ = _asked(world, request, call)
    return 200, refunds.shown(world, refunds.get_of(world, request.path_params["out_refund_no"], account))


def _refund_by_id(world: World, request: Request, call: SignedCall) -> Answer:
    account, _ = _asked(world, request, call)
    row = world.db.row(
        "SELECT out_refund_no FROM refunds WHERE refund_id = ?", request.path_params["refund_id"]
    )
    if row is None:
        raise PayError(404, "RESOURCE_NOT_EXISTS", "退款单不存在")
    return 200, refunds.shown(world, refunds.get_of(world, row["out_refund_no"], account))


def routes() -> list[Route]:
    def post(path: str, operation: str, work: Work) -> Route:
        return Route(f"{BASE}{path}", endpoint(operation, work), methods=["POST"])

    def get(path: str, operation: str, work: Work) -> Route:
        return Route(f"{BASE}{path}", endpoint(operation, work), methods=["GET"])

    return [
        post("/profitsharing/receivers/add", "share_receiver", _add),
        post("/profitsharing/receivers/delete", "share_receiver", _delete),
        post("/profitsharing/orders", "share", _share),
        get("/profitsharing/orders", "share_query", _share_query),
        get("/profitsharing/orders/{transaction_id}/amounts", "share_amounts", _amounts),
        post("/profitsharing/finish-order", "share_unfreeze", _finish),
        post("/profitsharing/returnorders", "share_return", _take_back),
        get("/profitsharing/returnorders", "share_return_query", _return_query),
        post("/refunds/apply", "refund", _apply),
        get("/refunds/out-refund-no/{out_refund_no}", "refund_query", _refund_by_number),
        get("/refunds/id/{refund_id}", "refund_query", _refund_by_id),
    ]
