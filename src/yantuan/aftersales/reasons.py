"""Why buyers ask for money back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from yantuan.kernel.errors import Invalid


@dataclass(frozen=True)
class Reason:
    code: str
    label: str
    label_en: str
    needs_picture: bool = False
    """Only what a picture can show must be shown."""


REASONS: Final = (
    Reason("changed_mind", "不想要了/拍错/多拍", "changed my mind"),
    Reason("wrong_details", "收货信息填错", "wrong delivery details"),
    Reason("late_dispatch", "未按约定时间发货", "not shipped in time"),
    Reason("out_of_stock", "缺货", "out of stock"),
    Reason("missing", "少件/漏发", "pieces missing"),
    Reason("wrong_goods", "发错货", "wrong goods", needs_picture=True),
    Reason("damaged", "商品破损", "damaged", needs_picture=True),
    Reason("spoiled", "变质/坏果", "spoiled", needs_picture=True),
    Reason("not_as_described", "与描述不符", "not as described", needs_picture=True),
    Reason("quality", "质量问题", "poor quality", needs_picture=True),
    Reason("counterfeit", "假冒商品", "counterfeit", needs_picture=True),
    Reason("not_received", "物流异常/未收到", "trouble on the way, not received"),
    Reason("seven_days", "七天无理由退货", "returned within seven days"),
    Reason("agreed_with_leader", "与团长协商一致", "agreed with the leader"),
    Reason("other", "其他", "other"),
)
_BY_CODE: Final = {reason.code: reason for reason in REASONS}


def reason_of(code: str) -> Reason:
    """The reason of this code. Raises Invalid `reason_unknown`."""
    reason = _BY_CODE.get(code)
    if reason is None:
        raise Invalid("reason_unknown", "请选择售后原因", "No such reason.", field="reason")
    return reason


def reason_label(code: str) -> str:
    """The reason in Chinese; codes of an older version read as 其他."""
    reason = _BY_CODE.get(code)
    return reason.label if reason else "其他"


def reason_label_en(code: str) -> str:
    """The reason in English; codes of an older version read as other."""
    reason = _BY_CODE.get(code)
    return reason.label_en if reason else "other"
