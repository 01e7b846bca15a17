"""People who help in a store, the invitations they came by, and what they did."""

from __future__ import annotations

from typing import Any

from django.db import models
from django.db.models import Q

from yantuan.identity.models import Person
from yantuan.kernel.invitations import Invitation, ends_once
from yantuan.kernel.models import Row


def _right(name: str) -> Any:
    return models.BooleanField(name, default=False)


class StaffMember(Row):
    """管理员: a person with scoped rights in one store. One column per right, so that a query can ask for it."""

    store_id = models.BigIntegerField()
    person = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="staff_of")
    note = models.CharField(max_length=20, default="", blank=True)
    """What the leader calls them."""
    may_orders = _right("订单")
    may_shipping = _right("发货")
    may_pickup = _right("核销")
    may_aftersales = _right("售后")
    may_money = _right("账目（只看）")
    may_data = _right("数据导出")
    may_goods = _right("商品与团购")
    invited_by = models.BigIntegerField()
    created_at = models.DateTimeField()
    changed_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = verbose_name_plural = "管理员"
        constraints = [
            models.UniqueConstraint(
                fields=["store_id", "person"], condition=Q(revoked_at=None), name="staff_once_per_store"
            )
        ]
        indexes = [
            models.Index(fields=["person", "store_id"], condition=Q(revoked_at=None), name="staff_of_person")
        ]


class StaffInvite(Invitation):
    """An invitation for one person; only the hash of its token is kept."""

    rights = models.JSONField(default=list)

    class Meta:
        verbose_name = verbose_name_plural = "管理员邀请"
        constraints = [ends_once("staff_invite_ends_once")]


class StaffAct(Row):
    """One writing operation a helper reached a store's row for: written before the act, with its outcome afterwards."""

    store_id = models.BigIntegerField()
    person = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="+")
    operation = models.CharField(max_length=60)
    target = models.JSONField(default=dict)
    """The ids of the operation's address."""
    at = models.DateTimeField()
    outcome = models.CharField(max_length=60, default="", blank=True)
    """`done`, the code of the refusal, or empty when the process ended before its answer."""

    class Meta:
        verbose_name = verbose_name_plural = "管理员操作"
        indexes = [models.Index(fields=["store_id", "-id"], name="staff_acts_of_store")]
