"""Members of a team are told when it is formed, and when it ended without."""

from __future__ import annotations

from typing import Any, Final

from yantuan.kernel.outbox import on
from yantuan.notices.actions import tell_buyer
from yantuan.notices.rules import Words
from yantuan.orders.models import Order
from yantuan.teams.actions import SETTLED
from yantuan.teams.models import Team

_WORDS: Final = {
    "formed": ("拼团成功", "{n} 人都付款了，团长会按团购安排发货或通知自提：{goods}"),
    "kept": ("拼团到时，按拼团价成交", "没有拼满，按事先约定以拼团价成交：{goods}"),
    "over": ("拼团未成，已付的钱全额退回", "没有在时限内拼满，会原路退回：{goods}"),
}


@on(SETTLED)
def team_settled(payload: dict[str, Any]) -> None:
    """Everybody whose money is in it; who never paid is told by the closing of their order."""
    team = Team.objects.get(id=int(payload["team_id"]))
    title, body = _WORDS[team.state]
    ids = team.seats.values_list("order_id", flat=True)
    for order in Order.objects.filter(id__in=list(ids), paid_at__isnull=False).order_by("id"):
        words = Words(title, body.format(n=team.size, goods=order.goods_text))
        tell_buyer(
            order.person_id,
            f"team_{team.state}",
            words,
            f"team:{team.id}",
            store_id=team.store_id,
            order_id=order.id,
            link=f"/buyer/team/index?code={team.code}",
        )
