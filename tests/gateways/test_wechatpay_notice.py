"""Notices: genuine ones are typed, all others change nothing."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest

from gateways import pay_platform as p
from yantuan.gateways.errors import GatewayUndecryptable
from yantuan.gateways.wechatpay import (
    Notice,
    NoticeRefused,
    RefundNotice,
    RefundState,
    TransactionNotice,
    UnknownNotice,
)


def parse(body: bytes, headers: dict[str, str] | None = None, **changes: Any) -> Notice:
    def nobody(request: Any) -> Any:
        raise AssertionError("a notice needs no call")

    return p.client(nobody, **changes).parse_notice(headers or p.signature_headers(body), body)


def test_a_paid_order() -> None:
    body = p.notice_body("TRANSACTION.SUCCESS", "transaction", p.PAID)
    notice = parse(body)
    assert isinstance(notice, TransactionNotice)
    assert notice.transaction.paid and notice.transaction.total_fen == 3990
    assert notice.notice_id == "EV-2018022511223320873"
    assert notice.raw_body == body and json.loads(notice.plaintext) == p.PAID


def test_a_finished_refund() -> None:
    value = {
        name: p.REFUND[name] for name in ("out_trade_no", "transaction_id", "out_refund_no", "refund_id")
    }
    value |= {"mchid": p.MCHID, "refund_status": "ABNORMAL", "amount": {"total": 3990, "refund": 1330}}
    notice = parse(p.notice_body("REFUND.ABNORMAL", "refund", value))
    assert isinstance(notice, RefundNotice)
    assert notice.refund.state is RefundState.ABNORMAL and notice.refund.refund_fen == 1330
    assert notice.refund.mchid == p.MCHID


@pytest.mark.parametrize(
    ("event", "original", "value"),
    [
        ("COMPLAINT.CREATE", "complaint", {"complaint_id": "1"}),
        ("TRANSACTION.SUCCESS", "profitsharing", {"order_id": "1"}),
        ("TRANSACTION.SUCCESS", "transaction", {"out_trade_no": "P1"}),
        ("TRANSACTION.SUCCESS", "transaction", p.PAID | {"amount": {"total": "3990"}}),
        ("REFUND.SUCCESS", "refund", b"[1]"),
    ],
)
def test_genuine_but_foreign_content_is_kept_not_guessed(event: str, original: str, value: Any) -> None:
    notice = parse(p.notice_body(event, original, value))
    assert isinstance(notice, UnknownNotice)
    assert notice.event_type == event and notice.plaintext and notice.problem


@pytest.mark.parametrize("body", [b"", b"<xml/>", b"[]", b"{}", b'{"resource":{}}', b'{"resource":7}'])
def test_signed_nonsense_does_not_crash(body: bytes) -> None:
    assert isinstance(parse(body), UnknownNotice)


@pytest.mark.parametrize("minutes", [-6, 6])
def test_stale_notices(minutes: int) -> None:
    body = p.notice_body("TRANSACTION.SUCCESS", "transaction", p.PAID)
    with pytest.raises(NoticeRefused) as caught:
        parse(body, p.signature_headers(body, at=p.NOW + timedelta(minutes=minutes)))
    assert caught.value.status == 401


def test_forged_and_unsigned_notices() -> None:
    body = p.notice_body("TRANSACTION.SUCCESS", "transaction", p.PAID)
    for headers in (
        {"x": "y"},
        p.signature_headers(body, key=p.rsa_key("thief")),
        p.signature_headers(body + b" "),
    ):
        with pytest.raises(NoticeRefused) as caught:
            parse(body, headers)
        assert caught.value.status == 401 and not caught.value.probe


def test_probe_then_the_same_notice_well_signed() -> None:
    body = p.notice_body("TRANSACTION.SUCCESS", "transaction", p.PAID)
    with pytest.raises(NoticeRefused) as caught:
        parse(body, p.signature_headers(body) | {"Wechatpay-Signature": "WECHATPAY/SIGNTEST/x"})
    assert caught.value.probe
    assert isinstance(parse(body), TransactionNotice)


def test_a_huge_body_is_refused_before_any_work() -> None:
    with pytest.raises(NoticeRefused) as caught:
        parse(b"x" * 70_000)
    assert caught.value.status == 413


def test_the_former_apiv3_key_still_opens_and_a_foreign_one_alarms() -> None:
    body = p.notice_body("TRANSACTION.SUCCESS", "transaction", p.PAID)
    assert isinstance(parse(body, apiv3_keys=(b"x" * 32, p.APIV3_KEY)), TransactionNotice)
    with pytest.raises(GatewayUndecryptable) as caught:
        parse(body, apiv3_keys=(b"x" * 32,))
    assert caught.value.status == 500
