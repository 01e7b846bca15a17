"""A reading beside what is booked: who is new, changed, gone, the same, and who can't be told."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from yantuan.readers.jielong.compare import Booked, Comparison, compare
from yantuan.readers.jielong.reader import read
from yantuan.readers.jielong.result import Ambiguous, Entry, Offer, Reading

OFFERS = [Offer("A", "蓝莓 125g", (), 1990), Offer("B", "香蕉 5斤装", (), 1580)]
TEXT = """#接龙
1. 小王 3-502 蓝莓2
2. 李姐 5-1101 香蕉1
3. 陈叔 2-803 蓝莓1 帮婆婆带香蕉2
4. 苗苗 7-201 香蕉1-2份
5. 老周 6-301 取消
6. 新人 1-101 蓝莓1
"""


def _marks(found: Comparison) -> dict[str | None, str]:
    return {p.name: p.mark for p in found.people}


def test_each_person_is_marked_and_the_totals_of_both_sides_are_told() -> None:
    booked = [
        Booked("1", "小王", None, {"A": 2}, 3980, 0),
        Booked("2", "李姐", "5-1101", {"B": 3}, 4740, 4740),
        Booked("4", "苗苗", "7-201", {"B": 1}, 1580, 0),
        Booked("5", "老周", "6-301", {"A": 1}, 1990, 0),
        Booked("9", "走了的", None, {"A": 4}, 7960, 7960),
    ]
    found = compare(read(TEXT.replace("帮婆婆带", "另外帮婆婆带"), OFFERS), booked, OFFERS)
    assert _marks(found) == {
        "小王": "same",
        "李姐": "changed",
        "陈叔": "new",
        "老周": "vanished",
        "新人": "new",
        "苗苗": "unclear",
        "走了的": "vanished",
    }
    assert [a.text for a in found.ambiguous] == ["4. 苗苗 7-201 香蕉1-2份"]
    assert dict(found.wanted) == {"A": 4, "B": 3}
    assert dict(found.booked) == {"A": 7, "B": 4}
    assert (found.wanted_fen, found.booked_fen, found.unpaid_fen) == (4 * 1990 + 3 * 1580, 20250, 12700)
    assert found.count("vanished") == 2
    chen = next(p for p in found.people if p.name == "陈叔")
    assert dict(chen.wanted) == {"A": 1, "B": 2}
    assert chen.for_others == {"婆婆": {"B": 2}}
    li = next(p for p in found.people if p.name == "李姐")
    assert (li.refs, dict(li.booked), li.unpaid_fen, li.wanted_fen) == (("2",), {"B": 3}, 4740, 1580)


def test_of_two_with_one_name_the_room_decides_and_without_it_nobody_does() -> None:
    booked = [Booked("1", "阿杰", "3-502", {"A": 1}), Booked("2", "阿杰", "8-1502", {"A": 2})]
    told = compare(read("阿杰 8-1502 蓝莓2\n阿杰 3-502 蓝莓2", OFFERS), booked, OFFERS)
    assert [(p.room, p.mark, p.refs) for p in told.people] == [
        ("8-1502", "same", ("2",)),
        ("3-502", "changed", ("1",)),
    ]
    unclear = compare(read("阿杰 +蓝莓2", OFFERS), booked, OFFERS)
    assert [(p.mark, p.refs) for p in unclear.people] == [("unclear", ("1", "2"))]
    assert unclear.people[0].why


def test_lines_of_one_person_are_added_up() -> None:
    found = compare(
        read("1. 阿杰 3-502 蓝莓1\n2. 阿杰 3-502 香蕉1", OFFERS),
        [Booked("1", "阿杰", None, {"A": 1, "B": 1})],
        OFFERS,
    )
    assert [(p.mark, dict(p.wanted)) for p in found.people] == [("same", {"A": 1, "B": 1})]


def test_a_room_without_a_name_is_found_by_the_room() -> None:
    found = compare(read("1. 3-502 蓝莓1", OFFERS), [Booked("1", "小王", "3-502", {"A": 2})], OFFERS)
    assert [(p.mark, p.refs) for p in found.people] == [("changed", ("1",))]


def test_someone_whose_line_is_unclear_has_not_vanished() -> None:
    reading = Reading((), (Ambiguous("小王: 几份", "没有定", "小王", 0),), 0, 0)
    found = compare(reading, [Booked("1", "小王", None, {"A": 2})], OFFERS)
    assert [(p.mark, p.why != "") for p in found.people] == [("unclear", True)]


ITEMS = st.dictionaries(st.sampled_from("AB"), st.integers(1, 9), min_size=1)
PEOPLE = st.dictionaries(st.sampled_from(["小王", "李姐", "陈叔", "苗苗"]), ITEMS)


@settings(max_examples=200)
@given(PEOPLE, PEOPLE)
def test_everybody_of_both_sides_appears_once_and_the_sums_are_kept(
    wanted: dict[str, dict[str, int]], booked: dict[str, dict[str, int]]
) -> None:
    entries = tuple(Entry(name, None, items, i, line=i) for i, (name, items) in enumerate(wanted.items()))
    rows = [Booked(str(i), name, None, items) for i, (name, items) in enumerate(booked.items())]
    found = compare(Reading(entries, (), len(entries), 0), rows, OFFERS)
    assert sorted(str(p.name) for p in found.people) == sorted({*wanted, *booked})
    for person in found.people:
        name = str(person.name)
        assert dict(person.wanted) == wanted.get(name, {})
        assert dict(person.booked) == booked.get(name, {})
        expected = "new" if name not in booked else "vanished" if name not in wanted else None
        assert person.mark == (expected or ("same" if wanted[name] == booked[name] else "changed"))
    for code in "AB":
        assert found.wanted.get(code, 0) == sum(i.get(code, 0) for i in wanted.values())
        assert found.booked.get(code, 0) == sum(i.get(code, 0) for i in booked.values())
