"""How a wish that has not passed the gate of `kernel.said` is told to its author."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Literal, TypeVar

from ninja import Schema
from pydantic import ValidationError

from yantuan.kernel.said import Review, carrier_of, reviews

S = TypeVar("S", bound=Schema)


class ProblemOut(Schema):
    """A piece that did not pass: where it stands, and why in a few words."""

    place: str
    place_en: str
    label: str
    label_en: str


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


def _sentence(kind: str, review: Review) -> tuple[str, str]:
    after, after_en = _afterwards(kind, review)
    if review.state == "waiting":
        return (
            f"内容审核中，一般几分钟，通过后{after}",
            f"The content is being checked, usually within minutes; then {after_en} by itself.",
        )
    if review.state == "doubtful":
        return (
            f"内容需要人工审核，通过后{after}",
            f"A person has to look at the content; then {after_en} by itself.",
        )
    if review.problems:
        what = "、".join(f"{p.place}（{p.label}）" for p in review.problems)
        what_en = "; ".join(f"{p.place_en} ({p.label_en})" for p in review.problems)
        return (
            f"内容审核未通过：{what}。请修改或换掉后重新提交",
            f"The content did not pass the check: {what_en}. Change or replace it and submit it again.",
        )
    why, why_en = review.reason or "内容不合规", review.reason_en or review.reason
    return (
        f"内容审核未通过：{why}。修改后可以重新提交",
        f"The content did not pass the check: {why_en or 'it breaks the rules'}. Change it and submit it again.",
    )


def _afterwards(kind: str, review: Review) -> tuple[str, str]:
    carrier = carrier_of(kind)
    if review.change or carrier is None:
        return "自动生效", "the change takes effect"
    return carrier.opens


def _out(kind: str, review: Review) -> ReviewOut:
    sentence, english = _sentence(kind, review)
    return ReviewOut(
        state=review.state,
        label=_LABELS[review.state],
        sentence=sentence,
        sentence_en=english,
        change=review.change,
        problems=[
            ProblemOut(place=p.place, place_en=p.place_en, label=p.label, label_en=p.label_en)
            for p in review.problems
        ],
        since=review.since,
    )


@dataclass(frozen=True, slots=True)
class Undone:
    """A wish that has not passed: how it is told, and what was wished."""

    review: ReviewOut
    wish: dict[str, Any] | None

    def read(self, schema: type[S]) -> S | None:
        """The wish as the body it came in; None for a first publication, or one written by an older version."""
        if self.wish is None:
            return None
        try:
            return schema.model_validate(self.wish)
        except ValidationError:
            return None


def undone(kind: str, ids: Iterable[int]) -> dict[int, Undone]:
    """The wishes of these subjects that have not passed; most have none."""
    return {i: Undone(_out(kind, review), review.wish) for i, review in reviews(kind, ids).items()}


def reviews_out(kind: str, ids: Iterable[int]) -> dict[int, ReviewOut]:
    """How the wishes of these subjects stand that have not passed."""
    return {i: one.review for i, one in undone(kind, ids).items()}


def labelled(label: str, review: ReviewOut | None) -> str:
    """The label of something not shown yet gives way to how its check stands."""
    return label if review is None or review.change else review.label
