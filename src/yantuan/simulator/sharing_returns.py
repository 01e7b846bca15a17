"""Taking shared money back from receiving merchants: decided at once, or later where a fault says so."""

import json
import secrets
from typing import Any

from yantuan.simulator import pots, receivers, sharing, transactions
from yantuan.simulator.clock import china_time, rfc3339
from yantuan.simulator.database import Row
from yantuan.simulator.errors import PayError, bad_parameter, invalid_request
from yantuan.simulator.merchants import Account, account_of
from yantuan.simulator.signing import SignedCall
from yantuan.simulator.world import World

MAX_RETURNS = 50
RETURN_DAYS = 180


def take_back(world: World, call: SignedCall, body: dict[str, Any]) -> dict[str, Any]:
    """Move a part back, or say why not. Raises PayError when a rule refuses."""
    sharing.finish_due(world)
    finish_due(world)
    account = receivers.sharer(world, call.merchant, body.get("sub_mchid"))
    with world.db.transaction():
        share_order = _share_of(world, account, body)
        known = _find(world, account.mchid, body["out_return_no"])
        if known is not None:
            if known["request"] != json.dumps(body, ensure_ascii=False, sort_keys=True):
                raise invalid_request("回退单号已存在，且参数与首次请求时不一致", 268498688)
            return shown(world, known)
        line = _line_of(world, share_order, body)
        return _decide(world, share_order, line, body)


def _share_of(world: World, account: Account, body: dict[str, Any]) -> Row:
    if ("order_id" in body) == ("out_order_no" in body):
        raise bad_parameter("/out_order_no", "order_id 与 out_order_no 必须且只能填其一")
    found = world.db.row(
        "SELECT * FROM share_orders WHERE mchid = ? AND sub_mchid = ? AND ? IN (order_id, out_order_no)",
        account.mchid,
        account.sub_mchid,
        body.get("order_id") or body["out_order_no"],
    )
    if found is None:
        raise PayError(404, "RESOURCE_NOT_EXISTS", "分账单不存在")
    return found


def _line_of(world: World, share_order: Row, body: dict[str, Any]) -> Row:
    line = world.db.row(
        "SELECT * FROM share_lines WHERE order_id = ? AND type = 'MERCHANT_ID' AND account = ?"
        " AND result = 'SUCCESS' AND description <> ?",
        share_order["order_id"],
        body["return_mchid"],
        sharing.REST_TEXT,
    )
    if line is None:
        raise invalid_request("回退方不是该分账单已成功的商户接收方")
    if not sharing.may_return(world, body["return_mchid"]):
        raise PayError(403, "NO_AUTH", "回退方没有开通分账回退")
    if world.clock.now() > line["finished_at"] + RETURN_DAYS * 86400:
        raise invalid_request("超过可回退的时间（180天）")
    earlier = world.db.rows("SELECT * FROM share_returns WHERE order_id = ?", share_order["order_id"])
    if len(earlier) >= MAX_RETURNS:
        raise invalid_request(f"同一分账单最多回退 {MAX_RETURNS} 次")
    given = sum(
        r["amount"] for r in earlier if r["return_mchid"] == line["account"] and r["result"] != "FAILED"
    )
    if given + body["amount"] > line["amount"]:
        raise invalid_request("回退金额超过该接收方的分账金额")
    return line


def _decide(world: World, share_order: Row, line: Row, body: dict[str, Any]) -> dict[str, Any]:
    slow = world.faults.take("share_return_slow", share_order["out_trade_no"])
    now = world.clock.now()
    day = china_time(now).strftime("%Y%m%d")
    return_id = f"3008{secrets.randbelow(10**6):06d}{day}{world.db.next_number('share_return'):010d}"
    world.db.insert(
        "share_returns",
        mchid=share_order["mchid"],
        out_return_no=body["out_return_no"],
        return_id=return_id,
        order_id=share_order["order_id"],
        request=json.dumps(body, ensure_ascii=False, sort_keys=True),
        return_mchid=body["return_mchid"],
        amount=body["amount"],
        description=body["description"],
        result="PROCESSING",
        created_at=now,
        due_at=now + (slow.seconds if slow else 0),
    )
    if not slow:
        _finish(world, share_order, line, return_id)
    return shown(world, get(world, share_order["mchid"], body["out_return_no"]))


def finish_due(world: World) -> None:
    """Decide every return whose waiting time is over."""
    rows = world.db.rows(
        "SELECT * FROM share_returns WHERE result = 'PROCESSING' AND due_at <= ?", world.clock.now()
    )
    for row in rows:
        with world.db.transaction():
            share_order = world.db.row("SELECT * FROM share_orders WHERE order_id = ?", row["order_id"])
            line = world.db.row(
                "SELECT * FROM share_lines WHERE order_id = ? AND account = ? AND result = 'SUCCESS'"
                " AND description <> ?",
                row["order_id"],
                row["return_mchid"],
                sharing.REST_TEXT,
            )
            if share_order is not None and line is not None:
                _finish(world, share_order, line, row["return_id"])


def _finish(world: World, share_order: Row, line: Row, return_id: str) -> None:
    row = world.db.row("SELECT * FROM share_returns WHERE return_id = ?", return_id)
    if row is None or row["result"] != "PROCESSING":
        return
    fault = world.faults.take("share_return_failed", share_order["out_trade_no"])
    reason = fault.value if fault else ""
    if not reason and pots.available(world, row["return_mchid"]) < row["amount"]:
        reason = "BALANCE_NOT_ENOUGH"
    now = world.clock.now()
    world.db.run(
        "UPDATE share_returns SET result = ?, fail_reason = ?, finished_at = ? WHERE return_id = ?",
        "FAILED" if reason else "SUCCESS",
        reason,
        now,
        return_id,
    )
    if reason:
        return
    order = transactions.get(world, share_order["out_trade_no"])
    world.db.insert(
        "share_movements",
        at=now,
        kind="return",
        out_trade_no=order["out_trade_no"],
        number=return_id,
        from_account=f"merchant:{row['return_mchid']}",
        to_account=f"merchant:{account_of(order).taker}",
        amount=row["amount"],
    )
    sharing.tell(world, order, share_order, line, "PROFITSHARING.RETURN", "分账回退")


def _find(world: World, mchid: str, out_return_no: str) -> Row | None:
    return world.db.row(
        "SELECT * FROM share_returns WHERE mchid = ? AND out_return_no = ?", mchid, out_return_no
    )


def get(world: World, mchid: str, out_return_no: str) -> Row:
    """The return; raises PayError RESOURCE_NOT_EXISTS."""
    found = _find(world, mchid, out_return_no)
    if found is None:
        raise PayError(404, "RESOURCE_NOT_EXISTS", "回退单不存在")
    return found


def shown(world: World, row: Row) -> dict[str, Any]:
    """The return as the endpoints answer it."""
    share_order = world.db.row("SELECT * FROM share_orders WHERE order_id = ?", row["order_id"])
    if share_order is None:
        raise PayError(404, "RESOURCE_NOT_EXISTS", "分账单不存在")
    answer = {
        "order_id": row["order_id"],
        "out_order_no": share_order["out_order_no"],
        "out_return_no": row["out_return_no"],
        "return_id": row["return_id"],
        "return_mchid": row["return_mchid"],
        "amount": row["amount"],
        "description": row["description"],
        "result": row["result"],
        "create_time": rfc3339(row["created_at"]),
    }
    if row["finished_at"]:
        answer["finish_time"] = rfc3339(row["finished_at"])
    if row["fail_reason"]:
        answer["fail_reason"] = row["fail_reason"]
    return answer | ({"sub_mchid": share_order["sub_mchid"]} if share_order["sub_mchid"] else {})
