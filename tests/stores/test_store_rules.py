from __future__ import annotations

from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from yantuan.kernel.errors import Invalid
from yantuan.stores.rules import check_settings, freight_fen, freight_text, payment_methods

fen = st.integers(0, 10**10)


def terms(kind: str = "flat", freight: int = 800, above: int = 9900) -> SimpleNamespace:
    return SimpleNamespace(freight_kind=kind, freight_fen=freight, free_above_fen=above)


@given(fen, fen, fen, st.sampled_from(["flat", "free_above"]))
def test_freight_is_the_whole_fee_or_nothing(goods: int, freight: int, above: int, kind: str) -> None:
    found = freight_fen(terms(kind, freight, above), goods, "courier")
    free = kind == "free_above" and goods >= above
    assert found == (0 if free else freight)
    assert freight_fen(terms(kind, freight, above), goods, "pickup") == 0


def test_the_limit_itself_is_free() -> None:
    above = terms("free_above")
    assert [freight_fen(above, goods, "courier") for goods in (9899, 9900, 9901)] == [800, 0, 0]


def test_other_ways_of_delivery_are_refused() -> None:
    with pytest.raises(ValueError):
        freight_fen(terms(), 1, "drone")


def test_freight_as_buyers_read_it() -> None:
    assert freight_text(terms()) == "运费 ¥8.00"
    assert freight_text(terms("free_above")) == "运费 ¥8.00，满 ¥99.00 包邮"
    assert freight_text(terms(freight=0)) == "包邮"
    assert freight_text(terms("free_above", above=0)) == "包邮"


def test_settings_must_leave_a_way_to_deliver_and_to_pay() -> None:
    check_settings(courier=False, pickup=True, wechatpay=False, offline=True)
    with pytest.raises(Invalid) as no_delivery:
        check_settings(courier=False, pickup=False, wechatpay=True, offline=True)
    with pytest.raises(Invalid) as no_payment:
        check_settings(courier=True, pickup=True, wechatpay=False, offline=False)
    assert (no_delivery.value.code, no_payment.value.code) == ("delivery_missing", "payment_missing")


def test_wechatpay_only_where_the_instance_has_it() -> None:
    assert payment_methods(wechatpay=True, offline=True, provider_ready=True) == ["wechatpay", "offline"]
    assert payment_methods(wechatpay=True, offline=True, provider_ready=False) == ["offline"]
    assert payment_methods(wechatpay=False, offline=False, provider_ready=True) == []
