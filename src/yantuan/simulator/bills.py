"""Trade bills and fund-flow bills, built from the simulator's own book."""

import gzip
import hashlib
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from yantuan.simulator.clock import CHINA, china_time
from yantuan.simulator.database import Row
from yantuan.simulator.errors import PayError, bad_parameter
from yantuan.simulator.merchants import Merchant
from yantuan.simulator.parties import sub_account
from yantuan.simulator.pots import fee_fen
from yantuan.simulator.world import World

READY_HOUR = 10
MONTHS_BACK_DAYS = 92
LINK_SECONDS = 300
BILL_TYPES = ("ALL", "SUCCESS", "REFUND")
ACCOUNT_TYPES = ("BASIC", "OPERATION", "FEES")
_HEAD = "交易时间,公众账号ID,商户号,特约商户号,设备号,微信订单号,商户订单号,用户标识,交易类型,交易状态,付款银行,货币种类,应结订单金额,代金券金额"
_ORDER_REFUND = ",微信退款单号,商户退款单号,退款金额,充值券退款金额,退款类型,退款状态"
_TAIL = ",商品名称,商户数据包,手续费,费率,订单金额"
HEADERS = {
    "ALL": _HEAD + _ORDER_REFUND + _TAIL + ",申请退款金额,费率备注",
    "SUCCESS": _HEAD + _TAIL + ",费率备注",
    "REFUND": _HEAD + ",退款申请时间,退款成功时间" + _ORDER_REFUND + _TAIL + ",申请退款金额,费率备注",
}
SUMMARY = "总交易单数,应结订单总金额,退款总金额,充值券退款总金额,手续费总金额,订单总金额,申请退款总金额"
FLOW_HEADER = (
    "记账时间,微信支付业务单号,资金流水单号,业务名称,业务类型,收支类型,收支金额(元),账户结余(元),"
    "资金变更提交申请人,备注,业务凭证号"
)
FLOW_SUMMARY = "资金流水总笔数,收入笔数,收入金额,支出笔数,支出金额"


@dataclass(frozen=True, slots=True)
class _Line:
    """One trade of the bill; a refund has `refund` set. All amounts in fen."""

    order: Row
    refund: Row | None
    amount: int

    @property
    def fee(self) -> Decimal:
        fee = Decimal(fee_fen(self.amount)) / 100
        return -fee if self.refund is not None else fee


def yuan(fen: int) -> str:
    return f"{Decimal(fen) / 100:.2f}"


def announce(world: World, merchant: Merchant, name: str, query: Mapping[str, str]) -> dict[str, str]:
    """Answer of the bill endpoints: hash of the uncompressed file, and where to fetch it.

    A partner's bill holds all its sub-merchants, or the one named by `sub_mchid`.
    """
    sub_mchid = query.get("sub_mchid", "")
    if sub_mchid or merchant.kind == "direct":
        sub_account(world, merchant, sub_mchid, "query")
    day = bill_day(world, query)
    kind = _choice(query, "bill_type", "ALL", BILL_TYPES) if name == "tradebill" else "FLOW"
    if name == "fundflowbill" and _choice(query, "account_type", "BASIC", ACCOUNT_TYPES) != "BASIC":
        raise PayError(400, "NO_STATEMENT_EXIST", "请求的账单不存在")
    whose = _Whose(merchant.mchid, sub_mchid)
    text = _flow_text(world, whose, day) if kind == "FLOW" else _trade_text(world, whose, day, kind)
    return linked(world, merchant, text, query)


def linked(world: World, merchant: Merchant, text: str, query: Mapping[str, str]) -> dict[str, str]:
    """Keep a bill for a while under a link; raises PayError for another packing than is offered."""
    compressed = _choice(query, "tar_type", "", ("GZIP", "")) == "GZIP"
    digest = hashlib.sha1(text.encode()).hexdigest()
    if world.faults.take("bill_wrong_hash"):
        digest = digest[::-1]
    token = secrets.token_urlsafe(24)
    links = _live_links(world)
    links[token] = {
        "text": text,
        "gzip": compressed,
        "mchid": merchant.mchid,
        "until": world.clock.now() + LINK_SECONDS,
    }
    world.db.remember("bill_links", links)
    return {
        "hash_type": "SHA1",
        "hash_value": digest,
        "download_url": f"{world.public_url}/v3/billdownload/file?token={token}",
    }


def download(world: World, merchant: Merchant, token: str) -> bytes:
    """The bytes of a bill announced to this merchant; raises PayError when the link is unknown or too old."""
    link = _live_links(world).get(token)
    if link is None or link["mchid"] != merchant.mchid:
        raise PayError(404, "RESOURCE_NOT_EXISTS", "下载地址无效或已过期")
    raw: bytes = link["text"].encode()
    return gzip.compress(raw) if link["gzip"] else raw


def _live_links(world: World) -> dict[str, Any]:
    now = world.clock.now()
    links: dict[str, Any] = world.db.recall("bill_links", {})
    return {token: link for token, link in links.items() if link["until"] > now}


def _choice(query: Mapping[str, str], name: str, default: str, choices: tuple[str, ...]) -> str:
    value = query.get(name, default)
    if value not in choices:
        raise bad_parameter(f"/{name}", "不在允许的取值中", value, "query")
    return value


def bill_day(world: World, query: Mapping[str, str]) -> date:
    """The day asked for; raises PayError while or when there is no bill of it."""
    text = query.get("bill_date", "")
    try:
        day = date.fromisoformat(text)
    except ValueError:
        raise bad_parameter("/bill_date", "格式应为 YYYY-MM-DD", text, "query") from None
    now = china_time(world.clock.now())
    today = now.date()
    if world.settings.bills_at_once and day <= today:
        return day
    if day >= today:
        raise bad_parameter("/bill_date", "账单日期必须早于今天", text, "query")
    if day < today - timedelta(days=MONTHS_BACK_DAYS):
        raise bad_parameter("/bill_date", "只能下载三个月以内的账单", text, "query")
    if day == today - timedelta(days=1) and now.hour < READY_HOUR:
        raise PayError(400, "STATEMENT_CREATING", "账单正在生成中，请上午 10 点后再试")
    return day


def bounds(day: date) -> tuple[float, float]:
    start = datetime(day.year, day.month, day.day, tzinfo=CHINA)
    return start.timestamp(), (start + timedelta(days=1)).timestamp()


@dataclass(frozen=True, slots=True)
class _Whose:
    """Whose trades a bill holds: a merchant's, all of a partner's, or one sub-merchant's of a partner."""

    mchid: str
    sub_mchid: str

    def has(self, order: Row) -> bool:
        return order["mchid"] == self.mchid and self.sub_mchid in ("", order["sub_mchid"])


def _lines(world: World, whose: _Whose, day: date, kind: str) -> list[_Line]:
    start, end = bounds(day)
    lines: list[_Line] = []
    if kind != "REFUND":
        paid = world.db.rows(
            "SELECT * FROM orders WHERE paid_at >= ? AND paid_at < ? ORDER BY paid_at", start, end
        )
        lines += [_Line(order, None, order["total"]) for order in paid if whose.has(order)]
    if kind != "SUCCESS":
        refunds = world.db.rows(
            "SELECT * FROM refunds WHERE created_at >= ? AND created_at < ? ORDER BY created_at", start, end
        )
        for refund in refunds:
            order = world.db.row("SELECT * FROM orders WHERE out_trade_no = ?", refund["out_trade_no"])
            if order is not None and whose.has(order):
                lines.append(_Line(order, refund, refund["amount"]))
    return [bent for line in lines if (bent := _bent(world, line)) is not None]


def _bent(world: World, line: _Line) -> _Line | None:
    number = line.order["out_trade_no"]
    if world.faults.take("bill_row_missing", number):
        return None
    wrong = world.faults.take("bill_row_amount", number)
    return _Line(line.order, line.refund, line.amount + int(wrong.value)) if wrong else line


def _trade_text(world: World, whose: _Whose, day: date, kind: str) -> str:
    lines = _lines(world, whose, day, kind)
    if not lines:
        raise PayError(400, "NO_STATEMENT_EXIST", "请求的账单不存在，当日没有交易")
    paid = sum(line.amount for line in lines if line.refund is None)
    back = sum(line.amount for line in lines if line.refund is not None)
    fees = sum((line.fee for line in lines), Decimal(0))
    totals = [str(len(lines)), yuan(paid), yuan(back), "0.00", f"{fees:.5f}", yuan(paid), yuan(back)]
    rows = [_row(line, kind) for line in lines]
    return "\r\n".join([HEADERS[kind], *rows, SUMMARY, joined(totals)]) + "\r\n"


def _row(line: _Line, kind: str) -> str:
    order, refund = line.order, line.refund
    at = refund["created_at"] if refund is not None else order["paid_at"]
    plain = "0.00" if refund is not None else yuan(line.amount)
    values = [
        stamp(at), order["appid"], order["mchid"], order["sub_mchid"] or "0", "", order["transaction_id"],
        order["out_trade_no"], order["payer_openid"], order["trade_type"],
        "SUCCESS" if refund is None else "REFUND", "OTHERS", "CNY", plain, "0.00",
    ]  # fmt: skip
    if kind == "REFUND" and refund is not None:
        finished = refund["finished_at"] if refund["status"] == "SUCCESS" else None
        values += [stamp(refund["created_at"]), stamp(finished) if finished else ""]
    if kind != "SUCCESS":
        values += _refund_values(line)
    values += [_clean(order["description"]), _clean(order["attach"]), f"{line.fee:.5f}", "0.60%", plain]
    if kind != "SUCCESS":
        values.append(yuan(line.amount) if refund is not None else "0.00")
    values.append("")
    return joined(values)


def _refund_values(line: _Line) -> list[str]:
    if line.refund is None:
        return ["0", "0", "0.00", "0.00", "", ""]
    refund = line.refund
    return [
        refund["refund_id"], refund["out_refund_no"], yuan(line.amount), "0.00", "ORIGINAL", refund["status"],
    ]  # fmt: skip


_FLOW_NAMES = {
    "pay": "交易", "refund": "退款", "share": "分账", "return": "分账回退", "unfreeze": "解冻",
}  # fmt: skip
_FLOWS = """
SELECT * FROM (
  SELECT at, kind, out_trade_no, coalesce(out_refund_no, out_trade_no) AS number, from_account, to_account, amount
    FROM movements
  UNION ALL SELECT at, kind, out_trade_no, number, from_account, to_account, amount FROM share_movements)
WHERE at < ?1 AND (from_account IN (?2, ?3) OR to_account IN (?2, ?3)) ORDER BY at, kind, number
"""


def _flow_text(world: World, whose: _Whose, day: date) -> str:
    """Of a direct merchant's own account; frozen money counts as its own, so freezing moves nothing."""
    start, end = bounds(day)
    taker = whose.sub_mchid or whose.mchid
    own = (f"merchant:{taker}", f"frozen:{taker}")
    rows, balance = [], 0
    income: list[int] = []
    spent: list[int] = []
    for place, move in enumerate(world.db.rows(_FLOWS, end, *own), start=1):
        coming, going = move["to_account"] in own, move["from_account"] in own
        if coming and going:
            continue
        balance += move["amount"] if coming else -move["amount"]
        if move["at"] < start:
            continue
        (income if coming else spent).append(move["amount"])
        order = world.db.row("SELECT * FROM orders WHERE out_trade_no = ?", move["out_trade_no"])
        transaction = order["transaction_id"] if order is not None else ""
        values = [
            stamp(move["at"]), transaction, f"{place:020d}", _FLOW_NAMES[move["kind"]],
            _FLOW_NAMES[move["kind"]], "收入" if coming else "支出", yuan(move["amount"]), yuan(balance),
            "system" if coming else whose.mchid, "", move["number"],
        ]  # fmt: skip
        rows.append(joined(values))
    if not rows:
        raise PayError(400, "NO_STATEMENT_EXIST", "请求的账单不存在，当日没有资金流水")
    totals = [str(len(rows)), str(len(income)), yuan(sum(income)), str(len(spent)), yuan(sum(spent))]
    return "\r\n".join([FLOW_HEADER, *rows, FLOW_SUMMARY, joined(totals)]) + "\r\n"


def joined(values: list[str]) -> str:
    return ",".join("`" + value for value in values)


def stamp(moment: float) -> str:
    return china_time(moment).strftime("%Y-%m-%d %H:%M:%S")


def _clean(text: str) -> str:
    return text.replace(",", " ").replace("`", " ").replace("\r", " ").replace("\n", " ")
