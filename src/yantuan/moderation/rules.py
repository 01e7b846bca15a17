"""Pure decisions about what was judged."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from datetime import timedelta
from typing import Final

from yantuan.gateways.wechat_content import LONGEST_TEXT

LABELS: Final = {
    10001: "广告",
    20001: "时政",
    20002: "色情",
    20003: "辱骂",
    20006: "违法犯罪",
    20008: "欺诈",
    20012: "低俗",
    20013: "版权",
    21000: "其他违规",
}
"""What people are told; never the platform's own words or keywords."""
LABELS_EN: Final = {
    10001: "advertising",
    20001: "politics",
    20002: "pornography",
    20003: "abuse",
    20006: "illegal",
    20008: "fraud",
    20012: "vulgar",
    20013: "copyright",
    21000: "breaks the rules",
}
CAUSES: Final = {
    "review": "微信认为需要人工判断",
    "inactive": "发布人两小时内没有用过小程序，微信不予检测",
    "timeout": "微信半小时内没有给出结论",
    "quota": "微信检测次数已用完",
    "unreachable": "微信检测暂时不可用",
    "unreadable": "微信无法读取这张图片",
    "fail_open": "微信没有结论，按设置先放行",
}
STILL_ASKING: Final = frozenset({"quota", "unreachable"})
"""Doubts that end by themselves if the platform answers before an operator does."""
ANSWER_WITHIN: Final = timedelta(minutes=30)
KEPT: Final = timedelta(days=30)


def label_text(label: int) -> str:
    """The label in Chinese."""
    return LABELS.get(label, "内容不合规")


def label_text_en(label: int) -> str:
    """The label in English."""
    return LABELS_EN.get(label, "breaks the rules")


def digest_of(text: str) -> str:
    """The hash by which a text is known."""
    return hashlib.sha256(f"text\n{text}".encode()).hexdigest()


def portions(text: str) -> list[str]:
    """The text in portions the platform takes."""
    return [text[i : i + LONGEST_TEXT] for i in range(0, len(text), LONGEST_TEXT)]


def outcome(states: Iterable[str]) -> str:
    """Of a submission whose pieces are in these states: rejected, waiting, doubtful or passed."""
    seen = set(states)
    if "risky" in seen:
        return "rejected"
    if seen & {"new", "asked"}:
        return "waiting"
    return "doubtful" if "doubtful" in seen else "passed"
