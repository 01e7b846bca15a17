"""候补: wishes for goods that are sold out."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from yantuan.groupbuys.models import Offer
from yantuan.identity.models import Person
from yantuan.kernel.models import Row
from yantuan.waiting.states import LIVE, STATES


class Wish(Row):
    """One person's place in the line of one offer. Its row changes only under the lock of its pool."""

    store_id = models.BigIntegerField()
    group_buy_id = models.BigIntegerField()
    offer = models.ForeignKey(Offer, on_delete=models.PROTECT, db_constraint=False, db_index=False)
    pool_id = models.BigIntegerField()
    person = models.ForeignKey(Person, on_delete=models.PROTECT, db_constraint=False, db_index=False)
    quantity = models.PositiveIntegerField()
    state = models.CharField(max_length=8, default="waiting")
    """See `waiting.states`. While `offered`, the pool holds `quantity` units for it: its own hold, released once."""
    until = models.DateTimeField(null=True)
    """End of the window in which an offered place can be taken."""
    order_id = models.BigIntegerField(null=True)
    """The order that took it."""
    lined_up_at = models.DateTimeField()
    """Its place in the line: the earliest comes first."""
    ended_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = verbose_name_plural = "候补"
        constraints = [
            models.UniqueConstraint(
                fields=["offer", "person"], condition=Q(state__in=LIVE), name="wish_once_per_offer"
            ),
            models.CheckConstraint(condition=Q(quantity__gte=1), name="wish_quantity_positive"),
            models.CheckConstraint(condition=Q(state__in=STATES), name="wish_state_known"),
            models.CheckConstraint(
                condition=~Q(state="offered") | Q(until__isnull=False), name="wish_offered_until"
            ),
        ]
        indexes = [
            models.Index(
                fields=["pool_id", "lined_up_at", "id"], name="wish_line", condition=Q(state__in=LIVE)
            ),
            models.Index(fields=["until"], name="wish_running", condition=Q(state="offered")),
            models.Index(fields=["person", "-id"], name="wish_of_person"),
        ]
