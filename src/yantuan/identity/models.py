"""People, the channels they come by, their sessions and addresses."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from yantuan.kernel.models import Row


class Person(Row):
    """One human being; buyer and, perhaps, leader."""

    nickname = models.CharField(max_length=40, default="", blank=True)
    avatar_media_id = models.BigIntegerField(null=True)
    phone_hash = models.CharField(max_length=64, null=True, unique=True)
    phone_sealed = models.CharField(max_length=200, default="", blank=True)
    phone_last4 = models.CharField(max_length=4, default="", blank=True)
    show_in_lists = models.BooleanField(default=True)
    """Consent to appear, masked, in public joined lists."""
    agreed_terms_at = models.DateTimeField(null=True)
    language = models.CharField(max_length=8, default="zh")
    disabled_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField()

    class Meta:
        verbose_name = verbose_name_plural = "用户"


class Channel(Row):
    """A way one person signs in: `mini` or `oa` with their appid and openid. Phones live on Person."""

    person = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="channels")
    kind = models.CharField(max_length=8)
    appid = models.CharField(max_length=32)
    openid = models.CharField(max_length=64)
    unionid = models.CharField(max_length=64, default="", blank=True, db_index=True)
    created_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["appid", "openid"], name="channel_once")]


class Session(Row):
    """An opaque server-side session; only the token's SHA-256 is stored."""

    token_hash = models.CharField(max_length=64, unique=True)
    person = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="sessions")
    client = models.CharField(max_length=8)
    """`h5` (cookie) or `mp` (bearer)."""
    user_agent = models.CharField(max_length=200, default="", blank=True)
    created_at = models.DateTimeField()
    seen_at = models.DateTimeField()
    expires_at = models.DateTimeField(db_index=True)
    revoked_at = models.DateTimeField(null=True)
    confirmed_at = models.DateTimeField(null=True)
    """When its person last proved themselves by a code, for weighty acts (`identity.stepup`)."""


class SmsCode(Row):
    """One code sent to one phone; six digits, five tries, five minutes."""

    phone_hash = models.CharField(max_length=64, db_index=True)
    code_hash = models.CharField(max_length=64)
    tries = models.PositiveSmallIntegerField(default=0)
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True)


class OAuthState(Row):
    """One web sign-in on its way through WeChat: single use, ten minutes."""

    state_hash = models.CharField(max_length=64, unique=True)
    return_to = models.CharField(max_length=500)
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True)


class Address(Row):
    """Where a person receives goods, with building, unit and room apart."""

    person = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="addresses")
    name = models.CharField(max_length=50)
    phone_sealed = models.CharField(max_length=200)
    phone_last4 = models.CharField(max_length=4)
    province = models.CharField(max_length=20)
    city = models.CharField(max_length=20)
    district = models.CharField(max_length=20, default="", blank=True)
    detail = models.CharField(max_length=120)
    """Street, number, estate."""
    building = models.CharField(max_length=20, default="", blank=True)
    unit = models.CharField(max_length=20, default="", blank=True)
    room = models.CharField(max_length=20, default="", blank=True)
    lat_e6 = models.IntegerField(null=True)
    lng_e6 = models.IntegerField(null=True)
    """Its point, where the person marked it: GCJ-02 in millionths of a degree (`kernel.spots`). Both or neither."""
    is_default = models.BooleanField(default=False)
    created_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(lat_e6__isnull=True, lng_e6__isnull=True)
                | Q(lat_e6__range=(-90_000_000, 90_000_000), lng_e6__range=(-180_000_000, 180_000_000)),
                name="address_point_whole",
            )
        ]
