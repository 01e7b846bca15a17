"""The endpoints of partner mode (服务商): the same trade, told with sp_ and sub_ parties."""

from starlette.requests import Request
from starlette.routing import Route

from yantuan.simulator import fields, transactions
from yantuan.simulator.errors import bad_parameter
from yantuan.simulator.merchants import Account
from yantuan.simulator.parties import check_kind, partner_account, partner_terms
from yantuan.simulator.payv3 import Answer, Work, endpoint
from yantuan.simulator.signing import SignedCall
from yantuan.simulator.world import World

TRADE = "/v3/pay/partner/transactions"


def _prepay(product: str) -> Work:
    def work(world: World, request: Request, call: SignedCall) -> Answer:
        body = fields.read_body(call.body, fields.PARTNER_PREPAY_RULES[product])
        return 200, transactions.prepay(world, product, partner_terms(world, call.merchant, body), body)

    return work


def _queried(world: World, request: Request, call: SignedCall) -> Account:
    check_kind(call.merchant, "provider")
    for name in ("sp_mchid", "sub_mchid"):
        if not request.query_params.get(name):
            raise bad_parameter(f"/{name}", "必填字段缺失", None, "query")
    sp_mchid, sub_mchid = (request.query_params[name] for name in ("sp_mchid", "sub_mchid"))
    return partner_account(world, call.merchant, sp_mchid, sub_mchid, "query")


def _query(world: World, request: Request, call: SignedCall) -> Answer:
    account = _queried(world, request, call)
    order = transactions.get(world, request.path_params["out_trade_no"])
    return 200, transactions.shown(world, transactions.of_account(order, account))


def _query_by_transaction(world: World, request: Request, call: SignedCall) -> Answer:
    account = _queried(world, request, call)
    order = transactions.get_by_transaction(world, request.path_params["transaction_id"])
    return 200, transactions.shown(world, transactions.of_account(order, account))


def _close(world: World, request: Request, call: SignedCall) -> Answer:
    body = fields.read_body(call.body, fields.PARTNER_CLOSE_RULES)
    check_kind(call.merchant, "provider")
    account = partner_account(world, call.merchant, body["sp_mchid"], body["sub_mchid"])
    transactions.close(world, request.path_params["out_trade_no"], account)
    return 204, None


def routes() -> list[Route]:
    prepays = [
        Route(f"{TRADE}/{product}", endpoint("prepay", _prepay(product)), methods=["POST"])
        for product in fields.PARTNER_PREPAY_RULES
    ]
    numbered = f"{TRADE}/out-trade-no/{{out_trade_no}}"
    return [
        *prepays,
        Route(f"{TRADE}/id/{{transaction_id}}", endpoint("query", _query_by_transaction)),
        Route(numbered, endpoint("query", _query)),
        Route(f"{numbered}/close", endpoint("close", _close), methods=["POST"]),
    ]
