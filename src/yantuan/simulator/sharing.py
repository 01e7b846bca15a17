"""Shares of paid orders: accepted first, done a little later, and the unfreezing of what is left."""

import json
import secrets
from typing import Any

from yantuan.simulator import notices, pots, receivers, transactions
from yantuan.simulator.clock import china_time, rfc3339
from yantuan.simulator.database import Row
from yantuan.simulator.errors import PayError, bad_parameter, invalid_request
from yantuan.simulator.merchants import DEFAULT_MAX_RATIO, Account, account_of, find_sub
from yantuan.simulator.parties import sub_of
from yantuan.simulator.sealing import opened
from yantuan.simulator.signing import SignedCall
from yantuan.simulator.world import World

MAX_SHARES = 50
UNFREEZE_DAYS = 30
DUMMY_TIME = "1970-01-01T08:00:00+08:00"
PARTNER, ECOMMERCE = "partner", "ecommerce"
REST_TEXT = "解冻给分账方"


def share(world: World, call: SignedCall, body: dict[str, Any], product: str = PARTNER) -> dict[str, Any]:
    """Accept a share and answer it; who got what is decided after the waiting time. Raises PayError.

    An order is shared through one `product` only.
    """
    finish_due(world)
    account = receivers.sharer(world, call.merchant, body.get("sub_mchid"))
    receivers.check_apps(world, call.merchant, account, body)
    parts = [_read_part(world, call, index, part, body) for index, part in enumerate(body["receivers"])]
    facts = {**body, "receivers": parts}
    with world.db.transaction():
        order = _order_of(world, account, body["transaction_id"])
        known = find(world, account.mchid, body["out_order_no"])
        if known is not None:
            return _again(world, known, "share", facts)
        _check_open(world, order, product)
        _check_parts(world, account, order, parts)
        return _accept(world, order, product, body, facts, parts)


def _read_part(
    world: World, call: SignedCall, index: int, part: dict[str, Any], body: dict[str, Any]
) -> dict[str, Any]:
    path = f"/receivers/{index}"
    if "name" in part:
        part = {**part, "name": opened(world, call, f"{path}/name", part["name"])}
    apps: dict[str, Any] = {name: body[name] for name in ("appid", "sub_appid") if name in body}
    receivers.check_person(world, {**apps, **part}, path)
    return part


def _order_of(world: World, account: Account, transaction_id: str) -> Row:
    try:
        order = transactions.get_by_transaction(world, transaction_id)
        return transactions.of_account(order, account)
    except PayError as error:
        if error.code == "ORDER_NOT_EXIST":
            raise PayError(404, "RESOURCE_NOT_EXISTS", "订单不存在") from None
        raise


def _again(world: World, known: Row, kind: str, facts: dict[str, Any]) -> dict[str, Any]:
    if known["kind"] != kind or known["request"] != json.dumps(facts, ensure_ascii=False, sort_keys=True):
        raise invalid_request("分账单号已存在，且参数与首次请求时不一致", 268498688)
    return shown(world, known)


def _check_product(world: World, order: Row, product: str) -> None:
    if world.db.row(
        "SELECT 1 FROM share_orders WHERE out_trade_no = ? AND product <> ?", order["out_trade_no"], product
    ):
        raise invalid_request("同一订单不能混用两种分账接口")


def _check_open(world: World, order: Row, product: str) -> None:
    if not order["sharing"]:
        raise invalid_request("非分账订单不支持分账")
    _check_product(world, order, product)
    if order["sharing_over"]:
        raise invalid_request("订单剩余资金已解冻，不能再分账")
    if world.clock.now() < (order["paid_at"] or 0) + world.settings.share_wait_seconds:
        raise invalid_request("订单支付成功后一分钟内不能分账，请稍后再试")


def _check_parts(world: World, account: Account, order: Row, parts: list[dict[str, Any]]) -> None:
    if len({(part["type"], part["account"]) for part in parts}) != len(parts):
        raise bad_parameter("/receivers", "同一接收方不能重复")
    count = world.db.number(
        "SELECT count(*) FROM share_orders WHERE out_trade_no = ? AND kind = 'share'", order["out_trade_no"]
    )
    if count >= MAX_SHARES:
        raise invalid_request(f"同一订单最多分账 {MAX_SHARES} 次")
    for part in parts:
        known = receivers.find(world, account, part["type"], part["account"])
        if known is None:
            raise invalid_request("分账接收方未添加")
        if known["name"] and part.get("name", known["name"]) != known["name"]:
            raise invalid_request("分账接收方姓名或全称不一致")
    _check_amounts(world, account, order, sum(part["amount"] for part in parts))


def _check_amounts(world: World, account: Account, order: Row, fen: int) -> None:
    ratio = sub_of(world, account)["max_ratio"] if account.sub_mchid else DEFAULT_MAX_RATIO
    taken = world.db.number(
        "SELECT sum(amount) FROM share_lines JOIN share_orders USING (order_id)"
        " WHERE out_trade_no = ? AND result <> 'CLOSED' AND description <> ?",
        order["out_trade_no"],
        REST_TEXT,
    )
    if taken + fen > (order["total"] - pots.fee_fen(order["total"])) * ratio // 10_000:
        raise invalid_request("分账金额超过最大分账比例")
    lacking = world.faults.take("share_not_enough", order["out_trade_no"])
    if lacking or fen > pots.unsplit(world, order):
        raise PayError(403, "NOT_ENOUGH", "分账金额超过订单剩余可分金额")


def _accept(
    world: World,
    order: Row,
    product: str,
    body: dict[str, Any],
    facts: dict[str, Any],
    parts: list[dict[str, Any]],
) -> dict[str, Any]:
    number, account = order["out_trade_no"], account_of(order)
    slow = world.faults.take("share_slow", number)
    now = world.clock.now()
    order_id = _new_order_id(world, now)
    world.db.insert(
        "share_orders",
        mchid=account.mchid,
        out_order_no=body["out_order_no"],
        order_id=order_id,
        sub_mchid=account.sub_mchid,
        out_trade_no=number,
        request=json.dumps(facts, ensure_ascii=False, sort_keys=True),
        product=product,
        kind="share" if parts else "unfreeze",
        unfreeze=int(body.get("unfreeze_unsplit", True)),
        state="PROCESSING",
        created_at=now,
        due_at=now + (slow.seconds if slow else world.settings.share_seconds),
    )
    for part in parts:
        _add_line(world, order_id, part["type"], part["account"], part["amount"], part["description"])
    if body.get("unfreeze_unsplit", True):
        world.db.run("UPDATE orders SET sharing_over = 1 WHERE out_trade_no = ?", number)
    world.wake.set()
    return shown(world, get(world, account.mchid, body["out_order_no"]))


def _add_line(
    world: World, order_id: str, kind: str, account: str, fen: int, text: str, done: bool = False
) -> None:
    world.db.insert(
        "share_lines",
        detail_id=f"3601{secrets.randbelow(10**9):09d}{world.db.next_number('share_line'):010d}",
        order_id=order_id,
        type=kind,
        account=account,
        amount=fen,
        description=text,
        result="SUCCESS" if done else "PENDING",
        finished_at=world.clock.now() if done else None,
    )


def _new_order_id(world: World, now: float) -> str:
    day = china_time(now).strftime("%Y%m%d")
    return f"3008{secrets.randbelow(10**6):06d}{day}{world.db.next_number('share'):010d}"


def unfreeze(world: World, call: SignedCall, body: dict[str, Any], product: str = PARTNER) -> dict[str, Any]:
    """Set free what is left, under a new number. Raises PayError."""
    finish_due(world)
    account = receivers.sharer(world, call.merchant, body.get("sub_mchid"))
    with world.db.transaction():
        order = _order_of(world, account, body["transaction_id"])
        known = find(world, account.mchid, body["out_order_no"])
        if known is not None:
            return _again(world, known, "unfreeze", body)
        if not order["sharing"]:
            raise invalid_request("非分账订单不支持解冻")
        if order["sharing_over"]:
            raise invalid_request("订单剩余资金已解冻")
        _check_product(world, order, product)
        return _accept(world, order, product, body, body, [])


def find(world: World, mchid: str, out_order_no: str) -> Row | None:
    return world.db.row(
        "SELECT * FROM share_orders WHERE mchid = ? AND out_order_no = ?", mchid, out_order_no
    )


def get(world: World, mchid: str, out_order_no: str) -> Row:
    """The share order; raises PayError RESOURCE_NOT_EXISTS."""
    found = find(world, mchid, out_order_no)
    if found is None:
        raise PayError(404, "RESOURCE_NOT_EXISTS", "分账单不存在")
    return found


def shown(world: World, share_order: Row) -> dict[str, Any]:
    """The share order as the endpoints answer it."""
    order = transactions.get(world, share_order["out_trade_no"])
    lines = world.db.rows(
        "SELECT * FROM share_lines WHERE order_id = ? ORDER BY rowid", share_order["order_id"]
    )
    answer = {
        "transaction_id": order["transaction_id"],
        "out_order_no": share_order["out_order_no"],
        "order_id": share_order["order_id"],
        "state": share_order["state"],
        "receivers": [_line_shown(share_order, line) for line in lines],
    }
    return answer | ({"sub_mchid": order["sub_mchid"]} if order["sub_mchid"] else {})


def _line_shown(share_order: Row, line: Row) -> dict[str, Any]:
    value = {
        "amount": line["amount"],
        "description": line["description"],
        "type": line["type"],
        "account": line["account"],
        "result": line["result"],
        "detail_id": line["detail_id"],
        "create_time": rfc3339(share_order["created_at"]),
        "finish_time": rfc3339(line["finished_at"]) if line["finished_at"] else DUMMY_TIME,
    }
    return value | ({"fail_reason": line["fail_reason"]} if line["fail_reason"] else {})


def finish_due(world: World) -> None:
    """Decide every share whose waiting time is over, and set free what was frozen for thirty days."""
    now = world.clock.now()
    for row in world.db.rows(
        "SELECT order_id FROM share_orders WHERE state = 'PROCESSING' AND due_at <= ?", now
    ):
        _finish(world, row["order_id"])
    old = world.db.rows(
        "SELECT * FROM orders WHERE sharing = 1 AND sharing_over = 0 AND paid_at <= ?",
        now - UNFREEZE_DAYS * 86400,
    )
    for order in old:
        with world.db.transaction():
            world.db.run("UPDATE orders SET sharing_over = 1 WHERE out_trade_no = ?", order["out_trade_no"])
            left = pots.frozen(world, order)
            if left:
                pots.set_free(world, order, left, f"auto/{order['out_trade_no']}")


def _finish(world: World, order_id: str) -> None:
    with world.db.transaction():
        share_order = world.db.row("SELECT * FROM share_orders WHERE order_id = ?", order_id)
        if share_order is None or share_order["state"] != "PROCESSING":
            return
        order = transactions.get(world, share_order["out_trade_no"])
        fault = world.faults.take("share_failed", order["out_trade_no"])
        for line in world.db.rows("SELECT * FROM share_lines WHERE order_id = ?", order_id):
            _finish_line(world, order, share_order, line, fault.value if fault else "")
        if share_order["unfreeze"]:
            _free_rest(world, order, share_order)
        world.db.run("UPDATE share_orders SET state = 'FINISHED' WHERE order_id = ?", order_id)


def _finish_line(world: World, order: Row, share_order: Row, line: Row, reason: str) -> None:
    now = world.clock.now()
    if not reason and receivers.find(world, account_of(order), line["type"], line["account"]) is None:
        reason = "NO_RELATION"
    world.db.run(
        "UPDATE share_lines SET result = ?, fail_reason = ?, finished_at = ? WHERE detail_id = ?",
        "CLOSED" if reason else "SUCCESS",
        reason,
        now,
        line["detail_id"],
    )
    if reason:
        return
    world.db.insert(
        "share_movements",
        at=now,
        kind="share",
        out_trade_no=order["out_trade_no"],
        number=line["detail_id"],
        from_account=f"frozen:{account_of(order).taker}",
        to_account=_purse(world, line),
        amount=line["amount"],
    )
    tell(world, order, share_order, line, "PROFITSHARING.SUCCESS", "分账")


def _purse(world: World, line: Row) -> str:
    if line["type"] == "MERCHANT_ID":
        return f"merchant:{line['account']}"
    return f"user:{world.person_of(line['account'])}"


def _free_rest(world: World, order: Row, share_order: Row) -> None:
    left = pots.frozen(world, order)
    if not left:
        return
    taker = account_of(order).taker
    pots.set_free(world, order, left, share_order["order_id"])
    _add_line(world, share_order["order_id"], "MERCHANT_ID", taker, left, REST_TEXT, done=True)


def tell(world: World, order: Row, share_order: Row, line: Row, event: str, summary: str) -> None:
    """Tell a receiving merchant that has said where; nobody else hears of shares."""
    merchant = world.merchants.find(line["account"]) if line["type"] == "MERCHANT_ID" else None
    if merchant is None or not merchant.share_notify_url:
        return
    payer = {"sp_mchid": order["mchid"], "sub_mchid": order["sub_mchid"]} if order["sub_mchid"] else {}
    notices.write(
        world,
        event_type=event,
        original_type="profitsharing",
        summary=summary,
        url=merchant.share_notify_url,
        resource={
            **(payer or {"mchid": order["mchid"]}),
            "transaction_id": order["transaction_id"],
            "order_id": share_order["order_id"],
            "out_order_no": share_order["out_order_no"],
            "receiver": {name: line[name] for name in ("type", "account", "amount", "description")},
            "success_time": rfc3339(world.clock.now()),
        },
        mchid=merchant.mchid,
        out_trade_no=order["out_trade_no"],
    )


def may_return(world: World, mchid: str) -> bool:
    """Whether a receiving merchant has agreed to give shares back."""
    sub = find_sub(world.db, mchid)
    return bool(sub["returns_allowed"]) if sub is not None else world.merchants.find(mchid) is not None
