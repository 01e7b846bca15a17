"""People a leader orders for, who have no account here (yet)."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

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


class Claim(Row):
    """认领: somebody said that a stand-in's orders are theirs. At most one is in force per stand-in."""

    store_id = models.BigIntegerField()
    group_buy = models.ForeignKey(GroupBuy, on_delete=models.PROTECT, db_constraint=False)
    stand_in = models.ForeignKey(StandIn, on_delete=models.PROTECT, related_name="claims")
    person = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="claims")
    participation_id = models.BigIntegerField()
    """The stand-in's own, with the 跟团号 that undoing gives back."""
    number = models.BigIntegerField()
    merged = models.BooleanField()
    """The person took part already: the orders went under their number, and the stand-in's lies idle."""
    order_ids = models.JSONField(default=list)
    """As texts: what was moved."""
    created_at = models.DateTimeField()
    undone_at = models.DateTimeField(null=True)
    undone_by = models.BigIntegerField(null=True)

    class Meta:
        verbose_name = verbose_name_plural = "认领"
        constraints = [
            models.UniqueConstraint(
                fields=["stand_in"], condition=Q(undone_at__isnull=True), name="one_claim_in_force"
            )
        ]
        indexes = [models.Index(fields=["group_buy", "-id"], name="claim_of_groupbuy")]
