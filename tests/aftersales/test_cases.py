"""Whole cases through the API: claim, answer, return, money, stock, and the order's own page."""

from __future__ import annotations

from datetime import timedelta

import pytest
from casework import ADDRESS, OPERATOR, PARCEL, case_in, claim, claim_body, from_silence
from django.db import IntegrityError, transaction

from fulfilment.tradeworld import NUMBER, Shop, caller, make_shop, picture
from orders.orderworld import counts
from yantuan.aftersales import flow
from yantuan.aftersales.actions import decide_silent, operator_decide
from yantuan.aftersales.jobs import refund_of_case_done
from yantuan.aftersales.models import AfterSale, AfterSaleLine
from yantuan.kernel.clock import frozen, now
from yantuan.kernel.errors import AppError
from yantuan.kernel.models import AuditEntry
from yantuan.media.access import access_media
from yantuan.orders.models import Order
from yantuan.orders.queries import order_detail
from yantuan.payments.models import Refund
from yantuan.payments.refunds import finish

FREIGHT = 800


def test_an_unshipped_order_is_refunded_and_its_goods_sold_again(shop: Shop) -> None:
    trade = shop.order(2)
    before = counts(shop.world.offers[0])
    case = claim(trade, trade.piece(0, 2), amount=2 * 3990 + FREIGHT)
    assert trade.axes == ("paid", "none", "open")
    detail = case.leader("agree")
    assert (detail["state"], detail["refund"]["amount_fen"], detail["actions"]) == ("agreed", 8780, [])
    case.paid_back()
    assert (trade.axes, case.state) == (("refunded", "none", "settled"), "refunded")
    available, held, sold = before
    assert counts(shop.world.offers[0]) == (available + 2, held, sold - 2)
    assert [e["text"] for e in case.boss.ok("GET", f"/leader/aftersales/{case.id}")["timeline"]] == [
        "退款成功 ¥87.80", "团长同意退款 ¥87.80", "买家申请仅退款 ¥87.80：不想要了/拍错/多拍"
    ]  # fmt: skip


def test_a_return_waits_for_the_goods_and_the_leader_says_whether_to_sell_them_again(shop: Shop) -> None:
    for restock in (False, True):
        trade = shop.order(3)
        trade.ship(number=f"YT{trade.id % 10**13:013d}")
        before = counts(shop.world.offers[0])
        case = claim(trade, trade.piece(0, 3), kind="return_refund", amount=3 * 3990 + FREIGHT)
        assert case.leader("agree", ADDRESS)["return_address"] == ADDRESS["return_address"]
        assert case.buyer("return-parcel", PARCEL)["return_tracking_no"] == PARCEL["tracking_no"]
        # Two of three came back: the third's price and the freight stay with the leader (REF-07).
        detail = case.leader("receive-return", {"restock": restock, "lines": [trade.piece(0, 2)]})
        assert (detail["agreed_fen"], detail["refund"]["amount_fen"]) == (7980, 7980)
        assert counts(shop.world.offers[0]) == before
        case.paid_back()
        assert (trade.row.payment, trade.lines[0].refunded_quantity) == ("partly_refunded", 2)
        available, held, sold = before
        expected = (available + 2, held, sold - 2) if restock else before
        assert counts(shop.world.offers[0]) == expected


def test_the_return_address_must_be_known(shop: Shop) -> None:
    trade = shop.order()
    trade.ship()
    case = claim(trade, kind="return_refund")
    path = f"/leader/aftersales/{case.id}/agree"
    assert case.boss.refused("POST", path, {}) == (422, "return_address_needed")
    store = shop.world.store
    store.return_name, store.return_phone, store.return_address = "仓库", "13900002222", "杭州市仓库路 2 号"
    store.save()
    assert case.leader("agree")["return_name"] == "仓库"
    wrong = {"lines": [{**trade.piece(), "quantity": 2}]}
    refused = case.boss.refused("POST", f"/leader/aftersales/{case.id}/receive-return", wrong)
    assert refused == (422, "order_line_unknown")


def test_an_offer_is_a_compensation_the_goods_are_still_to_come(shop: Shop) -> None:
    trade = shop.order(2)
    case = claim(trade, trade.piece(0, 2))
    for amount in (0, 7980, 9000):
        body = {"amount_fen": amount, "answer": "补偿"}
        assert case.boss.refused("POST", f"/leader/aftersales/{case.id}/offer", body) == (
            422,
            "offer_amount_invalid",
        )
    case.leader("offer", {"amount_fen": 1000, "answer": "晚三天发货，补偿十元"})
    assert case.buyer("accept-offer")["agreed_fen"] == 1000
    case.paid_back()
    assert (trade.axes, trade.row.refunded_fen) == (("partly_refunded", "none", "settled"), 1000)
    trade.ship()
    assert trade.lines[0].shipped_quantity == 2


def test_refusal_escalation_and_decision_each_count_once(shop: Shop) -> None:
    """REF-14: every step twice, all audited, the buyer sees the state with the order."""
    case = case_in(shop, "escalated", "refund_only")
    trade = case.trade
    page = order_detail(trade.row, "buyer")
    assert [brief.state_label for brief in page.aftersales] == ["平台介入中"]
    assert (page.labels.aftersale, page.labels.headline) == ("售后处理中", "待发货 · 售后处理中")
    assert "aftersale" in order_detail(trade.row, "leader").actions
    with pytest.raises(AppError) as caught:
        operator_decide(case.id, 3991, "多给一分", OPERATOR)
    assert caught.value.code == "amount_above_claim"
    for _ in range(2):
        operator_decide(case.id, 2000, "双方各担一半", OPERATOR)
    entry = AuditEntry.objects.get(action="aftersale.decide")
    assert (entry.actor_kind, entry.actor_id, entry.data) == ("operator", OPERATOR, {"amount_fen": 2000})
    assert Refund.objects.filter(aftersale_id=case.id).count() == 1
    case.paid_back()
    assert (case.state, case.row.decision) == ("refunded", "双方各担一半")


def test_what_the_operator_decided_is_not_claimed_again(shop: Shop) -> None:
    case = case_in(shop, "escalated", "refund_only")
    operator_decide(case.id, 0, "照片不符", OPERATOR)
    assert (case.state, case.trade.row.aftersale) == ("closed", "settled")
    body = claim_body(case.trade)
    refused = case.trade.buyer.refused("POST", f"/orders/{case.trade.id}/aftersales", body)
    assert refused == (409, "aftersale_decided")


def test_what_may_not_be_claimed(shop: Shop) -> None:
    trade = shop.order(2, 1)
    path = f"/orders/{trade.id}/aftersales"
    for body, expected in (
        (claim_body(trade, trade.piece(0, 3), amount=1), (409, "too_many_pieces")),
        (claim_body(trade, trade.piece(), amount=3990 + 401), (409, "aftersale_amount_too_high")),
        (claim_body(trade, trade.piece(), trade.piece()), (422, "order_line_repeated")),
        (claim_body(trade, kind="return_refund"), (409, "nothing_to_return")),
        (claim_body(trade, reason="bored"), (422, "reason_unknown")),
        (claim_body(trade, reason="damaged"), (422, "picture_needed")),
        (
            claim_body(trade, reason="damaged", media_ids=[str(picture(shop.boss.who).id)]),
            (422, "media_unknown"),
        ),
        (claim_body(trade, amount=0), (422, "fields_invalid")),
    ):
        assert trade.buyer.refused("POST", path, body) == expected
    foreign = shop.order()
    body = {**claim_body(trade), "lines": [foreign.piece()]}
    assert trade.buyer.refused("POST", path, body) == (422, "order_line_unknown")
    assert AfterSale.objects.count() == 0
    unpaid = shop.order(paid=False)
    assert unpaid.buyer.refused("POST", f"/orders/{unpaid.id}/aftersales", claim_body(unpaid)) == (
        409, "order_not_paid"
    )  # fmt: skip
    assert unpaid.buyer.ok("GET", f"/orders/{unpaid.id}/aftersale-options")["open"] is False


def test_the_server_clock_ends_the_window(shop: Shop) -> None:
    """REF-11."""
    trade = shop.order(2)
    trade.ship()
    trade.receive()
    received = trade.row.received_at
    assert received is not None
    with frozen(received + timedelta(days=7, seconds=1)):
        path = f"/orders/{trade.id}/aftersales"
        assert trade.buyer.refused("POST", path, claim_body(trade)) == (409, "aftersale_window_over")
        options = trade.buyer.ok("GET", f"/orders/{trade.id}/aftersale-options")
        assert not options["open"] and "7 天" in options["why_not"]
    with frozen(received + timedelta(days=7, seconds=-1)):
        assert trade.buyer.ok("GET", f"/orders/{trade.id}/aftersale-options")["open"]
        claim(trade)


def test_a_line_has_one_open_case_and_other_lines_their_own(shop: Shop) -> None:
    trade = shop.order(2, 1)
    first = claim(trade)
    refused = trade.buyer.refused("POST", f"/orders/{trade.id}/aftersales", claim_body(trade))
    assert refused == (409, "aftersale_line_open")
    with pytest.raises(IntegrityError), transaction.atomic():
        line = AfterSaleLine.objects.get(aftersale_id=first.id)
        line.id += 1
        line.save(force_insert=True)
    options = trade.buyer.ok("GET", f"/orders/{trade.id}/aftersale-options")
    assert [line["quantity_left"] for line in options["lines"]] == [1]
    second = claim(trade, trade.piece(1))
    first.buyer("withdraw")
    assert trade.row.aftersale == "open"
    second.buyer("withdraw")
    assert trade.row.aftersale == "settled"
    claim(trade)
    assert (trade.row.aftersale, trade.events("aftersale")) == ("open", ["open", "settle", "open"])


def test_the_same_tap_opens_one_case(shop: Shop) -> None:
    trade = shop.order()
    path, body = f"/orders/{trade.id}/aftersales", claim_body(trade)
    answers = {trade.buyer.ok("POST", path, body, key="tap")["id"] for _ in range(2)}
    assert (len(answers), AfterSale.objects.count()) == (1, 1)


def test_pieces_asked_back_neither_ship_nor_leave_the_pickup_point(shop: Shop) -> None:
    """REF-12 one after the other: the leader has to decide first."""
    trade, picked = shop.order(1, 1), shop.order(1, pickup=True)
    case, other = claim(trade), claim(picked)
    body = {"carrier": "YTO", "tracking_no": NUMBER, "lines": [trade.piece()]}
    path = f"/leader/orders/{trade.id}/shipments"
    assert shop.boss.refused("POST", path, body) == (409, "aftersale_open")
    assert shop.boss.refused("POST", f"/leader/orders/{picked.id}/pickup", {}) == (409, "aftersale_open")
    trade.ship()
    assert ([line.shipped_quantity for line in trade.lines], trade.row.delivery) == ([0, 1], "part_shipped")
    case.leader("refuse", {"answer": "已经打包"})
    trade.ship(number="YT0000000000002")
    assert trade.row.delivery == "shipped"
    other.leader("agree")
    other.paid_back()
    assert picked.row.payment == "refunded"
    assert shop.boss.refused("POST", f"/leader/orders/{picked.id}/pickup", {}) == (409, "order_refunded")


def test_another_refund_leaves_less_or_nothing_to_ask_for(shop: Shop) -> None:
    trade = shop.order(2)
    case = claim(trade, trade.piece(0, 2))
    trade.refund(trade.piece(0, 1))
    refused = case.boss.refused("POST", f"/leader/aftersales/{case.id}/agree", {})
    assert refused == (409, "aftersale_amount_too_high")
    trade.refund()
    assert (case.state, trade.axes) == ("closed", ("refunded", "none", "settled"))


def test_silence_pays_unshipped_orders_and_asks_people_about_the_rest(shop: Shop) -> None:
    unshipped, shipped = claim(shop.order()), shop.order(2)
    shipped.ship()
    sent = claim(shipped)
    with frozen(now() + timedelta(hours=48, minutes=1)):
        assert decide_silent() == 2
        assert decide_silent() == 0
    assert (unshipped.state, sent.state) == ("agreed", "escalated")
    assert Refund.objects.get(aftersale_id=unshipped.id).amount_fen == 3990


def test_a_case_that_cannot_move_keeps_no_other_waiting(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    broken, sound = (claim(trade, trade.piece()) for trade in (shop.order(), shop.order()))
    lock = flow.lock_case

    def fail(case_id: int) -> tuple[Order, AfterSale]:
        if case_id == broken.id:
            raise RuntimeError("a bug")
        return lock(case_id)

    monkeypatch.setattr(flow, "lock_case", fail)
    with frozen(now() + timedelta(days=3)):
        assert decide_silent() == 1
    assert (broken.state, sound.state) == ("requested", "agreed")


def test_silence_that_cannot_pay_asks_the_platform(shop: Shop) -> None:
    trade = shop.order(2)
    case = claim(trade, trade.piece(0, 2))
    trade.refund(trade.piece(0, 1))
    assert from_silence(case) == 1
    assert (case.state, Refund.objects.filter(aftersale_id=case.id).exists()) == ("escalated", False)


def test_a_correction_of_the_return_number_is_told_once(shop: Shop) -> None:
    case = case_in(shop, "returning", "return_refund")
    version = case.row.version
    case.buyer("return-parcel", PARCEL)
    assert case.row.version == version
    case.buyer("return-parcel", {**PARCEL, "tracking_no": "sf1234567890123"})
    assert (case.row.version, case.row.return_tracking_no) == (version + 1, "SF1234567890123")


def test_lists_and_pictures_are_for_the_two_people_concerned(shop: Shop) -> None:
    trade, other = shop.order(), make_shop()
    shot = picture(trade.buyer.who)
    case = claim(trade, reason="damaged", media_ids=[str(shot.id)])
    mine = trade.buyer.ok("GET", "/aftersales")["items"]
    theirs = shop.boss.ok("GET", f"/leader/stores/{shop.world.store.id}/aftersales")["items"]
    assert [row["id"] for row in mine] == [row["id"] for row in theirs] == [str(case.id)]
    assert mine[0]["actions"] == ["withdraw"] and theirs[0]["actions"] == ["agree", "offer", "refuse"]
    assert (mine[0]["reason_label"], theirs[0]["buyer_name"]) == ("商品破损", theirs[0]["buyer_name"])
    assert mine[0]["buyer_name"] != theirs[0]["buyer_name"]
    detail = shop.boss.ok("GET", f"/leader/aftersales/{case.id}")
    assert [p["id"] for p in detail["pictures"]] == [str(shot.id)]
    assert access_media(shop.boss.who, shot.id) == shot
    for stranger in (other.boss.who, shop.world.buyer()[0]):
        with pytest.raises(AppError):
            access_media(stranger, shot.id)
        assert caller(stranger).refused("GET", f"/aftersales/{case.id}")[0] == 404
        assert caller(stranger).refused("GET", f"/leader/aftersales/{case.id}")[0] == 404
    assert other.boss.refused("GET", f"/leader/stores/{shop.world.store.id}/aftersales")[0] == 404
    bad = shop.boss.refused("GET", f"/leader/stores/{shop.world.store.id}/aftersales?tab=x")
    assert bad == (422, "tab_unknown")
    case.buyer("withdraw")
    assert shop.boss.ok("GET", f"/leader/stores/{shop.world.store.id}/aftersales")["items"] == []


def test_pages_of_cases_need_a_fixed_number_of_queries(
    shop: Shop, django_assert_max_num_queries: object
) -> None:
    for _ in range(6):
        claim(shop.order())
    with django_assert_max_num_queries(8):  # type: ignore[operator]
        page = shop.boss.ok("GET", f"/leader/stores/{shop.world.store.id}/aftersales?tab=all")
    assert len(page["items"]) == 6


def test_an_open_case_keeps_the_buyer_from_cancelling(shop: Shop) -> None:
    trade = shop.order()
    claim(trade)
    refused = trade.buyer.refused("POST", f"/orders/{trade.id}/cancel", {"reason": ""})
    assert refused == (409, "aftersale_open")
    assert Order.objects.get(id=trade.id).payment == "paid"


def test_options_say_what_a_claim_may_bring(shop: Shop) -> None:
    trade = shop.order(3)
    path = f"/orders/{trade.id}/aftersale-options"
    before = trade.buyer.ok("GET", path)
    assert (before["open"], before["kinds"], before["until"]) == (True, ["refund_only"], None)
    line = before["lines"][0]
    assert (line["quantity_left"], line["quantity_returnable"], line["freight_by_piece"]) == (3, 0, True)
    assert (line["goods_left_fen"], line["freight_left_fen"]) == (3 * 3990, FREIGHT)
    trade.ship(trade.piece(0, 2))
    after = trade.buyer.ok("GET", path)
    line = after["lines"][0]
    assert after["kinds"] == ["refund_only", "return_refund"]
    assert (line["quantity_left"], line["quantity_returnable"], line["freight_by_piece"]) == (3, 2, False)
    body = claim_body(trade, trade.piece(), amount=3991)
    refused = trade.buyer.refused("POST", f"/orders/{trade.id}/aftersales", body)
    assert refused == (409, "aftersale_amount_too_high")
    body = claim_body(trade, trade.piece(0, 3), kind="return_refund")
    assert trade.buyer.refused("POST", f"/orders/{trade.id}/aftersales", body) == (409, "nothing_to_return")
    claim(trade, trade.piece(0, 3), amount=3 * 3990 + FREIGHT)


def test_a_refund_in_trouble_is_shown_and_the_case_waits_for_the_money(shop: Shop) -> None:
    case = case_in(shop, "agreed", "refund_only")
    refund = Refund.objects.get(aftersale_id=case.id)
    Refund.objects.filter(id=refund.id).update(state="abnormal", last_error="ABNORMAL")
    for who in (
        case.trade.buyer.ok("GET", f"/aftersales/{case.id}"),
        case.boss.ok("GET", f"/leader/aftersales/{case.id}"),
    ):
        assert (who["state"], who["refund"]["state"]) == ("agreed", "abnormal")
        assert "退款异常" in who["refund"]["problem"]
    assert decide_silent() == 0
    with transaction.atomic():
        finish(Refund.objects.get(id=refund.id), now())
    for _ in range(2):
        refund_of_case_done({"order_id": str(case.trade.id), "aftersale_id": str(case.id)})
    assert (case.state, case.trade.row.aftersale, case.trade.events("case").count("refund_done")) == (
        "refunded", "settled", 1
    )  # fmt: skip
