"""Pure decisions, with any number of parcels in any order."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from yantuan.gateways.wechat_shipping import LONGEST_DESC, MOST_PARCELS, SPLIT, UNIFIED
from yantuan.shipinfo import rules
from yantuan.shipinfo.rules import Known, Pair, Wanted
from yantuan.shipinfo.states import ADVICE, MEANINGS, OPEN, ROLES, SHIPPING, TROUBLE, UPLOADED

PAIRS = st.lists(
    st.tuples(st.sampled_from(["YTO", "SF"]), st.sampled_from("123456")), max_size=6, unique=True
).map(tuple)
NOW = datetime(2026, 5, 14, tzinfo=UTC)


@given(PAIRS, st.booleans(), PAIRS, st.booleans(), st.booleans(), PAIRS)
def test_the_chance_is_spent_only_when_agreed_and_never_twice(
    told: tuple[Pair, ...],
    complete: bool,
    wanted: tuple[Pair, ...],
    all_left: bool,
    used: bool,
    agreed: tuple[Pair, ...],
) -> None:
    mode = (UNIFIED if complete and len(told) == 1 else SPLIT) if told else 0
    known, goal = Known(told, mode, complete and bool(told), used, agreed), Wanted(wanted, all_left)
    step = rules.step(known, goal)
    differs = set(known.uploaded) != set(goal.pairs)
    if step == "again":
        assert known.complete and differs and not used and set(agreed) == set(goal.pairs)
    if step == "upload":
        assert goal.pairs and not known.complete
    if step in ("ask", "stale"):
        assert known.complete and differs and goal.complete and (step == "stale") == used
    if not differs and (known.complete or not goal.complete) and known.uploaded:
        assert step == "nothing"


@given(PAIRS, PAIRS)
def test_telling_ends(first: tuple[Pair, ...], then: tuple[Pair, ...]) -> None:
    """Following the steps reaches a state in which there is nothing to tell, in at most two uploads and one question."""
    known = Known((), 0, False, False, ())
    for pairs, complete in ((first, False), (first + then, True)):
        goal = Wanted(rules.first_parcels(pairs), complete and bool(pairs))
        for _ in range(2):
            step = rules.step(known, goal)
            if step in ("upload", "again"):
                mode = rules.mode_of(known, goal)
                assert mode == SPLIT or (len(goal.pairs) == 1 and goal.complete)
                known = Known(
                    goal.pairs,
                    mode,
                    goal.complete or known.complete,
                    known.chance_used or step == "again",
                    (),
                )
        assert rules.step(known, goal) in ("nothing", "unship")


@given(st.lists(st.text(min_size=1, max_size=200), min_size=1, max_size=60))
def test_goods_text_fits(titles: list[str]) -> None:
    text = rules.goods_text(titles)
    assert 1 <= len(text) <= LONGEST_DESC and "\n" not in text


def test_goods_text_says_what_fits() -> None:
    assert rules.goods_text(["苹果 5斤*2", "梨*1"]) == "苹果 5斤*2、梨*1"
    assert rules.goods_text(["苹" * 70, "梨" * 70]).endswith(" 等2件商品")
    assert rules.goods_text([]) == "商品"


def test_never_more_parcels_than_one_payment_may_list() -> None:
    many = [("YTO", str(n)) for n in range(40)]
    assert len(rules.first_parcels(many + many)) == MOST_PARCELS


@pytest.mark.parametrize(
    ("code", "name", "found"),
    [
        ("YTO", "圆通速递", "YTO"),
        ("YD", "韵达快递", "YD"),
        ("ZTOKY", "中通快运", None),
        ("ANE", "安能物流", "ANEWL"),
        ("OTHER", "圆通", "YTO"),
        ("OTHER", "圆通快递", "YTO"),
        ("OTHER", "村口小王", None),
        ("OTHER", "", None),
        ("OTHER", "快递", None),
        ("SF", "顺丰速运", "SF"),
        ("JTSD", "极兔速递", "JTSD"),
    ],
)
def test_carriers_are_matched_by_id_and_name(code: str, name: str, found: str | None) -> None:
    known = {
        "YTO": "圆通速递", "YD": "韵达速递", "ZTO": "中通快递", "ANEWL": "安能物流", "SF": "顺丰速运", "JTSD": "极兔速递(含百世)",
    }  # fmt: skip
    assert rules.delivery_id(code, name, known) == found
    # An id that means another carrier there is not used.
    assert rules.delivery_id("SF", "顺丰速运", {"SF": "盛丰物流"}) is None


def test_upload_times_only_grow() -> None:
    last = None
    for at in (NOW, NOW, NOW - timedelta(hours=1), NOW + timedelta(microseconds=1500)):
        moment = rules.next_upload_time(at, last)
        assert last is None or moment - last >= timedelta(milliseconds=1)
        last = moment


def test_masked_contact() -> None:
    assert rules.masked_contact("17712341234") == "+86-177****1234"
    for other in ("", "12345", "021-12345678", "+8617712341234"):
        assert rules.masked_contact(other) == ""


def test_the_table_is_whole() -> None:
    assert set(SHIPPING.edges) == set(SHIPPING.states)
    assert set(ROLES) == set(MEANINGS) == set(SHIPPING.events)
    assert {target for row in SHIPPING.edges.values() for target in row.values()} <= set(SHIPPING.states)
    assert OPEN | {"not_needed", "settled", "closed"} == set(SHIPPING.states)
    assert TROUBLE < OPEN and UPLOADED < OPEN and all(ADVICE.values())
