"""People a leader orders for, who have no account here (yet)."""

from __future__ import annotations

from django.db import models

from yantuan.groupbuys.models import GroupBuy
from yantuan.identity.models import Person
from yantuan.kernel.models import Row


class StandIn(Row):
    """Somebody without an account in one sale. Their `Person` can't sign in: it has no phone and no channel."""

    store_id = models.BigIntegerField()
    group_buy = models.ForeignKey(GroupBuy, on_delete=models.PROTECT, db_constraint=False)
    person = models.OneToOneField(Person, on_delete=models.PROTECT, related_name="stand_in")
    who = models.CharField(max_length=64)
    """Keyed hash of name and door: two confirmations of the same neighbour meet here."""
    phone_hash = models.CharField(max_length=64, default="", blank=True)
    """Keyed hash of the phone the leader gave, if any; the phone itself is kept, sealed, on the order alone."""
    token_hash = models.CharField(max_length=64, unique=True)
    token_sealed = models.CharField(max_length=200)
    """Of the pay link, so that the leader can copy it again."""
    claimed_by = models.BigIntegerField(null=True)
    """The person who said 这是我的订单; their orders are that person's from then on."""
    created_by = models.BigIntegerField()
    created_at = models.DateTimeField()

    class Meta:
        verbose_name = verbose_name_plural = "代下单的人"
        constraints = [models.UniqueConstraint(fields=["group_buy", "who"], name="stand_in_once")]

    @property
    def holder_id(self) -> int:
        """Whose orders theirs are now."""
        return self.claimed_by or self.person_id
