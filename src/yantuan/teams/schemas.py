"""Bodies of the team API."""

from __future__ import annotations

from datetime import datetime

from ninja import Schema

from yantuan.kernel.http import IdOut


class TeamRow(Schema):
    """One team as others see it: names are masked."""

    id: IdOut
    code: str
    starter: str
    """Masked name of whoever started it."""
    size: int
    taken: int
    """Seats taken, paid or not."""
    paid: int
    """Members who have paid."""
    state: str
    """forming, formed, over or kept."""
    state_label: str
    state_label_en: str
    ends_at: datetime


class SaleTeamsOut(Schema):
    """The teams of a sale one can join now, and the one the person is in."""

    server_time: datetime
    open: list[TeamRow]
    mine: TeamRow | None


class TeamMember(Schema):
    name: str
    avatar_url: str
    starter: bool
    paid: bool
    me: bool


class TeamGoods(Schema):
    """What the team can buy; prices of one piece in fen."""

    title: str
    sku_name: str
    picture_url: str
    price_fen: int
    team_fen: int


class TeamPage(TeamRow):
    """The page of one team, which its members share."""

    server_time: datetime
    group_buy_code: str
    group_buy_title: str
    sale_open: bool
    """The sale takes orders of teams now."""
    store_name: str
    text: str
    """The rule it was started under."""
    text_en: str
    members: list[TeamMember]
    goods: list[TeamGoods]
    joinable: bool
    order_id: IdOut | None
    """The viewer's own order in it."""


class LeaderTeamRow(TeamRow):
    """One team as its sale's leader sees it."""

    started_at: datetime
    settled_at: datetime | None
    paid_fen: int
    """Money received of its orders, without what went back."""
    refunded_fen: int
    sell_anyway: bool


class LeaderTeams(Schema):
    """The teams of one sale, newest first, with how many there are in each state."""

    size: int
    forming: int
    formed: int
    over: int
    kept: int
    rows: list[LeaderTeamRow]
