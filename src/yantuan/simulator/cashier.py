"""The pages on which a person pays: JSAPI, H5 and Native."""

import re
from dataclasses import dataclass
from urllib.parse import parse_qs, urlsplit

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from yantuan.simulator import transactions
from yantuan.simulator.clock import china_time
from yantuan.simulator.credentials import MERCHANT_NAME
from yantuan.simulator.database import Row
from yantuan.simulator.errors import ControlError
from yantuan.simulator.merchants import find_sub
from yantuan.simulator.signing import check_pay_sign
from yantuan.simulator.views import page, with_query
from yantuan.simulator.world import World

RESULT_WORDS = {"pay": "ok", "cancel": "cancel", "fail": "fail"}
WAYS = {"jsapi": "微信内支付", "h5": "手机浏览器支付", "native": "扫码支付"}


@dataclass(frozen=True, slots=True)
class _Sorry(Exception):
    """Why a page cannot let anybody pay, as the buyer reads it."""

    title: str
    text: str
    status: int = 400


def _back_url(world: World, given: str | None) -> str | None:
    return given if given and world.may_return_to(given) else None


def _show(world: World, way: str, prepay: Row | None, back: str | None) -> Response:
    if prepay is None:
        raise _Sorry("支付单不存在", "请返回商家，重新发起支付。", 404)
    order = transactions.find(world, prepay["out_trade_no"])
    if order is None:
        raise _Sorry("支付单不存在", "请返回商家，重新发起支付。", 404)
    lifetime = transactions.H5_SECONDS if way == "h5" else transactions.PREPAY_SECONDS
    if order["state"] == "NOTPAY" and world.clock.now() > prepay["created_at"] + lifetime:
        raise _Sorry("支付链接已过期", "请返回商家，重新发起支付，不会重复扣款。", 410)
    owner = world.person_of(order["openid"]) if order["openid"] else None
    return page(
        "cashier.html",
        way=way,
        way_title=WAYS[way],
        merchant=_merchant_name(world, order),
        order=order,
        owner=owner,
        people=[owner] if owner else world.people(),
        payer=owner or world.settings.payer,
        prepay_id=prepay["prepay_id"],
        back=back,
        expires=china_time(order["expires_at"]).strftime("%m-%d %H:%M"),
    )


def _merchant_name(world: World, order: Row) -> str:
    """The name the buyer reads: the sub-merchant's in partner mode."""
    sub = find_sub(world.db, order["sub_mchid"])
    if sub is not None:
        return str(sub["short_name"])
    merchant = world.merchants.find(order["mchid"])
    return merchant.name if merchant else MERCHANT_NAME


def _guarded(request: Request, way: str) -> Response:
    world: World = request.app.state.world
    back = _back_url(world, request.query_params.get("redirect_url"))
    try:
        if way == "jsapi":
            return _show(world, way, _jsapi_prepay(world, request), back)
        if way == "h5":
            prepay_id = request.path_params["prepay_id"]
            return _show(world, way, _of_type(world, prepay_id, "MWEB"), back)
        return _show(world, way, _native_prepay(world, request), back)
    except _Sorry as sorry:
        return page("sorry.html", sorry.status, title=sorry.title, text=sorry.text, back=back)


def _jsapi_prepay(world: World, request: Request) -> Row | None:
    """The prepay a page invokes, if its paySign is the signature of the merchant that announced it."""
    values = dict(request.query_params)
    match = re.fullmatch(r"prepay_id=(wx\w+)", values.get("package", ""))
    prepay = _of_type(world, match.group(1), "JSAPI") if match else None
    order = transactions.find(world, prepay["out_trade_no"]) if prepay is not None else None
    mchid = order["mchid"] if order is not None else world.credentials.mchid
    if not check_pay_sign(world, world.merchants.get(mchid), values):
        raise _Sorry("支付验证签名失败", "paySign 与商户证书不符，请商家检查签名串、AppID 与商户私钥。", 403)
    if order is not None and (order["pay_appid"] or order["appid"]) != values["appId"]:
        raise _Sorry("AppID 不一致", "调起支付的 appId 与下单时的 appid 不一致。", 403)
    return prepay


def _native_prepay(world: World, request: Request) -> Row | None:
    given = request.query_params.get("pr") or ""
    code_url = request.query_params.get("code_url")
    if code_url:
        given = parse_qs(urlsplit(code_url).query).get("pr", [""])[0]
    prepay = transactions.prepay_row(world, pr=given)
    return _of_type(world, prepay["prepay_id"], "NATIVE") if prepay is not None else None


def _of_type(world: World, prepay_id: str, trade_type: str) -> Row | None:
    return world.db.row(
        "SELECT prepays.* FROM prepays JOIN orders USING (out_trade_no)"
        " WHERE prepay_id = ? AND trade_type = ?",
        prepay_id,
        trade_type,
    )


async def _jsapi(request: Request) -> Response:
    return _guarded(request, "jsapi")


async def _h5(request: Request) -> Response:
    return _guarded(request, "h5")


async def _native(request: Request) -> Response:
    return _guarded(request, "native")


async def _act(request: Request) -> Response:
    """One of the three buttons, then back to the merchant or to a page that says what happened."""
    world: World = request.app.state.world
    form = await request.form()
    result, way = str(form.get("result", "")), str(form.get("way", ""))
    back = _back_url(world, str(form.get("redirect_url", "")))
    prepay = transactions.prepay_row(world, prepay_id=str(form.get("prepay_id", "")))
    if prepay is None or result not in RESULT_WORDS or way not in WAYS:
        return page("sorry.html", 404, title="支付单不存在", text="请返回商家，重新发起支付。", back=back)
    try:
        if result == "pay":
            transactions.pay(world, prepay["out_trade_no"], str(form.get("person") or "") or None)
    except ControlError as error:
        return page("sorry.html", error.status, title="没有支付成功", text=error.message, back=back)
    if back is None:
        return RedirectResponse(f"/cashier/result/{prepay['prepay_id']}?result={result}", 303)
    # Only inside WeChat does a page learn the (unproven) result from the client.
    return RedirectResponse(
        with_query(back, cashier_result=RESULT_WORDS[result]) if way == "jsapi" else back, 303
    )


async def _result(request: Request) -> Response:
    world: World = request.app.state.world
    prepay = transactions.prepay_row(world, prepay_id=request.path_params["prepay_id"])
    order = transactions.find(world, prepay["out_trade_no"]) if prepay is not None else None
    if order is None:
        return page("sorry.html", 404, title="支付单不存在", text="请返回商家，重新发起支付。", back=None)
    return page(
        "result.html",
        order=order,
        merchant=_merchant_name(world, order),
        result=request.query_params.get("result", ""),
    )


def routes() -> list[Route]:
    return [
        Route("/cashier/jsapi", _jsapi),
        Route("/cashier/h5/{prepay_id}", _h5),
        Route("/cashier/native", _native),
        Route("/cashier/act", _act, methods=["POST"]),
        Route("/cashier/result/{prepay_id}", _result),
    ]
