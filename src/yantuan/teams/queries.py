"""Reads of teams: for whoever looks at a sale, for the members, and for the sale's leader. Names are always masked."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from yantuan.groupbuys.desk import live_offers, status_of
from yantuan.groupbuys.models import GroupBuy, Offer
from yantuan.groupbuys.options import offer_options_of, sale_options_of
from yantuan.groupbuys.options.teams import SaleTeams
from yantuan.groupbuys.teaming import team_price, terms_text
from yantuan.identity.models import Person
from yantuan.identity.queries import masked_name
from yantuan.kernel.clock import now
from yantuan.kernel.errors import NotFound
from yantuan.media.queries import media_map
from yantuan.orders.joined import ANONYMOUS
from yantuan.orders.models import Order
from yantuan.teams.models import Seat, Team
from yantuan.teams.rules import join_refusal, terms_of
from yantuan.teams.schemas import (
    LeaderTeamRow,
    LeaderTeams,
    SaleTeamsOut,
    TeamGoods,
    TeamMember,
    TeamPage,
    TeamRow,
)
from yantuan.teams.seats import paid_orders
from yantuan.teams.states import BACK, LABELS, LABELS_EN, STATES, TAKEN

SHOWN = 20
LEADER_SHOWN = 200
GOODS_SHOWN = 6


@dataclass
class _Who:
    """Who sits in some teams, and which of their orders are paid."""

    seats: dict[int, list[Seat]] = field(default_factory=lambda: defaultdict(list))
    orders: dict[int, Order] = field(default_factory=dict)
    paid: dict[int, set[int]] = field(default_factory=dict)


def _who(teams: Sequence[Team], *, gone: bool = False) -> _Who:
    """`gone`: those whose seats were given back as well."""
    found = _Who(paid=paid_orders([team.id for team in teams]))
    seats = Seat.objects.filter(team__in=teams).select_related("person").order_by("id")
    for seat in seats if gone else seats.exclude(state=BACK):
        found.seats[seat.team_id].append(seat)
    ids = [seat.order_id for row in found.seats.values() for seat in row]
    found.orders = Order.objects.only("anonymous", "paid_fen", "refunded_fen").in_bulk(ids)
    return found


def _name(seat: Seat, who: _Who) -> str:
    order = who.orders.get(seat.order_id)
    named = seat.person.show_in_lists and not (order and order.anonymous)
    return masked_name(seat.person.nickname) if named else ANONYMOUS


def _fields(team: Team, who: _Who) -> dict[str, Any]:
    seats = who.seats[team.id]
    return {
        "id": str(team.id),
        "code": team.code,
        "starter": _name(seats[0], who) if seats else "",
        "size": team.size,
        "taken": team.taken,
        "paid": len(who.paid.get(team.id, ())),
        "state": team.state,
        "state_label": LABELS[team.state],
        "state_label_en": LABELS_EN[team.state],
        "ends_at": team.ends_at,
    }


def sale_teams(code: str, person: Person | None) -> SaleTeamsOut:
    """Teams with a paid member and a free seat, the first to end first. Raises NotFound for drafts and unknown codes."""
    sales = GroupBuy.objects.select_related("store__leader").exclude(state=GroupBuy.State.DRAFT)
    sale = sales.filter(code=code).first()
    if sale is None:
        raise NotFound("没有找到这个团购，可能已被删除或链接不对", "No such group buy.")
    moment = now()
    seat = _own_seat(sale.id, person)
    teams = [seat.team] if seat else []
    if sale_options_of(sale.options).teams.size and status_of(sale) == "open":
        forming = Team.objects.filter(group_buy=sale, state="forming", ends_at__gt=moment)
        teams += [t for t in forming.order_by("ends_at", "id")[:SHOWN] if not seat or t.id != seat.team_id]
    who = _who(teams)
    rows = [TeamRow(**_fields(team, who)) for team in teams]
    others = rows[1:] if seat else rows
    return SaleTeamsOut(
        server_time=moment,
        open=[row for row in others if row.paid and row.taken < row.size],
        mine=rows[0] if seat else None,
    )


def _own_seat(group_buy_id: int, person: Person | None) -> Seat | None:
    if person is None:
        return None
    mine = Seat.objects.select_related("team").filter(group_buy_id=group_buy_id, person=person, state=TAKEN)
    return mine.first()


def team_page(code: str, person: Person | None) -> TeamPage:
    """One team for whoever has its link. Raises NotFound."""
    team = Team.objects.select_related("group_buy__store__leader").filter(code=code).first()
    if team is None:
        raise NotFound("没有找到这个拼团，可能链接不对", "No such team.")
    who, moment, sale = _who([team]), now(), team.group_buy
    seats = who.seats[team.id]
    mine = Seat.objects.filter(team=team, person=person).order_by("-id").first() if person else None
    text = terms_text(SaleTeams(size=team.size, hours=_hours(team), sell_anyway=team.sell_anyway))
    selling = status_of(sale) == "open" and sale_options_of(sale.options).teams.size > 0
    seated = mine is not None and mine.state == TAKEN
    return TeamPage(
        **_fields(team, who),
        server_time=moment,
        group_buy_code=sale.code,
        group_buy_title=sale.title,
        sale_open=selling,
        store_name=sale.store.name,
        text=text[0],
        text_en=text[1],
        members=_members(seats, who, who.paid[team.id], person),
        goods=_goods(sale.id, moment),
        joinable=selling and not seated and join_refusal(terms_of(team), sale.id, moment) is None,
        order_id=str(mine.order_id) if mine else None,
    )


def _hours(team: Team) -> int:
    """The hours the team was given, as far as the sale's end left them; begun ones count."""
    return max(1, -(-int((team.ends_at - team.started_at).total_seconds()) // 3600))


def _members(seats: Sequence[Seat], who: _Who, paid: set[int], person: Person | None) -> list[TeamMember]:
    pictures = media_map(seat.person.avatar_media_id for seat in seats)
    found = []
    for n, seat in enumerate(seats):
        name = _name(seat, who)
        picture = pictures.get(seat.person.avatar_media_id or 0) if name != ANONYMOUS else None
        found.append(
            TeamMember(
                name=name,
                avatar_url=picture.thumb_url if picture else "",
                starter=n == 0,
                paid=seat.order_id in paid,
                me=person is not None and seat.person_id == person.id,
            )
        )
    return found


def _goods(group_buy_id: int, moment: datetime) -> list[TeamGoods]:
    offers = [(offer, offer_options_of(offer.options)) for offer in live_offers(group_buy_id)]
    priced = [(o, options) for o, options in offers if options.teams.price_fen is not None][:GOODS_SHOWN]
    pictures = media_map(_picture_id(offer) for offer, _ in priced)
    return [
        TeamGoods(
            title=offer.product.title,
            sku_name=offer.sku.name,
            picture_url=picture.thumb_url if (picture := pictures.get(_picture_id(offer) or 0)) else "",
            price_fen=offer.price_fen,
            team_fen=team_price(offer.price_fen, options, moment) or 0,
        )
        for offer, options in priced
    ]


def _picture_id(offer: Offer) -> int | None:
    ids = offer.product.picture_media_ids
    return int(ids[0]) if ids else None


def leader_teams(sale: GroupBuy) -> LeaderTeams:
    """All teams of a sale the caller has access to, the newest first."""
    counts: Mapping[str, int] = Counter(Team.objects.filter(group_buy=sale).values_list("state", flat=True))
    teams = list(Team.objects.filter(group_buy=sale).order_by("-id")[:LEADER_SHOWN])
    who = _who(teams, gone=True)
    return LeaderTeams(
        size=sale_options_of(sale.options).teams.size,
        rows=[_leader_row(team, who) for team in teams],
        **{state: counts.get(state, 0) for state in STATES},
    )


def _leader_row(team: Team, who: _Who) -> LeaderTeamRow:
    orders = [who.orders[seat.order_id] for seat in who.seats[team.id] if seat.order_id in who.orders]
    return LeaderTeamRow(
        **_fields(team, who),
        started_at=team.started_at,
        settled_at=team.settled_at,
        paid_fen=sum(order.paid_fen - order.refunded_fen for order in orders),
        refunded_fen=sum(order.refunded_fen for order in orders),
        sell_anyway=team.sell_anyway,
    )
