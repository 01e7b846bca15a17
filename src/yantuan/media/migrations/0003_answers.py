"""Pictures that answer a question of a sale."""

from __future__ import annotations

from typing import ClassVar

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies: ClassVar = [("media", "0002_removed_at")]
    operations: ClassVar = [
        migrations.AlterField(
            "media",
            "purpose",
            models.CharField(
                choices=[
                    ("product", "商品图"),
                    ("store", "卖场图"),
                    ("content", "团购介绍"),
                    ("avatar", "头像"),
                    ("collection_code", "收款码"),
                    ("certification", "认证材料"),
                    ("proof", "付款凭证"),
                    ("after_sale", "售后凭证"),
                    ("answer", "跟团问题的回答"),
                ],
                max_length=16,
            ),
        ),
    ]
