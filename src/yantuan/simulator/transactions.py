"""Orders of WeChat Pay: prepay, query, pay, close, and when they lapse."""

import json
import secrets
from typing import Any

from yantuan.simulator import notices
from yantuan.simulator.clock import china_time, parse_rfc3339, rfc3339
from yantuan.simulator.database import Row
from yantuan.simulator.errors import ControlError, PayError, bad_parameter, invalid_request
from yantuan.simulator.merchants import Account, account_of
from yantuan.simulator.parties import OTHER_SUB_CODE, Terms
from yantuan.simulator.world import World

PREPAY_SECONDS = 2 * 3600
H5_SECONDS = 5 * 60
LIFETIME_SECONDS = 7 * 86400
TRADE_TYPES = {"jsapi": "JSAPI", "native": "NATIVE", "h5": "MWEB"}
STATE_TEXTS = {
    "SUCCESS": "支付成功",
    "REFUND": "订单发生过退款，退款详情请查询退款单",
    "NOTPAY": "订单未支付",
    "CLOSED": "订单已关闭",
}


def prepay(world: World, product: str, terms: Terms, body: dict[str, Any]) -> dict[str, str]:
    """Create or re-open the way to pay `body["out_trade_no"]`; `product` is jsapi, h5 or native.

    Numbers are one name space for all merchants here, which is stricter than the real one per merchant.

    Returns what the endpoint answers. Raises PayError when a business rule refuses.
    """
    expire = body.get("time_expire")
    if expire is not None and parse_rfc3339(expire) < world.clock.now() + 60:
        raise bad_parameter("/time_expire", "必须晚于当前时间 1 分钟以上", expire)
    trade_type = TRADE_TYPES[product]
    with world.db.transaction():
        known = find(world, body["out_trade_no"])
        if known is None:
            _create(world, trade_type, terms, body)
        else:
            _check_again(known, trade_type, terms, body)
        prepay_id, pr = _new_prepay_id(world), secrets.token_urlsafe(6)
        world.db.insert(
            "prepays",
            prepay_id=prepay_id,
            pr=pr,
            out_trade_no=body["out_trade_no"],
            created_at=world.clock.now(),
        )
    if product == "native":
        return {"code_url": f"weixin://wxpay/bizpayurl?pr={pr}"}
    if product == "h5":
        return {"h5_url": f"{world.public_url}/cashier/h5/{prepay_id}?package={secrets.randbelow(10**10)}"}
    return {"prepay_id": prepay_id}


def _create(world: World, trade_type: str, terms: Terms, body: dict[str, Any]) -> None:
    now = world.clock.now()
    expire = body.get("time_expire")
    world.db.insert(
        "orders",
        out_trade_no=body["out_trade_no"],
        trade_type=trade_type,
        request=_canonical(body),
        mchid=terms.account.mchid,
        sub_mchid=terms.account.sub_mchid,
        appid=terms.appid,
        sub_appid=terms.sub_appid,
        pay_appid=terms.pay_appid,
        sharing=int(terms.sharing),
        description=body["description"],
        attach=body.get("attach", ""),
        notify_url=body["notify_url"],
        total=body["amount"]["total"],
        openid=terms.openid or None,
        created_at=now,
        expires_at=parse_rfc3339(expire) if expire else now + LIFETIME_SECONDS,
        state="NOTPAY",
    )


def _check_again(known: Row, trade_type: str, terms: Terms, body: dict[str, Any]) -> None:
    if account_of(known) != terms.account:
        raise PayError(403, "OUT_TRADE_NO_USED", "商户订单号重复")
    if known["state"] in ("SUCCESS", "REFUND"):
        raise PayError(400, "ORDERPAID", "该订单已支付")
    if known["state"] == "CLOSED":
        raise PayError(400, "ORDER_CLOSED", "该订单已关闭，请换单号重新下单")
    if known["trade_type"] != trade_type or known["request"] != _canonical(body):
        raise invalid_request("请求重入时，参数与首次请求时不一致", 268498688)


def _canonical(body: dict[str, Any]) -> str:
    return json.dumps(body, ensure_ascii=False, sort_keys=True)


def _new_prepay_id(world: World) -> str:
    stamp = china_time(world.clock.now()).strftime("%d%H%M%S")
    return f"wx{stamp}{secrets.token_hex(11)}{secrets.randbelow(10**4):04d}"


def find(world: World, out_trade_no: str) -> Row | None:
    """The order, closed first if its time is over."""
    world.db.run(
        "UPDATE orders SET state = 'CLOSED' WHERE out_trade_no = ? AND state = 'NOTPAY' AND expires_at <= ?",
        out_trade_no,
        world.clock.now(),
    )
    return world.db.row("SELECT * FROM orders WHERE out_trade_no = ?", out_trade_no)


def get(world: World, out_trade_no: str) -> Row:
    """As `find`, but raises PayError ORDER_NOT_EXIST."""
    order = find(world, out_trade_no)
    if order is None:
        raise PayError(404, "ORDER_NOT_EXIST", "订单不存在")
    return order


def get_by_transaction(world: World, transaction_id: str) -> Row:
    found = world.db.row("SELECT out_trade_no FROM orders WHERE transaction_id = ?", transaction_id)
    if found is None:
        raise PayError(404, "ORDER_NOT_EXIST", "订单不存在")
    return get(world, found["out_trade_no"])


def of_account(order: Row, account: Account) -> Row:
    """The order itself; raises PayError when it is another merchant's, or another sub-merchant's of the same partner."""
    if order["mchid"] != account.mchid:
        raise PayError(404, "ORDER_NOT_EXIST", "订单不存在")
    if order["sub_mchid"] != account.sub_mchid:
        raise invalid_request("特约商户号与订单不一致", OTHER_SUB_CODE)
    return order


def shown(world: World, order: Row) -> dict[str, Any]:
    """The order as a query and a decrypted notice show it."""
    amount: dict[str, Any] = {"total": order["total"], "currency": "CNY"}
    answer: dict[str, Any] = {
        **_parties(order),
        "out_trade_no": order["out_trade_no"],
        "trade_state": order["state"],
        "trade_state_desc": STATE_TEXTS[order["state"]],
        "attach": order["attach"],
        "amount": amount,
        "payer": {},
        "promotion_detail": [],
    }
    if order["paid_at"] is None:
        return answer
    amount.update(payer_total=order["total"], payer_currency="CNY")
    answer.update(
        transaction_id=order["transaction_id"],
        trade_type=order["trade_type"],
        bank_type="OTHERS",
        success_time=rfc3339(order["paid_at"]),
        payer=_payer_shown(world, order),
    )
    return answer


def _parties(order: Row) -> dict[str, str]:
    if not order["sub_mchid"]:
        return {"appid": order["appid"], "mchid": order["mchid"]}
    named = {"sp_appid": order["appid"], "sp_mchid": order["mchid"], "sub_mchid": order["sub_mchid"]}
    return named | ({"sub_appid": order["sub_appid"]} if order["sub_appid"] else {})


def _payer_shown(world: World, order: Row) -> dict[str, str]:
    if not order["sub_mchid"]:
        return {"openid": order["payer_openid"]}
    shown = {"sp_openid": world.openid_of(order["appid"], order["payer"])}
    if order["sub_appid"]:
        shown["sub_openid"] = world.openid_of(order["sub_appid"], order["payer"])
    return shown


def close(world: World, out_trade_no: str, account: Account) -> None:
    """Close an unpaid order of the account; closing twice is fine, a paid one raises ORDERPAID."""
    order = of_account(get(world, out_trade_no), account)
    if order["state"] == "NOTPAY" and world.faults.take("paid_before_close", out_trade_no):
        pay(world, out_trade_no)
        order = get(world, out_trade_no)
    if order["state"] in ("SUCCESS", "REFUND"):
        raise PayError(400, "ORDERPAID", "该订单已支付，不能关闭")
    world.db.run(
        "UPDATE orders SET state = 'CLOSED' WHERE out_trade_no = ? AND state = 'NOTPAY'", out_trade_no
    )


def pay(world: World, out_trade_no: str, person: str | None = None) -> str:
    """Let a test user pay the order: money moves, the notice is written. Returns the notice's id.

    Without `person` the payer is the one the order was made for, else the default test user.
    Raises ControlError when the order cannot be paid.
    """
    with world.db.transaction():
        order = _payable(world, out_trade_no)
        payer, openid = _payer(world, order, person)
        now = world.clock.now()
        world.db.run(
            "UPDATE orders SET state = 'SUCCESS', transaction_id = ?, paid_at = ?, payer = ?, payer_openid = ?"
            " WHERE out_trade_no = ?",
            _new_transaction_id(world, now),
            now,
            payer,
            openid,
            out_trade_no,
        )
        world.db.insert(
            "movements",
            at=now,
            kind="pay",
            out_trade_no=out_trade_no,
            from_account=f"user:{payer}",
            to_account=takes_at(order),
            amount=order["total"],
        )
        paid = get(world, out_trade_no)
        return notices.write(
            world,
            event_type="TRANSACTION.SUCCESS",
            original_type="transaction",
            summary="支付成功",
            url=paid["notify_url"],
            resource={**shown(world, paid), "promotion_detail": []},
            mchid=paid["mchid"],
            out_trade_no=out_trade_no,
        )


def takes_at(order: Row) -> str:
    """The account a payment goes to: money of an order to be shared stays frozen."""
    return f"{'frozen' if order['sharing'] else 'merchant'}:{account_of(order).taker}"


def _payable(world: World, out_trade_no: str) -> Row:
    order = find(world, out_trade_no)
    if order is None:
        raise ControlError("order_unknown", "没有这笔订单", "There is no such order", 404)
    if order["state"] == "CLOSED":
        raise ControlError("order_closed", "订单已关闭，不能支付", "The order is closed", 409)
    if order["state"] != "NOTPAY":
        raise ControlError("order_paid", "订单已支付，无需重复支付", "The order is already paid", 409)
    return order


def _payer(world: World, order: Row, person: str | None) -> tuple[str, str]:
    owner = world.person_of(order["openid"]) if order["openid"] else None
    if owner is not None and person not in (None, owner):
        raise ControlError(
            "payer_differs",
            "下单账号与支付账号不一致",
            "Only the person who placed the order can pay it",
            409,
        )
    name = owner or person or world.settings.payer
    return name, world.openid_of(order["pay_appid"] or order["appid"], name)


def _new_transaction_id(world: World, now: float) -> str:
    day = china_time(now).strftime("%Y%m%d")
    return f"42000{secrets.randbelow(10**5):05d}{day}{world.db.next_number('transaction'):010d}"


def prepay_row(world: World, *, prepay_id: str | None = None, pr: str | None = None) -> Row | None:
    """The prepay by its id or by the short code of a Native payment."""
    return world.db.row("SELECT * FROM prepays WHERE prepay_id = ? OR pr = ?", prepay_id, pr)


def lapse(world: World) -> None:
    """Close every unpaid order whose time is over."""
    world.db.run(
        "UPDATE orders SET state = 'CLOSED' WHERE state = 'NOTPAY' AND expires_at <= ?", world.clock.now()
    )
