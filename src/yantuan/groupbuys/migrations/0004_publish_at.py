"""定时发布: when a draft is published by itself."""

from __future__ import annotations

from typing import ClassVar

from django.db import migrations, models
from django.db.models import Q


class Migration(migrations.Migration):
    dependencies: ClassVar = [("groupbuys", "0003_options")]
    operations: ClassVar = [
        migrations.AddField("groupbuy", "publish_at", models.DateTimeField(null=True)),
        migrations.AddIndex(
            "groupbuy",
            models.Index(
                fields=["publish_at"], name="groupbuy_to_publish", condition=Q(publish_at__isnull=False)
            ),
        ),
    ]
