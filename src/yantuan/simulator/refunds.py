"""Refunds of WeChat Pay: accepted first, decided a little later."""

import json
import secrets
from typing import Any

from yantuan.simulator import notices, pots, transactions
from yantuan.simulator.clock import china_time, rfc3339
from yantuan.simulator.database import Row
from yantuan.simulator.errors import PayError, bad_parameter, invalid_request
from yantuan.simulator.merchants import Account, account_of
from yantuan.simulator.parties import sub_of
from yantuan.simulator.world import World

MAX_REFUNDS = 50
REFUND_DAYS = 365
RECEIVED_ACCOUNT = "支付用户零钱"
SUMMARIES = {"SUCCESS": "退款成功", "CLOSED": "退款关闭", "ABNORMAL": "退款异常"}


def apply(world: World, account: Account, body: dict[str, Any]) -> dict[str, Any]:
    """Accept a refund of one of the account's orders and answer it; its result comes after the waiting time.

    The same number with the same parameters answers the same refund, and tries again when that one had ended
    CLOSED or ABNORMAL, so one number pays back once at most. Raises PayError when a rule refuses.
    """
    finish_due(world)
    if account.sub_mchid and not sub_of(world, account)["refund_allowed"]:
        raise PayError(403, "NO_AUTH", "特约商户没有授权服务商退款")
    with world.db.transaction():
        order = _order_of(world, account, body)
        known = find(world, body["out_refund_no"])
        if known is not None:
            return _again(world, order, known, body)
        _check_amount(world, order, body)
        _check_balance(world, order, body["amount"]["refund"])
        outcome, due = _outcome(world, order)
        world.db.insert(
            "refunds",
            out_refund_no=body["out_refund_no"],
            refund_id=_new_refund_id(world),
            out_trade_no=order["out_trade_no"],
            request=json.dumps(body, ensure_ascii=False, sort_keys=True),
            amount=body["amount"]["refund"],
            notify_url=body.get("notify_url", ""),
            created_at=world.clock.now(),
            due_at=due,
            outcome=outcome,
            status="PROCESSING",
        )
        world.db.run("UPDATE orders SET state = 'REFUND' WHERE out_trade_no = ?", order["out_trade_no"])
        answer = shown(world, get(world, body["out_refund_no"]))
    world.wake.set()
    return answer


def _order_of(world: World, account: Account, body: dict[str, Any]) -> Row:
    try:
        if "transaction_id" in body:
            order = transactions.get_by_transaction(world, body["transaction_id"])
        elif "out_trade_no" in body:
            order = transactions.get(world, body["out_trade_no"])
        else:
            raise bad_parameter("/out_trade_no", "transaction_id 与 out_trade_no 必填其一")
        transactions.of_account(order, account)
    except PayError as error:
        if error.code == "ORDER_NOT_EXIST":
            raise PayError(404, "RESOURCE_NOT_EXISTS", "订单不存在") from None
        raise
    if body.get("out_trade_no", order["out_trade_no"]) != order["out_trade_no"]:
        raise invalid_request("transaction_id 与 out_trade_no 不是同一笔订单")
    return order


def _again(world: World, order: Row, known: Row, body: dict[str, Any]) -> dict[str, Any]:
    if known["request"] != json.dumps(body, ensure_ascii=False, sort_keys=True):
        raise invalid_request("退款单号已存在，且参数与首次请求时不一致", 268498688)
    if known["status"] in ("CLOSED", "ABNORMAL"):
        if known["status"] == "CLOSED":
            _check_amount(world, order, body)
        _check_balance(world, order, known["amount"] if known["status"] == "CLOSED" else 0)
        outcome, due = _outcome(world, order)
        world.db.run(
            "UPDATE refunds SET status = 'PROCESSING', outcome = ?, due_at = ?, finished_at = NULL"
            " WHERE out_refund_no = ?",
            outcome,
            due,
            known["out_refund_no"],
        )
        world.wake.set()
    return shown(world, get(world, known["out_refund_no"]))


def _check_amount(world: World, order: Row, body: dict[str, Any]) -> None:
    if order["paid_at"] is None:
        raise invalid_request("订单未支付，不能退款")
    if world.clock.now() > order["paid_at"] + REFUND_DAYS * 86400:
        raise invalid_request("订单已超过可退款的最大时间（一年）")
    if body["amount"]["total"] != order["total"]:
        raise invalid_request("订单金额或退款金额与之前请求不一致，请核实后再试")
    taken = taken_amount(world, order["out_trade_no"])
    if taken >= order["total"]:
        raise invalid_request("订单已全额退款")
    if taken + body["amount"]["refund"] > order["total"]:
        raise invalid_request("申请退款金额超过可退金额")
    count = world.db.number("SELECT count(*) FROM refunds WHERE out_trade_no = ?", order["out_trade_no"])
    if count >= MAX_REFUNDS:
        raise invalid_request(f"同一订单最多退款 {MAX_REFUNDS} 次")
    sources = body["amount"].get("from")
    if sources and sum(source["amount"] for source in sources) != body["amount"]["refund"]:
        raise invalid_request("退款出资账户金额之和与退款金额不一致")


def _check_balance(world: World, order: Row, fen: int) -> None:
    # Only a shared order can lack money here: nothing else ever leaves a merchant's account.
    lacking = order["sharing"] and fen > pots.refundable(world, order)
    if lacking or world.faults.take("refund_not_enough", order["out_trade_no"]):
        raise PayError(403, "NOT_ENOUGH", "基本账户余额不足，请充值后重新发起")


def _outcome(world: World, order: Row) -> tuple[str, float]:
    number = order["out_trade_no"]
    slow = world.faults.take("refund_slow", number)
    due = world.clock.now() + (slow.seconds if slow else world.settings.refund_seconds)
    for kind, outcome in (("refund_abnormal", "ABNORMAL"), ("refund_closed", "CLOSED")):
        if world.faults.take(kind, number):
            return outcome, due
    return "SUCCESS", due


def taken_amount(world: World, out_trade_no: str) -> int:
    """Fen given back or on the way back; a closed refund frees its share again."""
    return world.db.number(
        "SELECT sum(amount) FROM refunds WHERE out_trade_no = ? AND status <> 'CLOSED'", out_trade_no
    )


def _new_refund_id(world: World) -> str:
    day = china_time(world.clock.now()).strftime("%Y%m%d")
    return f"50300{secrets.randbelow(10**6):06d}{day}{world.db.next_number('refund'):010d}"


def find(world: World, out_refund_no: str) -> Row | None:
    return world.db.row("SELECT * FROM refunds WHERE out_refund_no = ?", out_refund_no)


def get(world: World, out_refund_no: str) -> Row:
    """The refund; raises PayError RESOURCE_NOT_EXISTS."""
    refund = find(world, out_refund_no)
    if refund is None:
        raise PayError(404, "RESOURCE_NOT_EXISTS", "退款单不存在")
    return refund


def get_of(world: World, out_refund_no: str, account: Account) -> Row:
    """As `get`, for a refund of one of the account's own orders only."""
    refund = get(world, out_refund_no)
    if account_of(transactions.get(world, refund["out_trade_no"])) != account:
        raise PayError(404, "RESOURCE_NOT_EXISTS", "退款单不存在")
    return refund


def shown(world: World, refund: Row) -> dict[str, Any]:
    """The refund as the refund endpoints answer it."""
    order = transactions.get(world, refund["out_trade_no"])
    amount = refund["amount"]
    answer: dict[str, Any] = {
        "refund_id": refund["refund_id"],
        "out_refund_no": refund["out_refund_no"],
        "transaction_id": order["transaction_id"],
        "out_trade_no": order["out_trade_no"],
        "channel": "ORIGINAL",
        "user_received_account": RECEIVED_ACCOUNT,
        "create_time": rfc3339(refund["created_at"]),
        "status": refund["status"],
        "funds_account": "UNSETTLED",
        "amount": {
            "total": order["total"],
            "refund": amount,
            "from": [],
            "payer_total": order["total"],
            "payer_refund": amount,
            "settlement_refund": amount,
            "settlement_total": order["total"],
            "discount_refund": 0,
            "currency": "CNY",
        },
        "promotion_detail": [],
    }
    if refund["status"] == "SUCCESS":
        answer["success_time"] = rfc3339(refund["finished_at"])
    return answer


def finish_due(world: World) -> None:
    """Decide every refund whose waiting time is over."""
    due = world.db.rows(
        "SELECT out_refund_no FROM refunds WHERE status = 'PROCESSING' AND due_at <= ? ORDER BY due_at",
        world.clock.now(),
    )
    for row in due:
        finish(world, row["out_refund_no"])


def finish(world: World, out_refund_no: str) -> str | None:
    """Decide one PROCESSING refund now: money moves, the notice is written. Returns the notice's id.

    None when it was decided already, or when the request named no notice address.
    """
    with world.db.transaction():
        refund = get(world, out_refund_no)
        if refund["status"] != "PROCESSING":
            return None
        now = world.clock.now()
        world.db.run(
            "UPDATE refunds SET status = ?, finished_at = ? WHERE out_refund_no = ?",
            refund["outcome"],
            now,
            out_refund_no,
        )
        order = transactions.get(world, refund["out_trade_no"])
        if refund["outcome"] == "SUCCESS":
            source = pots.pay_refund_from(world, order, refund["amount"])
            world.db.insert(
                "movements",
                at=now,
                kind="refund",
                out_trade_no=order["out_trade_no"],
                out_refund_no=out_refund_no,
                from_account=source,
                to_account=f"user:{order['payer']}",
                amount=refund["amount"],
            )
        return _notify(world, order, get(world, out_refund_no))


def _notify(world: World, order: Row, refund: Row) -> str | None:
    # Without an address in the request nobody is told; the merchant then has to query.
    if not refund["notify_url"]:
        return None
    resource: dict[str, Any] = {
        **_parties(order),
        "out_trade_no": order["out_trade_no"],
        "transaction_id": order["transaction_id"],
        "out_refund_no": refund["out_refund_no"],
        "refund_id": refund["refund_id"],
        "refund_status": refund["status"],
        "user_received_account": RECEIVED_ACCOUNT,
        "amount": {
            "total": order["total"],
            "refund": refund["amount"],
            "payer_total": order["total"],
            "payer_refund": refund["amount"],
        },
    }
    if refund["status"] == "SUCCESS":
        resource["success_time"] = rfc3339(refund["finished_at"])
    return notices.write(
        world,
        event_type=f"REFUND.{refund['status']}",
        original_type="refund",
        summary=SUMMARIES[refund["status"]],
        url=refund["notify_url"],
        resource=resource,
        mchid=order["mchid"],
        out_trade_no=order["out_trade_no"],
        out_refund_no=refund["out_refund_no"],
    )


def _parties(order: Row) -> dict[str, str]:
    if not order["sub_mchid"]:
        return {"mchid": order["mchid"]}
    return {"sp_mchid": order["mchid"], "sub_mchid": order["sub_mchid"]}


def apply_abnormal(world: World, account: Account, refund_id: str, body: dict[str, Any]) -> dict[str, Any]:
    """Send an ABNORMAL refund another way (to another card); raises PayError otherwise."""
    with world.db.transaction():
        refund = world.db.row("SELECT * FROM refunds WHERE refund_id = ?", refund_id)
        if refund is None or refund["out_refund_no"] != body["out_refund_no"]:
            raise PayError(404, "RESOURCE_NOT_EXISTS", "退款单不存在")
        get_of(world, refund["out_refund_no"], account)
        if refund["status"] != "ABNORMAL":
            raise invalid_request("退款单状态不是退款异常")
        world.db.run(
            "UPDATE refunds SET status = 'PROCESSING', outcome = 'SUCCESS', due_at = ?, finished_at = NULL"
            " WHERE refund_id = ?",
            world.clock.now() + world.settings.refund_seconds,
            refund_id,
        )
        answer = shown(world, get(world, body["out_refund_no"]))
    world.wake.set()
    return answer
