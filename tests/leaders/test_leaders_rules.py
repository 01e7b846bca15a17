"""Check digits of papers."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from yantuan.kernel.errors import Invalid
from yantuan.kernel.ids import invite_code_text, normalise_code
from yantuan.leaders.invites import invite_hash
from yantuan.leaders.rules import (
    checked_number,
    checked_reason,
    credit_code_check,
    id_card_check,
    is_credit_code,
    is_id_card,
)

TODAY = date(2026, 5, 1)
CREDIT = "0123456789ABCDEFGHJKLMNPQRTUWXY"


@pytest.mark.parametrize("number", ["11010519491231002X", "440524188001010014"[:0] or "440524198001010013"])
def test_published_identity_numbers(number: str) -> None:
    assert is_id_card(number[:17] + id_card_check(number[:17]), TODAY)


def test_the_standards_own_examples() -> None:
    assert is_id_card("11010519491231002X", TODAY)
    assert is_credit_code("91350100M000100Y43")


@pytest.mark.parametrize(
    "number",
    [
        "110105194912310021",
        "110105194913310020",
        "11010519491231002x",
        "1101051949123100",
        "１10105194912310021",
        "",
    ],
)
def test_wrong_identity_numbers(number: str) -> None:
    assert not is_id_card(number, TODAY)


def test_nobody_is_born_tomorrow() -> None:
    first = "11010520991231002"
    assert not is_id_card(first + id_card_check(first), TODAY)


@given(st.text(alphabet=CREDIT, min_size=9, max_size=9), st.integers(0, 17), st.sampled_from(CREDIT))
def test_one_changed_character_of_a_credit_code_is_noticed(body: str, place: int, other: str) -> None:
    first = "91" + "350100" + body
    number = first + credit_code_check(first)
    assert is_credit_code(number)
    changed = number[:place] + other + number[place + 1 :]
    assert is_credit_code(changed) == (changed == number)


@given(st.integers(0, 16), st.integers(0, 9))
def test_one_changed_digit_of_an_identity_number_is_noticed(place: int, digit: int) -> None:
    number = "11010519491231002X"
    changed = number[:place] + str(digit) + number[place + 1 :]
    assert is_id_card(changed, TODAY) == (changed == number)


def test_numbers_fit_their_kind() -> None:
    assert checked_number("person", " 11010519491231002x ", TODAY) == "11010519491231002X"
    assert checked_number("company", "91350100m000100y43", TODAY) == "91350100M000100Y43"
    for kind, number in (("company", "11010519491231002X"), ("person", "91350100M000100Y43")):
        with pytest.raises(Invalid):
            checked_number(kind, number, TODAY)


def test_reasons_are_words() -> None:
    assert checked_reason("  照片\n不清楚 ") == "照片 不清楚"
    for text in ("", " ", "x", "x" * 201):
        with pytest.raises(Invalid):
            checked_reason(text)


def test_codes_are_read_however_they_are_typed() -> None:
    code = invite_code_text()
    assert len(code) == 13
    wide = "".join(chr(ord(c) + 0xFEE0) for c in code)
    typed = f" {code[:4].lower()}-{code[4:8]} {code[8:]} ".replace("0", "o").replace("1", "l")
    assert invite_hash(code) == invite_hash(wide) == invite_hash(typed)
    assert normalise_code(typed) == code
