"""Why buyers ask for money back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from yantuan.kernel.errors import Invalid


@dataclass(frozen=True)
class Reason:
    code: str
    label: str
    needs_picture: bool = False
    """Only what a picture can show must be shown."""


REASONS: Final = (
    Reason("changed_mind", "不想要了/拍错/多拍"),
    Reason("wrong_details", "收货信息填错"),
    Reason("late_dispatch", "未按约定时间发货"),
    Reason("out_of_stock", "缺货"),
    Reason("missing", "少件/漏发"),
    Reason("wrong_goods", "发错货", needs_picture=True),
    Reason("damaged", "商品破损", needs_picture=True),
    Reason("spoiled", "变质/坏果", needs_picture=True),
    Reason("not_as_described", "与描述不符", needs_picture=True),
    Reason("quality", "质量问题", needs_picture=True),
    Reason("counterfeit", "假冒商品", needs_picture=True),
    Reason("not_received", "物流异常/未收到"),
    Reason("seven_days", "七天无理由退货"),
    Reason("agreed_with_leader", "与团长协商一致"),
    Reason("other", "其他"),
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
