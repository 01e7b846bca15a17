"""The whole way with real processes: bought in the mini-program, shipped, told to WeChat, and settled by a push over HTTP."""

from __future__ import annotations

from typing import Any

import pytest

from stack import running_stack
from story.people import Browser, Simulator, until

pytestmark = pytest.mark.stack


class MiniBuyer(Browser):
    """The buyer's phone: signed in by `wx.login`, named by a bearer token."""

    def sign_in_by_mini(self, simulator: Simulator, user: str) -> MiniBuyer:
        code = simulator.call("POST", "/js_codes", {"user": user})["code"]
        self.http.headers["X-Yantuan-Client"] = "mp"
        session = self.post("/auth/mini", {"js_code": code})
        self.http.headers["Authorization"] = f"Bearer {session['token']}"
        return self


def address() -> dict[str, Any]:
    return {
        "name": "王小雁", "phone": "13812341234", "province": "浙江省", "city": "杭州市", "district": "西湖区",
        "detail": "文三路 1 号", "building": "2", "room": "501", "is_default": True,
    }  # fmt: skip


def test_bought_shipped_told_and_settled() -> None:
    with running_stack(notice_gather_seconds="1") as stack:
        simulator, leader = Simulator(stack), Browser(stack).demo("leader")
        checked = simulator.call("POST", "/push/check")
        assert checked["good"] and checked["status"] == 200, checked
        simulator.call("POST", "/shipping", {"visible_after": 3})
        buyer = MiniBuyer(stack).sign_in_by_mini(simulator, "阿禾")
        buyer.post("/me/addresses", address())
        store = leader.get("/leader/stores")[0]
        sale = next(
            one
            for one in leader.get(f"/leader/stores/{store['id']}/group-buys?status=open")["items"]
            if one["kind"] == "dated"
        )
        page = buyer.get(f"/g/{sale['code']}")
        order = buyer.order(page, page["products"][0]["offers"][:1])
        buyer.post(f"/orders/{order['id']}/pay", {"channel": "mini"})
        number = simulator.payment_of(order["total_fen"])
        simulator.pay(number)
        until(lambda: buyer.get(f"/orders/{order['id']}")["payment"] == "paid" or None, "the payment")

        body = {"carrier": "YTO", "tracking_no": "YT1234567890123"}
        leader.post(f"/leader/orders/{order['id']}/shipments", body)

        def state(*wanted: str) -> Any:
            info = leader.get(f"/leader/orders/{order['id']}")["ship_info"]
            return info if info and info["state"] in wanted else None

        until(lambda: state("done"), "the upload", 40)
        told = simulator.call("GET", "/shipping")["orders"]
        mine = next(one for one in told if one["merchant_trade_no"] == number)
        assert [one["tracking_no"] for one in mine["shipping"]["shipping_list"]] == ["YT1234567890123"]
        until(lambda: state("done")["settles_at"], "the push that says when money is let go")
        key = buyer.get(f"/orders/{order['id']}")["wechat_confirm"]
        assert key == {"transaction_id": mine["transaction_id"]}
        simulator.call("POST", "/shipping/settle", {"out_trade_no": number})
        assert until(lambda: state("settled"), "the settlement")["settled_at"]
        assert {one["state"] for one in simulator.call("GET", "/push")["pushes"]} == {"accepted"}
        done = stack.check()
        assert done.returncode == 0, done.stdout + done.stderr
