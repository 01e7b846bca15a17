"""Stored pictures: re-encoded, stripped, public or private."""

from __future__ import annotations

from django.db import models

from yantuan.kernel.models import Row


class Media(Row):
    """One picture. Public ones are served by `key` to anybody; private ones only through an access function."""

    class Purpose(models.TextChoices):
        PRODUCT = "product", "商品图"
        STORE = "store", "卖场图"
        CONTENT = "content", "团购介绍"
        AVATAR = "avatar", "头像"
        COLLECTION_CODE = "collection_code", "收款码"
        CERTIFICATION = "certification", "认证材料"
        PROOF = "proof", "付款凭证"
        AFTER_SALE = "after_sale", "售后凭证"
        ANSWER = "answer", "跟团问题的回答"

    key = models.CharField(max_length=32, unique=True)
    """Unguessable name in links (≥ 120 random bits)."""
    owner_id = models.BigIntegerField(null=True, db_index=True)
    purpose = models.CharField(max_length=16, choices=Purpose.choices)
    private = models.BooleanField(default=False)
    mime = models.CharField(max_length=20)
    width = models.PositiveIntegerField()
    height = models.PositiveIntegerField()
    size = models.PositiveIntegerField()
    sha256 = models.CharField(max_length=64)
    created_at = models.DateTimeField()
    removed_at = models.DateTimeField(null=True)
    """Its files were destroyed: nobody needs them any more, or their person is gone. The row stays, so that what named it still can."""

    class Meta:
        verbose_name = verbose_name_plural = "图片"
