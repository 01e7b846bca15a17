"""How a wish that has not passed the gate of `kernel.said` is told to its author."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Final, Literal

from ninja import Schema

from yantuan.kernel.said import Review, reviews


class ProblemOut(Schema):
    """A piece that did not pass: where it stands, and why in a few words."""

    place: str
    label: str


class ReviewOut(Schema):
    """A publication or a change on its way through the content check."""

    state: Literal["waiting", "doubtful", "rejected"]
    label: str
    sentence: str
    sentence_en: str
    change: bool
    """Something shown already is to be changed; until then everybody sees the old."""
    problems: list[ProblemOut]
    since: datetime


_LABELS: Final = {"waiting": "审核中", "doubtful": "人工审核中", "rejected": "审核未通过"}


def _sentence(review: Review) -> tuple[str, str]:
    after, after_en = ("自动生效", "takes effect") if review.change else ("自动开团", "opens")
    if review.state == "waiting":
        return (
            f"内容审核中，一般几分钟，通过后{after}",
            f"The content is being checked, usually within minutes; then it {after_en} by itself.",
        )
    if review.state == "doubtful":
        return (
            f"内容需要人工审核，通过后{after}",
            f"A person has to look at the content; then it {after_en} by itself.",
        )
    if review.problems:
        what = "、".join(f"{p.place}（{p.label}）" for p in review.problems)
        return (
            f"内容审核未通过：{what}。请修改或换掉后重新提交",
            "The content did not pass the check; change what is named and submit it again.",
        )
    return (
        f"内容审核未通过：{review.reason or '内容不合规'}。修改后可以重新提交",
        "The content did not pass the check; change it and submit it again.",
    )


def _out(review: Review) -> ReviewOut:
    sentence, english = _sentence(review)
    return ReviewOut(
        state=review.state,
        label=_LABELS[review.state],
        sentence=sentence,
        sentence_en=english,
        change=review.change,
        problems=[ProblemOut(place=p.place, label=p.label) for p in review.problems],
        since=review.since,
    )


def reviews_out(kind: str, ids: Iterable[int]) -> dict[int, ReviewOut]:
    """The wishes of these subjects that have not passed; most have none."""
    return {i: _out(review) for i, review in reviews(kind, ids).items()}


def review_out(kind: str, subject_id: int) -> ReviewOut | None:
    """The wish of one subject, if it has not passed."""
    return reviews_out(kind, [subject_id]).get(subject_id)


def labelled(label: str, review: ReviewOut | None) -> str:
    """The label of something not shown yet gives way to how its check stands."""
    return label if review is None or review.change else review.label
