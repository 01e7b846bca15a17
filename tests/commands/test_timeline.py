"""`yantuan timeline`: one command tells everything of one order, and nothing of the person."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
from instance import Instance, grown_instance


@pytest.fixture(scope="module")
def shop(
    grown: Instance, durable_server: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Instance]:
    data = tmp_path_factory.mktemp("timeline") / "shop"
    with grown_instance(grown, durable_server, "timeline", data) as made:
        yield made


def test_the_whole_story_of_an_order_in_order(shop: Instance) -> None:
    ((order_id, paid, refund_no),) = shop.rows(
        "SELECT o.id, a.out_trade_no, r.out_refund_no FROM orders_order o JOIN payments_paymentattempt a ON a.order_id = o.id "
        "JOIN payments_refund r ON r.order_id = o.id WHERE o.payment = 'partly_refunded'"
    )
    done = shop.run("timeline", str(order_id), "--json")
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert told["order_id"] == str(order_id)
    entries = told["entries"]
    assert [e["at"] for e in entries] == sorted(e["at"] for e in entries)
    kinds = [e["kind"] for e in entries]
    assert {
        "订单",
        "支付",
        "支付单",
        "支付通知",
        "配送",
        "包裹",
        "售后",
        "售后单",
        "退款单",
        "后台事件",
        "消息",
    } <= set(kinds)
    assert kinds[0] == "订单"
    assert any(e["what"].startswith("已支付") for e in entries)
    assert any(refund_no in e["what"] for e in entries)
    words = json.dumps(entries, ensure_ascii=False)
    ((name, last4),) = shop.rows(
        f"SELECT recipient_name, phone_last4 FROM orders_order WHERE id = {order_id}"
    )
    assert name not in words and f'{last4}"' not in words
    for number in (paid, refund_no):
        plain = shop.run("timeline", str(number))
        assert plain.returncode == 0
        assert plain.stdout.startswith(f"订单 {order_id}")


@pytest.mark.parametrize("number", ["1", "T0", "99999999999999999999", "'; DROP TABLE x"])
def test_an_unknown_number_is_said_so(shop: Instance, number: str) -> None:
    done = shop.run("timeline", number)
    assert (done.returncode, done.stdout) == (2, "")
    assert "没有这个订单号" in done.stderr
