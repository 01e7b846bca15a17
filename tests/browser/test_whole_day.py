"""A leader's whole day in the hand: opened from a pasted text, sold to fifty, a pasted 接龙, cartons, the courier's sheet at the desk,
two gates without a line, claims that settle themselves, and a statement that equals the provider's book."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from phone import Phone
from playwright.sync_api import Page, expect
from test_desk_wide import let_in
from test_desk_wide import shot as desk_shot
from test_gate_offline import hand
from test_leader_and_buyer import pay_in_cashier
from test_parcels import api, signed_in
from test_proxy_orders_on_phone import copied
from test_sale_limits import shot
from test_ship_import import choose

from stack import Stack
from story.day import SUPPLIER, Mini, Sale, book_of, buyers, fetch_orders, jielong, pay, send_orders, sheet
from story.people import Browser, Simulator, jpeg, until
from yantuan.demo.pictures import demo_picture

pytestmark = pytest.mark.browser
COURIER, PICKUP, NEIGHBOURS = 11, 32, 5
"""By their own apps; with one of each on a phone and the five neighbours they are fifty."""
Order = dict[str, Any]


@pytest.fixture
def rule_put_back(stack: Stack) -> Iterator[None]:
    """The shop's rule for small claims is off again afterwards."""
    desk = api(stack, "leader")
    path = f"/leader/stores/{desk.get('/leader/stores').json()[0]['id']}/allowance"
    yield
    rule = {"enabled": False, "month_fen": 100_00, "claim_fen": 10_00, "percent": 30, "reasons": ["spoiled"], "needs_picture": True, "claims_per_buyer": 2}  # fmt: skip
    assert desk.put(path, json=rule).status_code == 200


def open_from_paste(leader: Phone, stack: Stack) -> Sale:
    """The supplier's text, a picture, stock, and grapes in cartons of twelve."""
    leader.open("/leader/groups/index")
    leader.tap("groups-paste")
    leader.fill(paste_text=SUPPLIER)
    leader.tap("paste-read")
    expect(leader.see("paste-price-1-0").locator("input")).to_have_value("19.90")
    leader.upload("paste-pictures", demo_picture("grapes"))
    leader.fill(paste_title="周末大团", paste_stock_0_0="200", paste_stock_1_0="200")
    shot(leader, "day-1-paste")
    leader.tap("paste-make")
    leader.see("group-status", "草稿")
    leader.tap("group-rules")
    leader.tap("forming-offer-1")
    leader.tap("forming-carton")
    leader.fill(forming_carton_size="12")
    leader.tap("offer-forming-done")
    leader.see("forming-offer-1", "拼箱 12 件一箱")
    shot(leader, "day-2-draft")
    leader.tap("group-publish")
    # The look before publishing doubts the price struck through, and asks once.
    leader.confirm()
    leader.page.wait_for_url("**/leader/share/index**")
    group = leader.page.url.split("id=")[1].split("&")[0]
    found = leader.api(f"/leader/group-buys/{group}")
    points = [point["id"] for point in found["pickup_points"]]
    offers = [offer["id"] for offer in found["offers"]]
    store = leader.api("/leader/stores")[0]["id"]
    return Sale(Browser(stack).demo("leader"), store, points, group, found["code"], *offers)


def order_rice(buyer: Phone, stack: Stack, sale: Sale) -> Order:
    """To a home, paid at the cashier."""
    buyer.open(f"/g/{sale.code}")
    buyer.at(f"step-{sale.rice}").get_by_test_id("stepper-more").click()
    buyer.tap("checkout")
    shot(buyer, "day-3-rice")
    return paid(buyer, stack)


def order_grapes(buyer: Phone, stack: Stack, sale: Sale) -> Order:
    """Two and no more, to be fetched at the second gate."""
    buyer.open(f"/g/{sale.code}")
    for _ in range(2):
        buyer.at(f"step-{sale.grapes}").get_by_test_id("stepper-more").click()
    buyer.tap("checkout")
    buyer.see("carton-wish", "想要 2 件")
    buyer.see("delivery").get_by_text("自提").click()
    buyer.tap(f"point-{sale.points[1]}")
    buyer.fill(pickup_name="葡萄奶奶", pickup_phone="13912349999", pickup_room="909")
    shot(buyer, "day-4-grapes")
    return paid(buyer, stack)


def paid(buyer: Phone, stack: Stack) -> Order:
    """Place what stands at the checkout and pay it in the browser."""
    before = set(Simulator(stack).book())
    buyer.see("checkout-total", "¥")
    buyer.tap("submit-order")
    pay_in_cashier(buyer, stack)
    buyer.see("order-number")
    [trade] = set(Simulator(stack).book()) - before
    newest = buyer.api("/orders")["items"][0]
    return {"id": newest["id"], "trade": trade}


def neighbours(leader: Phone, stack: Stack, sale: Sale) -> tuple[list[str], int]:
    """The pasted 接龙 ordered for five, three have paid the leader already; links of the others, and fen paid outside."""
    leader.context.grant_permissions(["clipboard-read", "clipboard-write"])
    leader.open(f"/leader/jielong/index?id={sale.id}")
    leader.fill(jielong_text=jielong(sale, NEIGHBOURS))
    leader.tap("jielong-read")
    leader.see("jielong-go", f"替 {NEIGHBOURS} 人下单")
    assert leader.api(f"{sale.path}/proxy-orders") == []
    leader.tap("jielong-go")
    for n in range(3):
        leader.tap(f"proxy-paid-{n}")
    shot(leader, "day-5-neighbours")
    leader.tap("proxy-confirm")
    leader.see("proxy-result", f"下好了 {NEIGHBOURS} 单")
    leader.tap("proxy-copy-all")
    links = [line for line in copied(leader).splitlines() if line.startswith("http")]
    rows = leader.api(f"{sale.path}/proxy-orders")
    assert sorted(row["payment"] for row in rows) == ["paid"] * 3 + ["unpaid"] * 2
    return links, sum(row["total_fen"] for row in rows if row["payment"] == "paid")


def pay_links(helper: Phone, stack: Stack, links: list[str]) -> list[Order]:
    """Somebody in the chat opens the two links left and pays."""
    orders = []
    for link in links:
        before = set(Simulator(stack).book())
        helper.open(link)
        helper.tap("pay-now")
        pay_in_cashier(helper, stack)
        helper.see("proxy-all-paid", "都付清了")
        [trade] = set(Simulator(stack).book()) - before
        orders.append({"trade": trade})
    return orders


def close(leader: Phone, sale: Sale) -> None:
    """The sale closed by hand; its page shows the split: 72 of 66 wished in six cartons, five who would take three stay with two."""
    leader.open(f"/leader/group-edit/index?id={sale.id}")
    leader.tap("group-close")
    leader.confirm()
    until(lambda: leader.api(f"{sale.path}/settling")["judged"], "the cartons")
    leader.open(f"/leader/settling/index?id={sale.id}")
    leader.see("settling-sum", "¥99.50")
    shot(leader, "day-6-split")
    found = leader.api(f"{sale.path}/settling")
    assert sum(row["got"] for row in found["shares"]) == 72
    assert [(one["kind"], one["orders"], one["amount_fen"]) for one in found["kinds"]] == [
        ("unfilled", 5, 5 * 1990)
    ]


def ship_at_the_desk(computer: Page, leader: Phone, stack: Stack, sale: Sale, placed: list[Order]) -> None:
    """A courier's sheet with an unknown row, one number twice and two names changed about; then the rest from the phone."""
    names = {row["id"]: row["recipient_name"] for row in waiting(sale, placed)}
    rows = [("订单号", "快递公司", "运单号", "收货人")]
    rows += [
        (one["id"], "圆通速递", f"YT{8_100_000_000_000 + n:013d}", names[one["id"]])
        for n, one in enumerate(placed)
    ]
    rows[3] = (rows[3][0], rows[3][1], rows[2][2], rows[3][3])
    rows[6] = (*rows[6][:3], rows[7][3])
    rows.append(("999999999999999999", "圆通速递", "YT8199999999999", "没有这个人"))
    let_in(computer, leader, stack)
    computer.goto(f"{stack.app}/desk/{sale.store}/shipping")
    computer.get_by_test_id("file").set_input_files(
        [{"name": "快递.xlsx", "mimeType": "application/vnd.ms-excel", "buffer": sheet(rows)}]
    )
    computer.get_by_test_id("file-send").click()
    expect(computer.get_by_test_id("sheet-state")).to_have_text("待确认")
    tiles = computer.get_by_test_id("tiles")
    for words in (f"{len(placed) + 1} 行", f"{len(placed) - 3} 可以发货", "1 要你看一眼", "3 不能发"):
        expect(tiles).to_contain_text(words)
    desk_shot(computer, "day-7-sheet")
    computer.get_by_test_id("sheet-confirm").click()
    expect(computer.get_by_test_id("sheet-state")).to_have_text("已发货")
    mended = [
        rows[0],
        rows[2],
        (*rows[3][:2], "YT8211111111111", rows[3][3]),
        (*rows[6][:3], names[rows[6][0]]),
    ]
    leader.open("/leader/ship-import/index")
    choose(leader, sheet(mended))
    expect(leader.see("import-confirm")).to_contain_text("3 行")
    leader.tap("import-confirm")
    leader.confirm()
    leader.see("import-number-booked", "3")
    shot(leader, "day-8-phone")
    assert {sale.leader.get(f"/leader/orders/{one['id']}")["delivery"] for one in placed} == {"shipped"}


def waiting(sale: Sale, placed: list[Order]) -> list[Any]:
    return [sale.leader.get(f"/leader/orders/{one['id']}") for one in placed]


def hand_out(gates: list[Phone], sale: Sale, placed: list[Order]) -> None:
    """Two phones take the list, lose the line, each hands out at its own gate — one bag at both — and send it in later."""
    for one in gates:
        one.open(f"/leader/gate/index?id={sale.id}")
        one.see("gate-absent")
        one.page.wait_for_function("async () => (await (await caches.open('yt-gate-1')).keys()).length > 5")
    found = sale.leader.post(f"{sale.path}/gate-list")["orders"]
    mine = [row for row in found if row["id"] in {one["id"] for one in placed}]
    assert {row["s"] for row in mine} == {"waiting"}
    for one in gates:
        one.context.set_offline(True)
    twice = mine[0]
    for gate, one in enumerate(gates):
        rows = [row for row in mine if row["p"] == gate or row is twice]
        for row in rows:
            hand(one, f"#{row['n']}", row["n"])
        one.see("gate-sync", f"待同步 {len(rows)}")
    shot(gates[0], "day-9-gate")
    for one in gates:
        one.context.set_offline(False)
        one.tap("gate-sync")
        expect(one.at("gate-sync")).not_to_contain_text("待同步")
    gates[1].see("gate-troubles", f"#{twice['n']} 已由")
    after = {row["id"]: row for row in sale.leader.post(f"{sale.path}/gate-list")["orders"]}
    assert {after[row["id"]]["s"] for row in mine} == {"picked"}


def set_rule(leader: Phone) -> None:
    """Up to ten yuan and a third of the line, with a picture, is refunded without asking."""
    leader.open("/leader/allowance/index")
    leader.see("allowance-on")
    leader.tap("allowance-on")
    leader.fill(allowance_claim="10", allowance_month="100")
    shot(leader, "day-10-rule")
    leader.tap("allowance-save")
    expect(leader.page.get_by_text("已保存")).to_be_visible()


def claim_on_phone(buyer: Phone, order: Order) -> None:
    """Half of one spoiled string; within the rule, so the page ends at the refund."""
    buyer.open(f"/pages/order/index?id={order['id']}")
    buyer.tap("act-aftersale")
    buyer.tap("claim-reason")
    buyer.tap("claim-reason-spoiled")
    buyer.fill(claim_amount="5")
    buyer.see("claim-part", "坏了大约 13%，申请 ¥5.00")
    buyer.upload("claim-pictures", demo_picture("grapes"))
    shot(buyer, "day-11-claim")
    buyer.tap("claim-send")
    buyer.page.wait_for_url("**/buyer/after-sale/index**")
    until(lambda: buyer.api(f"/orders/{order['id']}")["refunded_fen"] == 500, "the refund")
    buyer.page.reload()
    shot(buyer, "day-12-refunded")


def claim(buyer: Mini, order: Order, asked: int) -> str:
    line = buyer.get(f"/orders/{order['id']}")["lines"][0]["id"]
    body = {"kind": "refund_only", "reason": "spoiled", "media_ids": [buyer.upload("after_sale", jpeg())],
            "lines": [{"order_line_id": line, "quantity": 1}], "amount_fen": asked}  # fmt: skip
    return str(buyer.post(f"/orders/{order['id']}/aftersales", body)["id"])


def claims(buyer: Phone, mine: Order, others: list[Order]) -> int:
    """Two within the rule are refunded at once, one above it waits; fen given back by the rule."""
    claim_on_phone(buyer, mine)
    small = claim(others[0]["buyer"], others[0], 500)
    large = claim(others[1]["buyer"], others[1], 1500)
    until(lambda: others[0]["buyer"].get(f"/aftersales/{small}")["state"] == "refunded", "the refund")
    assert others[1]["buyer"].get(f"/aftersales/{large}")["state"] == "requested"
    return 1000


def read_statement(
    leader: Phone, stack: Stack, sale: Sale, trades: set[str], back: int, outside: int
) -> None:
    """To the fen what the provider's book says, on the leader's page."""
    until(lambda: book_of(stack, trades)[1] == back, "the refunds")
    until(lambda: sale.leader.get(f"{sale.path}/statement")["whole"]["refunded_fen"] == back, "the statement")
    took, refunded, fees = book_of(stack, trades)
    [online] = [
        one for one in sale.leader.get(f"{sale.path}/statement")["methods"] if one["method"] == "wechatpay"
    ]
    assert (online["paid_fen"], online["refunded_fen"], online["fees_fen"]) == (took, refunded, fees)
    net = took + outside - refunded - fees
    leader.open(f"/leader/sale-statement/index?id={sale.id}")
    leader.see("sale-net", f"{net // 100:,}.{net % 100:02d}".replace(",", ""))
    shot(leader, "day-13-statement")


def test_a_leaders_whole_day(
    phone: Callable[[], Phone], computer: Page, stack: Stack, rule_put_back: None
) -> None:
    leader = signed_in(phone(), stack, "leader")
    sale = open_from_paste(leader, stack)
    people = buyers(stack, COURIER + PICKUP)
    home, grandma = signed_in(phone(), stack, "buyer"), signed_in(phone(), stack, "buyer2")
    sent, fetched = send_orders(sale, people[:COURIER]), fetch_orders(sale, people[COURIER:])
    pay(stack, [*sent, *fetched])
    sent.append(order_rice(home, stack, sale))
    mine = order_grapes(grandma, stack, sale)
    links, outside = neighbours(leader, stack, sale)
    linked = pay_links(grandma, stack, links)
    close(leader, sale)
    ship_at_the_desk(computer, leader, stack, sale, sent)
    hand_out([signed_in(phone(), stack, "leader") for _ in sale.points[:2]], sale, [*fetched, mine])
    set_rule(leader)
    back = claims(grandma, mine, fetched)
    trades = {one["trade"] for one in [*sent, *fetched, mine, *linked]}
    read_statement(leader, stack, sale, trades, 5 * 1990 + back, outside)
