"""Profit sharing: what is sent and read by the book, and the whole of it against the simulator."""

from __future__ import annotations

import json
from typing import Any

import httpx
import pytest

from gateways import pay_platform as p
from gateways.sim_process import Simulator
from yantuan.gateways.errors import GatewayInvalid, GatewayRefused, GatewayThrottled, GatewayUnavailable
from yantuan.gateways.wechatpay import (
    PartFailure,
    PartResult,
    Receiver,
    ReceiverType,
    RefundOrder,
    Relation,
    ReturnFailure,
    ReturnState,
    ShareOrder,
    SharePart,
    ShareResult,
    ShareReturn,
    ShareState,
    ShareTrouble,
    SharingClient,
    SharingNotice,
    Unfreeze,
    WeChatPayClient,
    share_trouble,
)
from yantuan.gateways.wechatpay.crypto import oaep_decrypt

stack = pytest.mark.stack
SUB, TX = "1900001001", "4200002026051212345678901234"
PART = SharePart(ReceiverType.PERSON, "oLEADER", 199, "团长服务费")
SHARED: dict[str, Any] = {
    "sub_mchid": SUB,
    "transaction_id": TX,
    "out_order_no": "S1",
    "order_id": "3008450740201411110007820472",
    "state": "PROCESSING",
    "receivers": [
        {
            "amount": 199, "description": "团长服务费", "type": "PERSONAL_OPENID", "account": "oLEADER",
            "result": "PENDING", "detail_id": "36011111111111111111111", "create_time": "2026-05-12T10:06:07+08:00",
            "finish_time": "1970-01-01T08:00:00+08:00",
        }
    ],
}  # fmt: skip


def client(*steps: httpx.Response, sub: str = SUB) -> tuple[SharingClient, list[httpx.Request]]:
    waiting, seen = list(steps), []

    def handle(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        return waiting.pop(0)

    return SharingClient(p.client(handle, sub_mchid=sub), appid="wxsp000000000001"), seen


def test_a_share_by_the_book() -> None:
    sharing, seen = client(p.answer(SHARED))
    made = sharing.share(ShareOrder("S1", TX, (PART,), unfreeze_rest=True))
    assert seen[0].url == p.BASE + "/v3/profitsharing/orders"
    assert json.loads(seen[0].content) == {
        "sub_mchid": SUB,
        "appid": "wxsp000000000001",
        "transaction_id": TX,
        "out_order_no": "S1",
        "receivers": [
            {"type": "PERSONAL_OPENID", "account": "oLEADER", "amount": 199, "description": "团长服务费"}
        ],
        "unfreeze_unsplit": True,
    }
    assert made.state is ShareState.PROCESSING
    part = made.part(ReceiverType.PERSON, "oLEADER")
    assert part is not None
    assert (part.result, part.failure, part.finish_time) == (PartResult.PENDING, PartFailure.NONE, None)


def test_names_are_sealed_for_the_key_that_is_named() -> None:
    sharing, seen = client(p.answer({}), p.answer(SHARED))
    sharing.add_receiver(
        Receiver(ReceiverType.MERCHANT, "1900000208", Relation.SERVICE_PROVIDER, "雁团服务商")
    )
    named = SharePart(ReceiverType.PERSON, "oLEADER", 199, "x", name="陈小禾")
    sharing.share(ShareOrder("S1", TX, (named,), unfreeze_rest=False))
    first, second = json.loads(seen[0].content), json.loads(seen[1].content)["receivers"][0]
    assert oaep_decrypt(p.rsa_key("platform"), first["name"]) == "雁团服务商"
    assert oaep_decrypt(p.rsa_key("platform"), second["name"]) == "陈小禾"
    assert all(request.headers["Wechatpay-Serial"] == p.KEY_ID for request in seen)
    assert "雁团服务商".encode() not in seen[0].content and first["relation_type"] == "SERVICE_PROVIDER"


def test_without_a_platform_key_nothing_is_sent() -> None:
    def handle(request: httpx.Request) -> httpx.Response:
        assert request.url.path == "/v3/certificates"
        return p.answer({"code": "RESOURCE_NOT_EXISTS", "message": "…"}, 404)

    pay = p.client(handle, sub_mchid=SUB, public_keys={}, download_certificates=True)
    with pytest.raises(GatewayUnavailable) as caught:
        SharingClient(pay, appid="wx1").add_receiver(
            Receiver(ReceiverType.MERCHANT, "1900000208", Relation.STORE, "名")
        )
    assert not caught.value.sent


def test_a_direct_merchant_names_no_sub_merchant() -> None:
    sharing, seen = client(p.answer(SHARED), p.answer({"unsplit_amount": 3966}), sub="")
    assert sharing.query_share("S1", TX) is not None
    assert sharing.unsplit_fen(TX) == 3966
    assert [request.url.raw_path.decode() for request in seen] == [
        f"/v3/profitsharing/orders/S1?transaction_id={TX}",
        f"/v3/profitsharing/transactions/{TX}/amounts",
    ]
    with pytest.raises(GatewayInvalid):
        sharing.max_ratio()


@pytest.mark.parametrize(
    ("order", "field"),
    [
        (ShareOrder("S 1", TX, (PART,), True), "out_order_no"),
        (ShareOrder("S1", TX, (), True), "receivers"),
        (ShareOrder("S1", TX, (PART,) * 51, True), "receivers"),
        (ShareOrder("S1", TX, (SharePart(ReceiverType.PERSON, "o", 0, "x"),), True), "amount"),
    ],
)
def test_a_share_that_breaks_a_rule_is_never_sent(order: ShareOrder, field: str) -> None:
    sharing, seen = client()
    with pytest.raises(GatewayInvalid) as caught:
        sharing.share(order)
    assert caught.value.field == field and seen == []


@pytest.mark.parametrize(
    "receiver",
    [
        Receiver(ReceiverType.MERCHANT, "1900000208", Relation.STORE),
        Receiver(ReceiverType.PERSON, "o1", Relation.CUSTOM),
        Receiver(ReceiverType.PERSON, "o1", Relation.STAFF, custom_relation="帮手"),
        Receiver(ReceiverType.PERSON, "o1", Relation.CUSTOM, custom_relation="一二三四五六七八九十一"),
    ],
)
def test_a_receiver_that_breaks_a_rule_is_never_sent(receiver: Receiver) -> None:
    sharing, seen = client()
    with pytest.raises(GatewayInvalid):
        sharing.add_receiver(receiver)
    assert seen == []


def test_words_added_later_are_unknown_and_not_success() -> None:
    told = SHARED | {"state": "SOMETHING"}
    told["receivers"] = [SHARED["receivers"][0] | {"result": "HALF", "type": "NEW", "fail_reason": "WHY"}]
    read = ShareResult.read(told)
    assert read.state is ShareState.UNKNOWN and read.state_text == "SOMETHING"
    assert (read.parts[0].result, read.parts[0].failure, read.parts[0].type) == (
        PartResult.UNKNOWN, PartFailure.UNKNOWN, ReceiverType.UNKNOWN,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("status", "code", "trouble"),
    [
        (403, "NOT_ENOUGH", ShareTrouble.NOT_ENOUGH),
        (403, "NO_AUTH", ShareTrouble.NOT_ALLOWED),
        (404, "RESOURCE_NOT_EXISTS", ShareTrouble.NOT_FOUND),
        (400, "INVALID_REQUEST", ShareTrouble.BROKE_A_RULE),
        (400, "PARAM_ERROR", ShareTrouble.BROKE_A_RULE),
        (403, "SOMETHING_NEW", ShareTrouble.OTHER),
    ],
)
def test_refusals_have_a_meaning(status: int, code: str, trouble: ShareTrouble) -> None:
    sharing, _ = client(p.answer({"code": code, "message": "…"}, status))
    with pytest.raises(GatewayRefused) as caught:
        sharing.share(ShareOrder("S1", TX, (PART,), True))
    assert share_trouble(caught.value) is trouble


def test_a_rate_limit_and_a_system_error_are_tried_again_with_the_same_bytes() -> None:
    sharing, seen = client(
        p.answer({"code": "RATELIMIT_EXCEEDED", "message": "…"}, 429),
        p.answer({"code": "SYSTEM_ERROR", "message": "…"}, 500),
        p.answer(SHARED),
    )
    assert sharing.share(ShareOrder("S1", TX, (PART,), True)).out_order_no == "S1"
    assert len({request.content for request in seen}) == 1 and len(seen) == 3
    limited, _ = client(*[p.answer({"code": "RATELIMIT_EXCEEDED", "message": "…"}, 429)] * 3)
    with pytest.raises(GatewayThrottled):
        limited.share(ShareOrder("S1", TX, (PART,), True))


@pytest.fixture
def sharing(sim: Simulator, partner: WeChatPayClient) -> SharingClient:
    made = SharingClient(partner, appid=sim.credentials.mini_appid)
    own = sim.get(f"/merchants/{partner.mchid}")
    made.add_receiver(Receiver(ReceiverType.MERCHANT, partner.mchid, Relation.SERVICE_PROVIDER, own["name"]))
    return made


@stack
def test_share_return_refund_unfreeze(
    sim: Simulator, partner: WeChatPayClient, sharing: SharingClient, sub_mchid: str
) -> None:
    transaction = sim.shared_order(partner)
    assert sharing.max_ratio() == 3000 and sharing.unsplit_fen(transaction) == 3966
    wish = ShareOrder(
        "S1",
        transaction,
        (SharePart(ReceiverType.MERCHANT, partner.mchid, 500, "服务费"),),
        unfreeze_rest=False,
    )
    assert sharing.share(wish).order_id == sharing.share(wish).order_id
    done = sharing.query_share("S1", transaction)
    assert done is not None and done.state is ShareState.FINISHED and done.sub_mchid == sub_mchid
    part = done.part(ReceiverType.MERCHANT, partner.mchid)
    assert part is not None and part.result is PartResult.SUCCESS and part.finish_time is not None
    back = sharing.take_back(ShareReturn("B1", "S1", partner.mchid, 500, "退款"))
    assert back.state is ReturnState.SUCCESS and back.failure is ReturnFailure.NONE
    assert sharing.query_return("B1", "S1") == back
    refund = partner.refund(partner.build_refund(RefundOrder("R1", 1000, 3990, transaction)))
    assert refund.out_refund_no == "R1"
    assert sharing.unfreeze(Unfreeze("S2", transaction, "解冻")).out_order_no == "S2"
    freed = sharing.query_share("S2", transaction)
    assert freed is not None and [(q.account, q.amount_fen) for q in freed.parts] == [(sub_mchid, 2490)]
    assert sharing.query_share("S3", transaction) is None and sharing.query_return("B3", "S1") is None
    book = sim.get("/book")["accounts"]
    assert (book[f"merchant:{sub_mchid}"], book[f"merchant:{partner.mchid}"], sum(book.values())) == (
        2990,
        0,
        0,
    )


@stack
def test_names_that_do_not_fit_and_receivers_not_added(
    sim: Simulator, partner: WeChatPayClient, sharing: SharingClient
) -> None:
    with pytest.raises(GatewayRefused) as caught:
        sharing.add_receiver(Receiver(ReceiverType.MERCHANT, partner.mchid, Relation.STORE, "别的名字"))
    assert share_trouble(caught.value) is ShareTrouble.BROKE_A_RULE
    transaction = sim.shared_order(partner)
    sharing.delete_receiver(ReceiverType.MERCHANT, partner.mchid)
    wish = ShareOrder(
        "S1", transaction, (SharePart(ReceiverType.MERCHANT, partner.mchid, 1, "x"),), unfreeze_rest=True
    )
    with pytest.raises(GatewayRefused) as caught:
        sharing.share(wish)
    assert share_trouble(caught.value) is ShareTrouble.BROKE_A_RULE
    assert sharing.unsplit_fen(transaction) == 3966 and sharing.query_share("S1", transaction) is None


@stack
@pytest.mark.parametrize(
    ("fault", "value", "failure"),
    [
        ("share_failed", "NO_RELATION", PartFailure.NO_RELATION),
        ("share_failed", "ACCOUNT_ABNORMAL", PartFailure.ACCOUNT_ABNORMAL),
        ("share_failed", "RECEIVER_REAL_NAME_NOT_VERIFIED", PartFailure.RECEIVER_REAL_NAME_NOT_VERIFIED),
    ],
)
def test_a_part_that_fails_says_why_and_its_money_stays(
    sim: Simulator,
    partner: WeChatPayClient,
    sharing: SharingClient,
    fault: str,
    value: str,
    failure: PartFailure,
) -> None:
    transaction = sim.shared_order(partner)
    sim.post("/faults", kind=fault, value=value)
    sharing.share(
        ShareOrder("S1", transaction, (SharePart(ReceiverType.MERCHANT, partner.mchid, 500, "x"),), False)
    )
    done = sharing.query_share("S1", transaction)
    assert done is not None and done.state is ShareState.FINISHED
    assert (done.parts[0].result, done.parts[0].failure) == (PartResult.CLOSED, failure)
    assert sharing.unsplit_fen(transaction) == 3966
    assert sim.get("/book")["totals"]["shared"] == 0


@stack
def test_too_much_not_granted_and_a_failed_return(
    sim: Simulator, partner: WeChatPayClient, sharing: SharingClient, sub_mchid: str
) -> None:
    transaction = sim.shared_order(partner)

    def wish(number: str, fen: int) -> ShareOrder:
        part = SharePart(ReceiverType.MERCHANT, partner.mchid, fen, "x")
        return ShareOrder(number, transaction, (part,), unfreeze_rest=False)

    troubles = []
    sim.post("/faults", kind="share_not_enough")
    for number, fen in (("S1", 500), ("S2", 1190)):
        with pytest.raises(GatewayRefused) as caught:
            sharing.share(wish(number, fen))
        troubles.append(share_trouble(caught.value))
    assert troubles == [ShareTrouble.NOT_ENOUGH, ShareTrouble.BROKE_A_RULE]
    sharing.share(wish("S1", 500))
    sharing.query_share("S1", transaction)
    sim.post("/faults", kind="share_return_failed", value="PAYER_ACCOUNT_ABNORMAL")
    failed = sharing.take_back(ShareReturn("B1", "S1", partner.mchid, 1, "x"))
    assert (failed.state, failed.failure) == (ReturnState.FAILED, ReturnFailure.PAYER_ACCOUNT_ABNORMAL)
    sim.post(f"/sub_merchants/{sub_mchid}", sharing_allowed=False)
    with pytest.raises(GatewayRefused) as caught:
        sharing.share(wish("S3", 1))
    assert share_trouble(caught.value) is ShareTrouble.NOT_ALLOWED
    assert sim.get("/book")["totals"]["shared"] == 500


@stack
def test_the_same_share_through_every_bad_answer_moves_money_once(
    sim: Simulator, partner: WeChatPayClient, sharing: SharingClient
) -> None:
    transaction = sim.shared_order(partner)
    part = SharePart(
        ReceiverType.MERCHANT,
        partner.mchid,
        500,
        "服务费",
        name=sim.get(f"/merchants/{partner.mchid}")["name"],
    )
    for fault in ("answer_system_error", "answer_cut", "answer_garbage", "answer_signtest", "rate_limited"):
        sim.post("/faults", kind=fault, operation="share")
        sharing.share(ShareOrder("S1", transaction, (part,), unfreeze_rest=False))
    assert sim.get("/book")["accounts"][f"merchant:{partner.mchid}"] == 500


@stack
def test_the_receiver_is_told(sim: Simulator, partner: WeChatPayClient, sharing: SharingClient) -> None:
    sim.post(f"/merchants/{partner.mchid}", share_notify_url="http://127.0.0.1:1/notify/shares")
    transaction = sim.shared_order(partner)
    part = SharePart(ReceiverType.MERCHANT, partner.mchid, 500, "服务费")
    sharing.share(ShareOrder("S1", transaction, (part,), unfreeze_rest=False))
    sharing.query_share("S1", transaction)
    notice = partner.parse_notice(*sim.notice("P20260512000001A1"))
    assert isinstance(notice, SharingNotice) and notice.event_type == "PROFITSHARING.SUCCESS"
    assert (notice.share.mchid, notice.share.sub_mchid) == (partner.mchid, partner.sub_mchid)
    assert (notice.share.transaction_id, notice.share.receiver_account, notice.share.amount_fen) == (
        transaction, partner.mchid, 500,
    )  # fmt: skip
    sim.post(f"/merchants/{partner.mchid}", share_notify_url="")
