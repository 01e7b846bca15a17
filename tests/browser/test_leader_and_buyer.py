"""The leader's and the buyer's whole story, each on a phone of their own, from the invite to the money back."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta, timezone

import pytest
from phone import Phone
from playwright.sync_api import expect

from idcards import id_number
from stack import Stack
from story.people import Operator, Simulator, until
from yantuan.demo.pictures import demo_picture

pytestmark = pytest.mark.browser


def sign_in(phone: Phone, stack: Stack, number: str) -> None:
    """On the login page, with the code from the simulator's inbox."""
    phone.fill(login_phone=number)
    phone.tap("send-code")
    message = until(lambda: Simulator(stack).inbox(channel="sms", phone=number), "the SMS code")[0]
    phone.fill(login_code=message["code"])
    phone.at("agree").locator(".yt-check__box").click()
    phone.tap("login-submit")


def become_leader(leader: Phone, stack: Stack) -> None:
    operator = Operator(stack)
    leader.open("/pages/login/index?next=/leader/apply/index")
    sign_in(leader, stack, "13722220001")
    leader.see("apply-code")
    leader.fill(apply_code=operator.make_code(), apply_name="许知远")
    leader.at("apply-agree").locator(".yt-check__box").click()
    leader.tap("apply-send")
    leader.see("certify-name")
    leader.fill(certify_name="许知远", certify_number=id_number(), certify_category="水果生鲜")
    leader.upload("certify-papers", demo_picture("cover-harbour"))
    leader.tap("certify-send")
    leader.see("certify-state")
    operator.approve(leader.api("/leaders/me")["certification"]["id"])
    # The open page hears of the decision by itself; its refresh button may go away under the finger.
    leader.tap("certify-store")


def open_store(leader: Phone) -> None:
    leader.see("store-name")
    leader.fill(store_name="知远的果园", store_freight="6", store_introduction="自家山上的果子，熟了才摘。")
    leader.fill(
        store_return_name="许知远", store_return_phone="13722220001", store_return_address="梧桐路 9 号"
    )
    leader.upload("store-cover", demo_picture("cover-orchard"))
    leader.tap("store-save")


def add_product(leader: Phone) -> None:
    leader.tap("product-add")
    leader.upload("product-pictures", demo_picture("apples"))
    leader.fill(product_title="高山红富士苹果", product_description="脆甜多汁，坏果包赔。")
    leader.fill(sku_0_name="五斤", sku_0_price="33.33", sku_0_stock="20", sku_0_cost="19")
    leader.tap("sku-add")
    leader.fill(sku_1_name="十斤", sku_1_price="59.99", sku_1_stock="20")
    leader.tap("product-save")
    expect(leader.page.get_by_text("高山红富士苹果").last).to_be_visible()


def open_sale(leader: Phone) -> None:
    end = datetime.now(timezone(timedelta(hours=8))) + timedelta(days=2)
    leader.open("/leader/group-edit/index")
    leader.see("group-title")
    leader.fill(group_title="周末苹果团")
    leader.tap("offer-pick")
    leader.see("offer-picker", "高山红富士苹果")
    for box in leader.at("offer-picker").locator(".yt-check__box").all():
        box.click()
    leader.tap("pick-done")
    leader.tap("group-ends")
    leader.fill(group_ends_text=end.strftime("%Y-%m-%d %H:%M"))
    leader.tap("group-ends-confirm")
    leader.tap("block-add-text")
    leader.fill(block_0_text="周四截单，周五到小区。现摘现发，坏果包赔。")
    leader.tap("group-publish")
    # A promise to make good binds: the look before publishing says so, and asks once.
    leader.confirm()


def share_link(leader: Phone) -> str:
    """The share page with its poster; answers the link for the chat group."""
    leader.page.wait_for_url("**/leader/share/index**")
    picture = leader.see("share-picture").locator("img")
    expect(picture).to_be_attached()
    until(lambda: picture.evaluate("img => img.complete && img.naturalWidth > 600"), "the poster")
    leader.picture("share.png")
    sale = leader.page.url.split("id=")[1].split("&")[0]
    shares = leader.api(f"/leader/group-buys/{sale}/shares")
    return str(next(s["url"] for s in shares if s["kind"] == "link"))


def order_two_things(buyer: Phone, stack: Stack, link: str) -> None:
    buyer.open(link)
    page = buyer.api(f"/g/{link.split('/g/')[1].split('?')[0]}")
    product = page["products"][0]
    buyer.tap(f"choose-{product['id']}")
    for offer in product["offers"]:
        buyer.more(f"sheet-step-{offer['id']}")
    buyer.tap("sheet-done")
    buyer.see("cart-total", "93.32")
    buyer.tap("checkout")
    sign_in(buyer, stack, "13722220002")
    buyer.tap("pick-address")
    buyer.see("addr-name")
    buyer.fill(addr_name="孙小圣", addr_phone="13722220002", addr_province="上海市", addr_city="上海市")
    buyer.fill(addr_district="浦东新区", addr_detail="梧桐路 9 号", addr_building="3 栋", addr_room="502")
    buyer.tap("addr-save")
    buyer.see("checkout-total", "99.32")
    buyer.picture("checkout.png")
    buyer.tap("submit-order")


def pay_in_cashier(buyer: Phone, stack: Stack) -> None:
    """WeChat's page outside WeChat: the simulator's cashier, and back."""
    buyer.page.wait_for_url(f"{stack.simulator}/cashier/**")
    buyer.picture("cashier.png")
    buyer.page.get_by_role("button", name="支付").first.click()


def ship(leader: Phone) -> None:
    """The bell rings on the open screen; a tap leads to the order."""
    leader.see("ring-title", "新订单 #1")
    leader.picture("ring.png")
    leader.tap("ring")
    leader.tap("do-ship")
    leader.see("ship-sheet")
    leader.fill(ship_number="YT7711000000001")
    leader.tap("ship-carrier")
    leader.tap("ship-carrier-YTO")
    leader.tap("ship-save")
    leader.see("parcels", "YT7711000000001")


def receive_and_claim(buyer: Phone) -> None:
    buyer.tap("see-order")
    buyer.see("headline", "已发货")
    expect(buyer.page.get_by_text("YT7711000000001").last).to_be_visible()
    buyer.tap("act-confirm_receipt")
    buyer.confirm()
    buyer.see("headline", "已收货")
    buyer.tap("act-aftersale")
    buyer.see("page-claim")
    line = buyer.page.locator('[data-testid^="claim-"] [data-testid="stepper-more"]:visible').first
    line.click()
    buyer.tap("claim-reason")
    buyer.tap("claim-reason-spoiled")
    buyer.fill(claim_words="坏了两个")
    buyer.upload("claim-pictures", demo_picture("apples"))
    buyer.tap("claim-send")
    buyer.page.wait_for_url("**/buyer/after-sale/index**")
    buyer.picture("after-sale.png")


def agree(leader: Phone, stack: Stack) -> None:
    leader.open("/leader/after-sales/index")
    leader.page.locator('[data-testid^="case-"]:visible').first.click()
    leader.see("case-page", "坏了两个")
    leader.picture("leader-after-sale.png")
    leader.tap("case-agree")
    leader.tap("case-save")
    total = 3333 + round(600 * 3333 / 9332)
    until(
        lambda: [o for o in Simulator(stack).book().values() if o["refunded"] == total],
        "the money in the book",
    )


def test_from_invite_to_refund(phone: Callable[[], Phone], stack: Stack) -> None:
    leader, buyer = phone(), phone()
    become_leader(leader, stack)
    open_store(leader)
    add_product(leader)
    open_sale(leader)
    link = share_link(leader)
    leader.open("/pages/home/index")
    leader.see("home-board")
    order_two_things(buyer, stack, link)
    pay_in_cashier(buyer, stack)
    ship(leader)
    buyer.see("order-number", "1")
    receive_and_claim(buyer)
    agree(leader, stack)
    buyer.open("/pages/orders/index")
    # The money is in the provider's book first; its notice settles the case here.
    row = until(lambda: [o for o in buyer.api("/orders")["items"] if o["aftersale"] == "settled"], "settled")[
        0
    ]
    buyer.see(f"order-{row['id']}", "部分退款")
    assert (row["total_fen"], row["paid_fen"]) == (9932, 9932)
    store = leader.api("/leader/stores")[0]["id"]
    sold = leader.api(f"/leader/stores/{store}/orders")["items"][0]
    assert (sold["paid_fen"], sold["refunded_fen"]) == (row["paid_fen"], row["refunded_fen"])
    leader.open("/leader/statement/index")
    leader.see("statement-net", f"{(row['paid_fen'] - row['refunded_fen']) / 100:.2f}")
