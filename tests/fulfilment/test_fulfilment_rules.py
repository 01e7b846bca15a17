"""Pure rules of parcels: number patterns, pieces, scanned texts."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from yantuan.fulfilment import carriers, rules
from yantuan.kernel.errors import AppError

UNITS = st.dictionaries(st.integers(1, 5), st.integers(0, 6), min_size=1)


@pytest.mark.parametrize(
    ("number", "codes"),
    [
        ("SF1234567890123", ["SF"]),
        ("yt 1234567890123", ["YTO"]),
        ("773123456789012", ["ZTO", "STO"]),
        ("JDVA12345678901", ["JD"]),
        ("EA123456789CN", ["EMS"]),
        ("DPK123456789012", ["DBL"]),
        ("hello", []),
    ],
)
def test_numbers_hint_at_carriers(number: str, codes: list[str]) -> None:
    assert [c.code for c in carriers.likely(number)] == codes


def test_codes_and_names_are_unique() -> None:
    for column in ("code", "kuaidi100", "name"):
        values = [getattr(c, column) for c in carriers.CARRIERS]
        assert len(values) == len(set(values))


@given(UNITS, UNITS, UNITS)
def test_chosen_pieces_are_never_more_than_free(
    left: dict[int, int], held: dict[int, int], wanted: dict[int, int]
) -> None:
    pieces = [rules.Pieces(line, units) for line, units in wanted.items() if units]
    free = {line: max(0, units - held.get(line, 0)) for line, units in left.items()}
    try:
        chosen = rules.choose(left, held, pieces)
    except AppError as error:
        fits = pieces and all(p.quantity <= free.get(p.order_line_id, 0) for p in pieces)
        assert not fits and (pieces or not any(free.values()))
        assert error.code in ("nothing_left", "aftersale_open", "too_many_pieces", "order_line_unknown")
        return
    assert all(0 < units <= free[line] for line, units in chosen.items())
    assert chosen == ({p.order_line_id: p.quantity for p in pieces} or {k: v for k, v in free.items() if v})


@given(st.integers(1, 2**63 - 1), st.text("0123456789", min_size=4, max_size=8))
def test_a_pickup_text_reads_back(order_id: int, code: str) -> None:
    assert rules.read_pickup_text(rules.pickup_text(order_id, code)) == (order_id, code)


@pytest.mark.parametrize(
    "text", ["", "123456", "yantuan:pickup:1", "yantuan:pickup:9999999999999999999:1234"]
)
def test_other_texts_are_no_pickup_codes(text: str) -> None:
    assert rules.read_pickup_text(text) is None


@pytest.mark.parametrize(
    ("chosen", "number", "hint"),
    [
        ("YTO", "751234567890123", "ZTO"),
        ("ZTO", "751234567890123", None),
        ("YTO", "hello-12345", None),
        ("HTKY", "SF1234567890123", None),
        ("OTHER", "SF1234567890123", None),
        ("SF", "jd va12345678901", "JD"),
    ],
)
def test_a_number_that_looks_like_another_carriers_is_told(
    chosen: str, number: str, hint: str | None
) -> None:
    found = carriers.likelier(chosen, number)
    assert (found.code if found else None) == hint


def test_wechats_two_code_sets_are_kept_apart() -> None:
    yunda = carriers.carrier_of("YD")
    assert yunda is not None and (yunda.open_msg, yunda.express, yunda.kuaidi100) == ("YD", "YUNDA", "yunda")
    express = [c.express for c in carriers.CARRIERS if c.express]
    assert sorted(express) == ["BEST", "EMS", "PJ", "SF", "YTO", "YUNDA", "ZTO"]
    assert [c.code for c in carriers.CARRIERS if c.needs_phone] == ["SF", "ZTO", "SFKY"]
    assert carriers.carrier_of_kuaidi100("yunda") is yunda
