"""The shipping desk of the mini-program: what was shipped of each payment, and when its money is let go.

An order goes 1 to ship → 2 shipped → 3 received → 4 done; a refunded one is 5, one whose money waits after receipt 6.
Money is let go ten days after express shipping, two days after anything else, or when the buyer confirms.
"""

import json
import re
from datetime import datetime
from typing import Any

from yantuan.simulator import push
from yantuan.simulator.database import Row
from yantuan.simulator.errors import WechatError
from yantuan.simulator.world import World

EXPRESS, PICKUP = 1, 4
UNIFIED, SPLIT = 1, 2
SETTLE_DAYS = {EXPRESS: 10, 2: 2, 3: 2, PICKUP: 2}
REMIND_AFTER = 48 * 3600
DAY = 86_400
CARRIERS = {
    "SF": "顺丰速运", "ZTO": "中通快递", "YTO": "圆通速递", "YD": "韵达速递", "STO": "申通快递", "JTSD": "极兔速递",
    "YZPY": "邮政快递包裹", "EMS": "EMS", "JD": "京东快递", "DBL": "德邦快递", "ZJS": "宅急送", "ANEWL": "安能物流",
    "KYSY": "跨越速运", "UC": "优速快递", "BDT": "八达通", "DHL": "DHL-中国件",
}  # fmt: skip
NO_SUCH_ORDER = 268546002
_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}\+08:00")
_CONTACT = re.compile(r"(\+\d{1,4}-)?\d{0,4}\*{2,}\d{4}")


def config_of(world: World) -> dict[str, Any]:
    """`managed`: the mini-program is under the rule; `visible_after`: seconds from paying until the desk knows the payment."""
    found = world.db.row("SELECT value FROM desk_settings WHERE name = 'shipping'")
    return {"managed": True, "visible_after": 0.0, **(json.loads(found["value"]) if found else {})}


def change_config(world: World, changes: dict[str, Any]) -> dict[str, Any]:
    wanted = {**config_of(world), **changes}
    world.db.run("INSERT OR REPLACE INTO desk_settings VALUES ('shipping', ?)", json.dumps(wanted))
    return wanted


def find(world: World, key: dict[str, Any], code: int = 10060001) -> Row:
    """The payment meant, if the desk knows it already; raises WechatError 10060001."""
    if key.get("transaction_id"):
        row = world.db.row("SELECT * FROM orders WHERE transaction_id = ?", str(key["transaction_id"]))
    else:
        row = world.db.row("SELECT * FROM orders WHERE out_trade_no = ?", str(key.get("out_trade_no", "")))
        merchants = (world.credentials.mchid, row["mchid"]) if row is not None else ()
        if row is not None and key.get("mchid") not in merchants:
            row = None
    if row is None or row["paid_at"] is None or not belongs(world, row):
        raise WechatError(code, "支付单不存在")
    late = world.clock.now() - row["paid_at"] < float(config_of(world)["visible_after"])
    if late or world.faults.take("payment_not_visible", row["out_trade_no"]):
        raise WechatError(code, "支付单不存在")
    return row


def special(world: World, body: dict[str, Any]) -> None:
    """Note a payment that is on pre-sale (1) or a test (2). Raises WechatError as documented."""
    kind, until = body.get("type"), body.get("delay_to")
    if isinstance(kind, bool) or kind not in (1, 2):
        raise WechatError(268546000, "type invalid")
    number = str(body.get("order_id", ""))
    row = world.db.row("SELECT * FROM orders WHERE transaction_id = ? OR out_trade_no = ?", number, number)
    order = find(world, {"transaction_id": row["transaction_id"] if row else ""}, NO_SUCH_ORDER)
    if state_of(world, order) != 1:
        raise WechatError(NO_SUCH_ORDER, "no such order to be shipped")
    if kind == 1:
        whole = isinstance(until, int) and not isinstance(until, bool)
        if not whole or not 15 * DAY <= until - order["paid_at"] <= 330 * DAY:
            raise WechatError(268546001, "delay_to invalid")
    world.db.run(
        "INSERT OR REPLACE INTO special_orders VALUES (?, ?, ?, ?)",
        order["out_trade_no"], kind, until if kind == 1 else None, world.clock.now(),
    )  # fmt: skip


def special_of(world: World, order: Row) -> dict[str, Any] | None:
    """What was reported of a payment, if anything."""
    row = world.db.row("SELECT * FROM special_orders WHERE out_trade_no = ?", order["out_trade_no"])
    return {"type": row["kind"], "delay_to": row["delay_to"]} if row is not None else None


def belongs(world: World, order: Row) -> bool:
    """Only payments made under the mini-program's own appid are on its desk."""
    mini = world.credentials.mini_appid
    apps = {order["appid"], order["pay_appid"], order["sub_appid"]}
    return mini in apps and world.person_of(order["payer_openid"] or "", mini) is not None


def desk_row(world: World, order: Row) -> Row | None:
    return world.db.row("SELECT * FROM shipping WHERE out_trade_no = ?", order["out_trade_no"])


def refunded(world: World, order: Row) -> bool:
    given = world.db.number(
        "SELECT sum(amount) FROM refunds WHERE out_trade_no = ? AND status IN ('SUCCESS', 'PROCESSING')",
        order["out_trade_no"],
    )
    return given >= int(order["total"])


def state_of(world: World, order: Row) -> int:
    """`order_state` 1 to 6."""
    row = desk_row(world, order)
    if refunded(world, order):
        return 5
    if row is None:
        return 1
    if row["settled_at"] is not None:
        return 4
    if row["confirmed_at"] is not None:
        return 3
    return 2 if row["finished"] else 1


def check_body(body: dict[str, Any]) -> None:
    """The written rules of `upload_shipping_info`; raises the first broken one."""
    key = body.get("order_key")
    if not isinstance(key, dict) or key.get("order_number_type") not in (1, 2):
        raise WechatError(268485194, "order_key.order_number_type invalid")
    if key["order_number_type"] == 2 and not key.get("transaction_id"):
        raise WechatError(268485195, "order_key.transaction_id invalid")
    if key["order_number_type"] == 1 and not key.get("mchid"):
        raise WechatError(268485196, "order_key.mchid invalid")
    if key["order_number_type"] == 1 and not key.get("out_trade_no"):
        raise WechatError(268485197, "order_key.out_trade_no invalid")
    kind, mode = body.get("logistics_type"), body.get("delivery_mode")
    if kind not in (1, 2, 3, 4):
        raise WechatError(10060005, "logistics_type invalid")
    if mode not in (UNIFIED, SPLIT):
        raise WechatError(268485224, "delivery_mode invalid")
    if mode == SPLIT and kind != EXPRESS:
        raise WechatError(10060006, "only express can be split")
    if mode == SPLIT and not isinstance(body.get("is_all_delivered"), bool):
        raise WechatError(10060007, "is_all_delivered missing")
    _check_list(body.get("shipping_list"), express=kind == EXPRESS, unified=mode == UNIFIED)
    if not isinstance(body.get("upload_time"), str) or not _TIME.fullmatch(body["upload_time"]):
        raise WechatError(268485216, "upload_time invalid")
    payer = body.get("payer")
    if not isinstance(payer, dict) or not payer.get("openid"):
        raise WechatError(10060014, "payer.openid missing")


def _check_list(rows: Any, *, express: bool, unified: bool) -> None:
    if not isinstance(rows, list) or not rows or not all(isinstance(row, dict) for row in rows):
        raise WechatError(10060020, "no description at all")
    if len(rows) > 15:
        raise WechatError(10060024, "shipping_list too long")
    if unified and len(rows) != 1:
        raise WechatError(268485228, "unified delivery needs exactly one entry")
    for row in rows:
        text = row.get("item_desc")
        if not isinstance(text, str) or not text:
            raise WechatError(10060008, "item_desc empty")
        if len(text) > 120:
            raise WechatError(10060009, "item_desc too long")
        if express:
            _check_parcel(row)


def _check_parcel(row: dict[str, Any]) -> None:
    number, company = row.get("tracking_no"), row.get("express_company")
    if not isinstance(number, str) or not number:
        raise WechatError(268485226, "tracking_no empty")
    if not isinstance(company, str) or not company:
        raise WechatError(268485227, "express_company empty")
    if len(company) > 128:
        raise WechatError(10060025, "express_company too long")
    if len(number) > 128:
        raise WechatError(10060026, "tracking_no too long")
    if company not in CARRIERS:
        raise WechatError(10060014, "express_company unknown")
    contact = row.get("contact") or {}
    texts = [contact.get(name) for name in ("consignor_contact", "receiver_contact") if contact.get(name)]
    if company == "SF" and not texts:
        raise WechatError(10060014, "contact is needed for SF")
    if not all(isinstance(text, str) and _CONTACT.fullmatch(text) for text in texts):
        raise WechatError(10060014, "contact is not masked")


def upload(world: World, body: dict[str, Any]) -> dict[str, Any]:
    """`upload_shipping_info`; raises WechatError with the platform's code."""
    refused = world.faults.take("shipping_refused")
    if refused is not None:
        raise WechatError(int(refused.value), "ordered refusal")
    check_body(body)
    with world.db.transaction():
        order = find(world, body["order_key"])
        _check_order(world, order, body)
        at = datetime.fromisoformat(body["upload_time"]).timestamp()
        known = desk_row(world, order)
        if known is not None and at <= known["uploaded_at"]:
            raise WechatError(268485216, "upload_time must be later than the one before")
        finished = _write(world, order, known, body, at)
    if finished:
        _tell_shipped(world, order)
    return {"errcode": 0, "errmsg": "ok"}


def _check_order(world: World, order: Row, body: dict[str, Any]) -> None:
    if body["payer"]["openid"] != order["payer_openid"]:
        raise WechatError(10060031, "openid mismatch")
    state = state_of(world, order)
    if state == 5:
        raise WechatError(10060004, "the payment cannot be shipped")
    if state in (3, 4):
        raise WechatError(10060002, "the payment is finished already")


def _write(world: World, order: Row, known: Row | None, body: dict[str, Any], at: float) -> bool:
    """Keep what came; answers whether the order is finished by it now."""
    parcels = json.dumps(body["shipping_list"], ensure_ascii=False, sort_keys=True)
    done = body["delivery_mode"] == UNIFIED or body["is_all_delivered"]
    now = world.clock.now()
    values = {
        "logistics_type": body["logistics_type"],
        "delivery_mode": body["delivery_mode"],
        "parcels": parcels,
        "finished": int(done),
        "uploaded_at": at,
        "settle_due_at": now + SETTLE_DAYS[body["logistics_type"]] * DAY if done else None,
    }
    if known is None:
        world.db.insert(
            "shipping", out_trade_no=order["out_trade_no"], times=int(done), shipped_at=now, **values
        )
        return bool(done)
    same_way = all(known[name] == values[name] for name in ("logistics_type", "delivery_mode"))
    if same_way and known["parcels"] == parcels and known["finished"] == values["finished"]:
        raise WechatError(10060023, "nothing changed")
    again = bool(known["finished"]) or not same_way
    if again and known["chance_used"]:
        raise WechatError(10060003, "the chance to ship again was used")
    # A finished order stays finished when it is shipped again.
    values["finished"] = max(known["finished"], values["finished"])
    world.db.run(
        f"UPDATE shipping SET {', '.join(f'{name} = ?' for name in values)}, chance_used = max(chance_used, ?),"
        " times = times + ? WHERE out_trade_no = ?",
        *values.values(),
        int(again),
        int(bool(known["finished"]) or bool(done)),
        order["out_trade_no"],
    )
    return bool(done) and not known["finished"]


def event_fields(order: Row) -> dict[str, Any]:
    return {
        "transaction_id": order["transaction_id"],
        "merchant_id": order["mchid"],
        "sub_merchant_id": order["sub_mchid"],
        "merchant_trade_no": order["out_trade_no"],
        "pay_time": int(order["paid_at"]),
    }


def _tell_shipped(world: World, order: Row) -> None:
    row = desk_row(world, order)
    if row is not None:
        due = int(row["settle_due_at"])
        more = {"shipped_time": int(row["shipped_at"]), "estimated_settlement_time": due}
        push.queue(world, "trade_manage_order_settlement", {**event_fields(order), **more})


def confirm(world: World, order: Row, method: int = 1) -> None:
    """The buyer confirms receipt (method 1), or time does (2)."""
    row = desk_row(world, order)
    if row is None or not row["finished"]:
        raise WechatError(10060028, "not shipped yet")
    world.db.run(
        "UPDATE shipping SET confirmed_at = coalesce(confirmed_at, ?), confirm_method = coalesce(confirm_method, ?)"
        " WHERE out_trade_no = ?",
        world.clock.now(),
        method,
        order["out_trade_no"],
    )


def settle(world: World, order: Row, method: int = 1) -> None:
    """The money is let go; told by a push."""
    confirm(world, order, method)
    now = world.clock.now()
    changed = world.db.run(
        "UPDATE shipping SET settled_at = ? WHERE out_trade_no = ? AND settled_at IS NULL",
        now,
        order["out_trade_no"],
    )
    row = desk_row(world, order)
    if changed.rowcount and row is not None:
        more = {
            "shipped_time": int(row["shipped_at"]),
            "confirm_receive_method": row["confirm_method"],
            "confirm_receive_time": int(row["confirmed_at"]),
            "settlement_time": int(now),
        }
        push.queue(world, "trade_manage_order_settlement", {**event_fields(order), **more})


def settle_due(world: World) -> None:
    """Let go whatever waited long enough without the buyer's word."""
    due = world.db.rows(
        "SELECT orders.* FROM shipping JOIN orders USING (out_trade_no)"
        " WHERE settled_at IS NULL AND settle_due_at <= ?",
        world.clock.now(),
    )
    for order in due:
        settle(world, order, 2)
