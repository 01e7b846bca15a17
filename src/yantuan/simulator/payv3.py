"""The HTTP endpoints of WeChat Pay v3: verify, do, then answer signed (or misbehave as ordered)."""

import asyncio
import json
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from yantuan.simulator import bills, crypto, fields, parties, refunds, transactions
from yantuan.simulator.clock import rfc3339
from yantuan.simulator.delivery import Courier
from yantuan.simulator.errors import PayError, bad_parameter
from yantuan.simulator.keys import certificate_pem
from yantuan.simulator.merchants import Account
from yantuan.simulator.signing import SignedCall, request_id, signature_headers, verify_call
from yantuan.simulator.world import World

Answer = tuple[int, dict[str, Any] | None]
Work = Callable[[World, Request, SignedCall], Answer]
Verify = Callable[[World, Request], Awaitable[SignedCall]]
Endpoint = Callable[[Request], Awaitable[Response]]
JSON_TYPE = "application/json; charset=utf-8"


def endpoint(operation: str, work: Work, verify: Verify = verify_call) -> Endpoint:
    """Wrap `work` with verification, ordered faults, signing and the call log."""

    async def handle(request: Request) -> Response:
        world: World = request.app.state.world
        call: SignedCall | None = None
        number: str | None = None
        try:
            call = await verify(world, request)
            number = _order_number(world, request, call)
            _refuse_on_order(world, operation, number)
            status, body = work(world, request, call)
            await _overtake(request, operation, number)
        except PayError as error:
            status, body = error.status, error.body()
            code = error.request_code
        else:
            code = 0
        _log(world, request, operation, status, body)
        raw = b"" if body is None else json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode()
        return await _respond(world, operation, number, call, status, raw, code)

    return handle


def _order_number(world: World, request: Request, call: SignedCall) -> str | None:
    """The order a call is about, so that a fault can be ordered for this order only."""
    named = request.path_params.get("out_trade_no")
    if named:
        return str(named)
    transaction = request.path_params.get("transaction_id")
    refund = request.path_params.get("out_refund_no")
    if call.body:
        try:
            body = json.loads(call.body)
        except ValueError:
            return None
        if not isinstance(body, dict):
            return None
        if isinstance(body.get("out_trade_no"), str):
            return str(body["out_trade_no"])
        transaction = body.get("transaction_id") if isinstance(body.get("transaction_id"), str) else None
    if transaction:
        found = world.db.row("SELECT out_trade_no FROM orders WHERE transaction_id = ?", transaction)
    elif refund:
        found = world.db.row("SELECT out_trade_no FROM refunds WHERE out_refund_no = ?", refund)
    else:
        return None
    return str(found["out_trade_no"]) if found is not None else None


def _refuse_on_order(world: World, operation: str, number: str | None) -> None:
    if world.faults.take("rate_limited", number, operation):
        raise PayError(429, "FREQUENCY_LIMITED", "频率超限，请降低请求频率")
    if world.faults.take("answer_system_error_before", number, operation):
        raise PayError(500, "SYSTEM_ERROR", "系统异常，请稍后重试")


async def _overtake(request: Request, operation: str, number: str | None) -> None:
    """Let the notice arrive before the answer: the buyer is faster than the network."""
    world: World = request.app.state.world
    courier: Courier = request.app.state.courier
    if number is None or operation not in ("prepay", "refund"):
        return
    if not world.faults.take("notice_before_answer", number, operation):
        return
    if operation == "prepay":
        await courier.deliver(transactions.pay(world, number))
        return
    waiting = world.db.rows(
        "SELECT out_refund_no FROM refunds WHERE out_trade_no = ? AND status = 'PROCESSING'", number
    )
    for row in waiting:
        notice_id = refunds.finish(world, row["out_refund_no"])
        if notice_id is not None:
            await courier.deliver(notice_id)


def _log(world: World, request: Request, operation: str, status: int, body: dict[str, Any] | None) -> None:
    world.calls.appendleft(
        {
            "at": rfc3339(world.clock.now()),
            "what": operation,
            "method": request.method,
            "path": request.url.path,
            "status": status,
            "code": (body or {}).get("code", ""),
        }
    )


async def _respond(
    world: World,
    operation: str,
    number: str | None,
    call: SignedCall | None,
    status: int,
    raw: bytes,
    code: int,
) -> Response:
    def ordered(kind: str) -> bool:
        return world.faults.take(kind, number, operation) is not None

    slow = world.faults.take("answer_slow", number, operation)
    if slow is not None:
        await asyncio.sleep(slow.seconds)
    if status < 400 and ordered("answer_system_error"):
        status, code = 500, 268435456
        raw = json.dumps(
            {"code": "SYSTEM_ERROR", "message": "系统异常，请稍后重试"}, ensure_ascii=False
        ).encode()
    if ordered("answer_garbage"):
        return Response("<html><body>502 Bad Gateway</body></html>", 200, media_type="text/html")
    headers = signature_headers(
        world,
        raw,
        asked_id=call.key_id if call else None,
        bad=ordered("answer_bad_signature"),
        probe=ordered("answer_signtest"),
        unknown_serial=ordered("answer_wrong_serial"),
    )
    if ordered("answer_unsigned"):
        headers = {}
    headers["Request-ID"] = request_id(code)
    if raw:
        headers["Content-Type"] = JSON_TYPE
    if ordered("answer_cut"):
        headers["Content-Length"] = str(len(raw) + 64)
        return StreamingResponse(_half(raw), status, headers)
    return Response(raw, status, headers)


async def _half(raw: bytes) -> AsyncIterator[bytes]:
    """Half of the answer, then nothing: the length announced is never reached."""
    yield raw[: max(1, len(raw) // 2)]


def _prepay(product: str) -> Work:
    def work(world: World, request: Request, call: SignedCall) -> Answer:
        body = fields.read_body(call.body, fields.PREPAY_RULES[product])
        return 200, transactions.prepay(
            world, product, parties.direct_terms(world, call.merchant, body), body
        )

    return work


def _query(world: World, request: Request, call: SignedCall) -> Answer:
    account = _queried(call, request)
    order = transactions.get(world, request.path_params["out_trade_no"])
    return 200, transactions.shown(world, transactions.of_account(order, account))


def _query_by_transaction(world: World, request: Request, call: SignedCall) -> Answer:
    account = _queried(call, request)
    order = transactions.get_by_transaction(world, request.path_params["transaction_id"])
    return 200, transactions.shown(world, transactions.of_account(order, account))


def _queried(call: SignedCall, request: Request) -> Account:
    mchid = request.query_params.get("mchid")
    if not mchid:
        raise bad_parameter("/mchid", "必填字段缺失", None, "query")
    if mchid != call.merchant.mchid:
        raise bad_parameter("/mchid", "与签名商户号不一致", mchid, "query", parties.OTHER_MCHID_CODE)
    return Account(mchid)


def _close(world: World, request: Request, call: SignedCall) -> Answer:
    body = fields.read_body(call.body, fields.CLOSE_RULES)
    parties.check_mchid(call.merchant, body["mchid"])
    transactions.close(world, request.path_params["out_trade_no"], Account(body["mchid"]))
    return 204, None


def _refund(world: World, request: Request, call: SignedCall) -> Answer:
    body = fields.read_body(call.body, fields.REFUND_RULES)
    account = parties.sub_account(world, call.merchant, body.get("sub_mchid"))
    return 200, refunds.apply(world, account, body)


def _refund_query(world: World, request: Request, call: SignedCall) -> Answer:
    refunds.finish_due(world)
    account = parties.sub_account(world, call.merchant, request.query_params.get("sub_mchid"), "query")
    return 200, refunds.shown(world, refunds.get_of(world, request.path_params["out_refund_no"], account))


def _abnormal_refund(world: World, request: Request, call: SignedCall) -> Answer:
    body = fields.read_body(call.body, fields.ABNORMAL_REFUND_RULES)
    account = parties.sub_account(world, call.merchant, body.get("sub_mchid"))
    return 200, refunds.apply_abnormal(world, account, request.path_params["refund_id"], body)


def _certificates(world: World, request: Request, call: SignedCall) -> Answer:
    if world.settings.sign_mode == "public_key":
        raise PayError(404, "RESOURCE_NOT_EXISTS", "商户使用微信支付公钥，没有可用的平台证书")
    data = []
    for key in world.keyring.all("certificate"):
        if key.certificate is None:
            continue
        nonce = secrets.token_hex(6)
        pem = certificate_pem(key.certificate)
        data.append(
            {
                "serial_no": key.key_id,
                "effective_time": rfc3339(key.certificate.not_valid_before_utc.timestamp()),
                "expire_time": rfc3339(key.certificate.not_valid_after_utc.timestamp()),
                "encrypt_certificate": {
                    "algorithm": "AEAD_AES_256_GCM",
                    "nonce": nonce,
                    "associated_data": "certificate",
                    "ciphertext": crypto.seal(call.merchant.apiv3_key, nonce, "certificate", pem),
                },
            }
        )
    return 200, {"data": data}


def _trade_bill(world: World, request: Request, call: SignedCall) -> Answer:
    return 200, bills.announce(world, call.merchant, "tradebill", request.query_params)


def _fund_flow_bill(world: World, request: Request, call: SignedCall) -> Answer:
    return 200, bills.announce(world, call.merchant, "fundflowbill", request.query_params)


async def _download(request: Request) -> Response:
    """The bill file: the call must be signed, the answer by design is not."""
    world: World = request.app.state.world
    try:
        call = await verify_call(world, request)
        raw = bills.download(world, call.merchant, request.query_params.get("token", ""))
    except PayError as error:
        raw_error = json.dumps(error.body(), ensure_ascii=False).encode()
        headers = {"Request-ID": request_id(error.request_code), "Content-Type": JSON_TYPE}
        return Response(raw_error, error.status, {**headers, **signature_headers(world, raw_error)})
    _log(world, request, "bill_download", 200, None)
    return Response(raw, 200, {"Content-Type": "application/octet-stream", "Request-ID": request_id(0)})


async def _nowhere(request: Request) -> Response:
    """A v3 path that does not exist is refused in v3's own way."""
    body = json.dumps(
        {"code": "RESOURCE_NOT_EXISTS", "message": "请求的接口不存在"}, ensure_ascii=False
    ).encode()
    headers = {"Content-Type": JSON_TYPE, "Request-ID": request_id(0)}
    return Response(body, 404, {**headers, **signature_headers(request.app.state.world, body)})


def routes() -> list[Route]:
    trade, refund = "/v3/pay/transactions", "/v3/refund/domestic/refunds"
    prepays = [
        Route(f"{trade}/{product}", endpoint("prepay", _prepay(product)), methods=["POST"])
        for product in fields.PREPAY_RULES
    ]
    return [
        *prepays,
        Route(f"{trade}/id/{{transaction_id}}", endpoint("query", _query_by_transaction)),
        Route(f"{trade}/out-trade-no/{{out_trade_no}}", endpoint("query", _query)),
        Route(f"{trade}/out-trade-no/{{out_trade_no}}/close", endpoint("close", _close), methods=["POST"]),
        Route(refund, endpoint("refund", _refund), methods=["POST"]),
        Route(f"{refund}/{{out_refund_no}}", endpoint("refund_query", _refund_query)),
        Route(
            f"{refund}/{{refund_id}}/apply-abnormal-refund",
            endpoint("abnormal_refund", _abnormal_refund),
            methods=["POST"],
        ),
        Route("/v3/certificates", endpoint("certificates", _certificates)),
        Route("/v3/bill/tradebill", endpoint("bill", _trade_bill)),
        Route("/v3/bill/fundflowbill", endpoint("bill", _fund_flow_bill)),
        Route("/v3/billdownload/file", _download),
        Route("/v3/{rest:path}", _nowhere, methods=["GET", "POST", "PUT", "PATCH", "DELETE"]),
    ]
