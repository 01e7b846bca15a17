"""Pure decisions about teams: when one ends, what becomes of it, who may come in."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal, Protocol

from yantuan.kernel.errors import AppError, Conflict

Verdict = Literal["wait", "form", "end", "keep"]


def end_of(started_at: datetime, hours: int, sale_ends_at: datetime | None) -> datetime:
    """When a team's time is over: after its hours, never beyond the end of its sale."""
    own = started_at + timedelta(hours=hours)
    return own if sale_ends_at is None else min(own, sale_ends_at)


def verdict(*, size: int, paid: int, due: bool, sell_anyway: bool) -> Verdict:
    """What becomes of a forming team with `paid` members now; `due`: its time is over.

    A team whose last member paid in time is formed even if that is noticed later. Without any paid member there is
    nothing to sell all the same.
    """
    if paid >= size:
        return "form"
    if not due:
        return "wait"
    return "keep" if sell_anyway and paid else "end"


@dataclass(slots=True)
class Terms:
    """A team as somebody wants to come in."""

    id: int
    code: str
    group_buy_id: int
    size: int
    taken: int
    state: str
    ends_at: datetime


class TeamFacts(Protocol):
    """A team's row."""

    id: int
    code: str
    group_buy_id: int
    size: int
    taken: int
    state: str
    ends_at: datetime


def terms_of(team: TeamFacts) -> Terms:
    return Terms(team.id, team.code, team.group_buy_id, team.size, team.taken, team.state, team.ends_at)


def join_refusal(team: Terms | None, group_buy_id: int, now: datetime) -> AppError | None:
    """Why nobody can come into this team now; None if somebody can."""
    if team is None or team.group_buy_id != group_buy_id:
        return Conflict(
            "team_unknown", "没有找到这个拼团，可以自己开一个团", "No such team; start one of your own."
        )
    if team.state in ("formed", "kept") or team.taken >= team.size:
        return Conflict(
            "team_full",
            "该团已满，可以自己开一个新团",
            "This team is full; start one of your own.",
            team_id=str(team.id),
        )
    if team.state != "forming" or now >= team.ends_at:
        return Conflict(
            "team_over", "这个拼团已结束，可以自己开一个新团", "This team is over; start one of your own.",
            team_id=str(team.id),
        )  # fmt: skip
    return None


def already_in(code: str) -> AppError:
    """One team per person and sale at a time; `code` is that of the team they are in."""
    return Conflict(
        "already_in_team",
        "您在这个团购里已有一个正在拼的团，成团或结束后才能再拼",
        "You are in a forming team of this sale already.",
        team_code=code,
    )


def no_teams() -> AppError:
    return Conflict("team_not_offered", "这个团购没有拼团", "This sale has no teams.")


def goods_without_price(offer_id: int, title: str) -> AppError:
    return Conflict(
        "team_price_missing",
        f"「{title}」不参加拼团，请单独购买",
        "These goods are not sold to teams; buy them alone.",
        offer_id=str(offer_id),
    )


def only_wechat_pay() -> AppError:
    """Money has to go back by itself where a team does not form; a leader's own code can't do that."""
    return Conflict(
        "team_needs_wechatpay",
        "拼团要用微信支付，这样未成团才能自动退款",
        "Teams are paid by WeChat Pay, so that the money can go back by itself.",
    )


def no_adding() -> AppError:
    return Conflict(
        "team_no_adding", "拼团的订单单独发货，不能和别的订单合并", "A team's order is a parcel of its own."
    )
