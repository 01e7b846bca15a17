"""Pure decisions about group buys: what people see of their state, and what may change when."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import Final

from yantuan.groupbuys.schemas import Status
from yantuan.kernel.errors import Conflict, Invalid

STATUS_LABELS: Final[dict[Status, str]] = {
    "draft": "草稿",
    "coming": "即将开始",
    "open": "进行中",
    "ended": "已结束",
    "closed": "已截单",
    "suspended": "暂停销售",
}

MAX_WINDOW: Final = timedelta(days=366)
MIN_WINDOW: Final = timedelta(minutes=1)


def status(
    kind: str, state: str, starts_at: datetime, ends_at: datetime | None, selling: bool, now: datetime
) -> Status:
    """What people see. `selling` is false while the store or its leader may not sell. The end itself is already over."""
    if state == "draft":
        return "draft"
    if state == "closed":
        return "closed"
    if kind != "shelf" and ends_at is not None and now >= ends_at:
        return "ended"
    if not selling:
        return "suspended"
    return "coming" if now < starts_at else "open"


def check_window(kind: str, starts_at: datetime, ends_at: datetime | None) -> None:
    """Raise Invalid unless the window is one a sale can have: an end for a dated sale, none for the shelf."""
    if starts_at.tzinfo is None or (ends_at is not None and ends_at.tzinfo is None):
        raise Invalid(
            "window_without_zone", "时间缺少时区", "Times must carry a time zone.", field="starts_at"
        )
    if kind == "shelf":
        if ends_at is not None:
            raise Invalid("shelf_has_no_end", "货架没有结束时间", "The shelf has no end.", field="ends_at")
        return
    if ends_at is None:
        raise Invalid("end_missing", "请填写结束时间", "A dated sale needs an end.", field="ends_at")
    if ends_at - starts_at < MIN_WINDOW:
        raise Invalid(
            "end_before_start", "结束时间要晚于开始时间", "The end must follow the start.", field="ends_at"
        )
    if ends_at - starts_at > MAX_WINDOW:
        raise Invalid(
            "window_too_long", "一次团购最长一年", "A sale may last a year at most.", field="ends_at"
        )


def same_minute(one: datetime | None, other: datetime | None) -> bool:
    """Whether two times are the same to people: pickers show minutes, and JSON keeps no microseconds."""
    if one is None or other is None:
        return one is other
    return one.replace(second=0, microsecond=0) == other.replace(second=0, microsecond=0)


def check_edited_window(
    *,
    starts_before: datetime,
    ends_before: datetime | None,
    starts_at: datetime,
    ends_at: datetime | None,
    now: datetime,
) -> None:
    """A published sale: its end moves only by extending or closing, its start only before it has begun."""
    if not same_minute(ends_at, ends_before):
        raise Conflict(
            "end_fixed",
            "已发布的团购请用「延长」或「截单」来改结束时间",
            "Extend or close a published sale instead.",
        )
    if not same_minute(starts_at, starts_before) and now >= starts_before:
        raise Conflict(
            "start_fixed", "团购已经开始，不能改开始时间", "The sale has begun; its start is fixed."
        )


def check_extension(
    ends_before: datetime | None, ends_at: datetime, starts_at: datetime, now: datetime
) -> None:
    """An extension names a later end that still lies ahead."""
    if ends_before is None:
        raise Conflict("shelf_has_no_end", "货架没有结束时间，不需要延长", "The shelf has no end.")
    if ends_at.tzinfo is None:
        raise Invalid("window_without_zone", "时间缺少时区", "Times must carry a time zone.", field="ends_at")
    if ends_at <= ends_before or ends_at <= now:
        raise Invalid(
            "extension_not_later",
            "新的结束时间要晚于原来的结束时间和现在",
            "The new end must be later than the old one and than now.",
            field="ends_at",
        )
    check_window("dated", starts_at, ends_at)


def check_publishable(
    *,
    kind: str,
    offers: int,
    courier: bool,
    pickup: bool,
    store_courier: bool,
    store_pickup: bool,
    points: int,
    payment_methods: Collection[str],
    ends_at: datetime | None,
    now: datetime,
) -> None:
    """Everything a sale needs before buyers may see it; each lack has a code and a sentence of its own."""
    if offers < 1:
        raise Conflict("offers_missing", "请至少添加一个商品", "Add at least one product.")
    if not (courier or pickup):
        raise Conflict("delivery_missing", "请选择快递或自提", "Choose courier or pick-up.")
    if courier and not store_courier:
        raise Conflict(
            "courier_not_enabled",
            "卖场没有开启快递，请先到卖场设置里开启",
            "The store doesn't ship by courier.",
        )
    if pickup and not store_pickup:
        raise Conflict(
            "pickup_not_enabled", "卖场没有开启自提，请先到卖场设置里开启", "The store doesn't offer pick-up."
        )
    if pickup and points < 1:
        raise Conflict("pickup_points_missing", "请选择至少一个自提点", "Choose at least one pick-up point.")
    if not payment_methods:
        raise Conflict(
            "payment_missing",
            "没有可用的收款方式，请先到卖场设置里开启",
            "No way to pay is available; enable one in the store's settings.",
        )
    if kind != "shelf" and (ends_at is None or ends_at <= now):
        raise Conflict("window_over", "结束时间已经过了，请改到以后", "The sale's end has passed.")


def check_publish_at(publish_at: datetime, ends_at: datetime | None, now: datetime) -> None:
    """A draft may be published by itself at a time that lies ahead and before its end."""
    if publish_at.tzinfo is None:
        raise Invalid(
            "window_without_zone", "时间缺少时区", "Times must carry a time zone.", field="publish_at"
        )
    if publish_at <= now:
        raise Invalid(
            "publish_time_past", "定时发布的时间要在现在之后", "That time has passed.", field="publish_at"
        )
    if ends_at is not None and publish_at >= ends_at:
        raise Invalid(
            "publish_after_end",
            "定时发布的时间要在结束时间之前",
            "The sale would be over before it is published.",
            field="publish_at",
        )


def check_questions(ids: Sequence[str], choices: Sequence[tuple[str, int]]) -> None:
    """Question ids are unique; a choice question offers at least two answers. `choices` pairs kind and number of answers."""
    if len(set(ids)) != len(ids):
        raise Invalid(
            "question_repeated", "自定义问题的编号重复了", "Question ids must be unique.", field="questions"
        )
    if any(kind == "choice" and count < 2 for kind, count in choices):
        raise Invalid(
            "choices_missing", "选择题至少要有两个选项", "A choice needs two answers.", field="questions"
        )


def copied_window(starts_at: datetime, ends_at: datetime, now: datetime) -> tuple[datetime, datetime]:
    """The window of a copy: the same length, beginning with the present minute."""
    begins = now.replace(second=0, microsecond=0)
    return begins, begins + (ends_at - starts_at)
