"""The bill of shares: what receivers got, what came back, and what was set free after a share."""

from collections.abc import Mapping

from yantuan.simulator.bills import bill_day, bounds, joined, linked, stamp, yuan
from yantuan.simulator.errors import PayError
from yantuan.simulator.merchants import Merchant
from yantuan.simulator.parties import sub_account
from yantuan.simulator.sharing import REST_TEXT
from yantuan.simulator.world import World

HEADER = (
    "分账时间,分账发起方,分账方,微信订单号,微信分账/回退单号,分账明细单号,商户分账/回退单号,订单金额,分账接收方,金额,"
    "业务类型,处理状态,分账描述,备注"
)
SUMMARY = "总条数,总金额"
_SHARES = """
SELECT l.finished_at AS at, o.mchid, o.sub_mchid, o.out_trade_no, o.order_id AS id, l.detail_id, o.out_order_no AS number,
  l.account, l.amount, l.description, '分账' AS kind FROM share_lines l JOIN share_orders o USING (order_id)
WHERE l.result = 'SUCCESS'
UNION ALL
SELECT r.finished_at, r.mchid, o.sub_mchid, o.out_trade_no, r.return_id, '', r.out_return_no,
  r.return_mchid, r.amount, r.description, '分账回退' FROM share_returns r JOIN share_orders o USING (order_id)
WHERE r.result = 'SUCCESS' ORDER BY 1
"""


def announce(world: World, merchant: Merchant, query: Mapping[str, str]) -> dict[str, str]:
    """Where to fetch the bill of shares of a day; of a partner, all sub-merchants' or one's. Raises PayError."""
    sub_mchid = query.get("sub_mchid", "")
    if sub_mchid or merchant.kind == "direct":
        sub_account(world, merchant, sub_mchid, "query")
    start, end = bounds(bill_day(world, query))
    rows, total = [], 0
    for line in world.db.rows(_SHARES):
        mine = line["mchid"] == merchant.mchid and sub_mchid in ("", line["sub_mchid"])
        if not mine or not start <= line["at"] < end or world.faults.take("bill_row_missing", line["number"]):
            continue
        wrong = world.faults.take("bill_row_amount", line["number"])
        amount = line["amount"] + (int(wrong.value) if wrong else 0)
        order = world.db.row("SELECT * FROM orders WHERE out_trade_no = ?", line["out_trade_no"])
        if order is None:
            continue
        total += amount
        kind = "解冻" if line["description"] == REST_TEXT else line["kind"]
        rows.append(joined([
            stamp(line["at"]), line["mchid"], line["sub_mchid"] or line["mchid"], order["transaction_id"], line["id"],
            line["detail_id"], line["number"], yuan(order["total"]), line["account"], yuan(amount), kind, "处理成功",
            line["description"], "",
        ]))  # fmt: skip
    if not rows:
        raise PayError(400, "NO_STATEMENT_EXIST", "请求的账单不存在，当日没有分账")
    text = "\r\n".join([HEADER, *rows, SUMMARY, joined([str(len(rows)), yuan(total)])]) + "\r\n"
    return linked(world, merchant, text, query)
