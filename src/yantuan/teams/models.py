"""拼团: small teams of buyers within one sale, and who sits in them."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q

from yantuan.groupbuys.models import GroupBuy
from yantuan.identity.models import Person
from yantuan.kernel.models import Row
from yantuan.teams.states import SEATS, STATES, TAKEN


class Team(Row):
    """One team with the terms it was started under. Its row changes only under its own lock, which comes after pools and counters."""

    code = models.CharField(max_length=16, unique=True)
    """Names it in links."""
    store_id = models.BigIntegerField()
    group_buy = models.ForeignKey(GroupBuy, on_delete=models.PROTECT, db_constraint=False, db_index=False)
    size = models.PositiveSmallIntegerField()
    taken = models.PositiveSmallIntegerField()
    """Seats of open orders, paid or not. When it is formed or kept it stays as it was; when it is over it is 0."""
    sell_anyway = models.BooleanField()
    state = models.CharField(max_length=8, default="forming")
    """See `teams.states`."""
    started_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    settled_at = models.DateTimeField(null=True)
    """When it left `forming`."""

    class Meta:
        verbose_name = verbose_name_plural = "拼团"
        constraints = [
            models.CheckConstraint(condition=Q(taken__lte=F("size")), name="team_not_overfilled"),
            models.CheckConstraint(condition=Q(size__gte=2, size__lte=10), name="team_size_fair"),
            models.CheckConstraint(condition=Q(state__in=STATES), name="team_state_known"),
        ]
        indexes = [
            models.Index(fields=["group_buy", "-id"], name="team_of_sale"),
            models.Index(fields=["ends_at"], name="team_forming", condition=Q(state="forming")),
        ]


class Seat(Row):
    """One order's place in a team. The first seat is that of whoever started it."""

    team = models.ForeignKey(Team, on_delete=models.PROTECT, related_name="seats")
    group_buy_id = models.BigIntegerField()
    order_id = models.BigIntegerField(unique=True)
    person = models.ForeignKey(Person, on_delete=models.PROTECT, db_constraint=False, db_index=False)
    state = models.CharField(max_length=6, default=TAKEN)
    """See `teams.states`."""
    taken_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["group_buy_id", "person"], condition=Q(state=TAKEN), name="seat_once_per_sale"
            ),
            models.CheckConstraint(condition=Q(state__in=SEATS), name="seat_state_known"),
        ]
