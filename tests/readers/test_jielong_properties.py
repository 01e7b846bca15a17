"""What holds for any text: the reader never fails, leaves no line out, keeps its totals, and reads back what is written."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from hypothesis import example, given, settings
from hypothesis import strategies as st

from readers import cases
from yantuan.readers.jielong.reader import read
from yantuan.readers.jielong.result import Entry, Offer, Reading
from yantuan.readers.jielong.writer import write

ONE = [Offer("A", "阳光玫瑰葡萄 2斤装", ("阳光玫瑰",), 3990)]
THREE = [
    Offer("A", "蓝莓 125g", (), 1990),
    Offer("B", "香蕉 5斤装", (), 1580),
    Offer("C", "烟台红富士苹果 5斤装", ("红富士",), 3290),
]
ODD = [
    Offer("A", "冰糖橙 小箱5斤", (), 1990),
    Offer("B", "冰糖橙 大箱10斤", (), 3690),
    Offer("C", "土鸡蛋 30枚/板", ("30枚鸡蛋",), 3600),
    Offer("D", "纯牛奶 250ml*12盒", (), 4290),
]
LINES = sorted(
    {line for folder in cases.SETS for case in cases.load(folder) for line in case["text"].split("\n")}
)
PIECES = st.one_of(
    st.sampled_from(LINES),
    st.text(
        alphabet="1２③小王蓝莓香蕉ＡBx×+-各都帮带改成不要了取消同上再加一两半 3-502,，:：「」()（）\u200b\u202e🅰️🍌.、",
        max_size=24,
    ),
    st.text(max_size=12),
)
TEXTS = st.lists(PIECES, max_size=12).map("\n".join)


def _sound(text: str, found: Reading, offers: list[Offer]) -> None:
    written = sum(1 for line in text.splitlines() if line.strip())
    parts = found.used_lines + len(found.ambiguous) + found.ignored_lines
    assert min(found.used_lines, found.ignored_lines) >= 0
    assert parts == written or any(c in text for c in "\x1c\x1d\x1e")
    codes = {o.code for o in offers}
    for entry in found.entries:
        assert entry.name or entry.room or entry.proxy_for
        assert set(entry.items) <= codes
        assert all(0 < n <= 999 * 9 for n in entry.items.values())
        assert entry.cancelled == (not entry.items)
    for doubt in found.ambiguous:
        assert doubt.text and doubt.why
        assert doubt.text == doubt.text.strip()
    totals: dict[str, int] = {}
    for entry in found.entries:
        for code, number in entry.items.items():
            totals[code] = totals.get(code, 0) + number
    assert found.totals() == totals


@settings(max_examples=300, deadline=None)
@given(TEXTS, st.sampled_from([ONE, THREE, ODD]))
@example("「小王: 蓝莓2", THREE)
@example("1. \n2.", ONE)
def test_any_text_is_read_without_failing_and_no_line_is_left_out(text: str, offers: list[Offer]) -> None:
    _sound(text, read(text, offers), offers)


NAMES = st.sampled_from(
    [
        "小王",
        "李姐",
        "豆豆妈",
        "阿May",
        "老马",
        "王五",
        "一诺妈",
        "Amy2018",
        "小七",
        "孙老师",
        "开心每一天",
        "欧阳小小",
        "三胖",
    ]
)
ROOMS = st.one_of(
    st.builds("{}-{}".format, st.integers(1, 30), st.integers(101, 3399)),
    st.builds("{}-{}-{}".format, st.integers(1, 30), st.integers(1, 6), st.integers(101, 3399)),
    st.builds("{}-{}".format, st.sampled_from("ABCDE"), st.integers(101, 3399)),
)
NOTES = st.sampled_from([None, None, "放门卫", "周日再拿", "要大个的", "已付", "放3-501门口", "晚上8点后拿"])


@st.composite
def lists(draw: Any, offers: list[Offer]) -> list[Entry]:
    """The entries of a clean list: people, rooms, goods, cancellations, goods for others."""
    found: list[Entry] = []
    codes = [o.code for o in offers]
    for seq in range(1, draw(st.integers(1, 8)) + 1):
        name = draw(st.one_of(st.none(), NAMES))
        room = draw(ROOMS if name is None else st.one_of(st.none(), ROOMS))
        items = draw(st.dictionaries(st.sampled_from(codes), st.integers(1, 60), min_size=1))
        entry = Entry(name, room, items, seq, draw(NOTES), line=seq)
        kind = draw(st.sampled_from(["own", "own", "own", "cancelled", "for", "both"]))
        if kind == "cancelled":
            entry = replace(entry, items={}, cancelled=True, note=None)
        elif kind == "for":
            entry = replace(entry, proxy_for=draw(st.sampled_from(["对门刘奶奶", "赵工", "婆婆"])))
        found.append(entry)
        if kind == "both":
            for_them = draw(st.dictionaries(st.sampled_from(codes), st.integers(1, 9), min_size=1))
            found.append(replace(entry, items=for_them, proxy_for="张阿姨", note=None))
    return found


def _bare(entries: Any) -> list[Entry]:
    return [replace(e, line=0, items=dict(sorted(e.items.items()))) for e in entries]


@settings(max_examples=150, deadline=None)
@given(st.data(), st.sampled_from([ONE, THREE, ODD]))
def test_what_is_written_is_read_back(data: st.DataObject, offers: list[Offer]) -> None:
    entries = data.draw(lists(offers))
    found = read(write(entries, offers, "周末水果，周六到"), offers)
    assert _bare(found.entries) == _bare(entries)
    assert found.ambiguous == ()


@settings(max_examples=60, deadline=None)
@given(st.data(), st.sampled_from([ONE, THREE, ODD]))
def test_reading_its_own_clean_text_again_changes_nothing(data: st.DataObject, offers: list[Offer]) -> None:
    once = write(data.draw(lists(offers)), offers)
    assert write(read(once, offers).entries, offers) == once


def test_a_list_is_read_the_same_when_it_is_pasted_twice() -> None:
    for folder in cases.SETS:
        for case in cases.load(folder):
            if (
                "#接龙" not in case["text"]
                or case["text"].count("#接龙") > 1
                or case["expected"]["ambiguous"]
            ):
                continue
            offers = [
                Offer(o["code"], o["name"], tuple(o["aliases"]), o["price_fen"]) for o in case["offers"]
            ]
            clean = write(read(case["text"], offers).entries, offers)
            twice = read(f"{clean}\n{clean}", offers)
            assert _bare(twice.entries) == _bare(read(clean, offers).entries), case["id"]
