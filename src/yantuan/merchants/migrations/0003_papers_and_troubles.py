from __future__ import annotations

from django.db import migrations, models

import yantuan.kernel.ids


class Migration(migrations.Migration):
    dependencies = [("merchants", "0002_applications")]

    operations = [
        migrations.CreateModel(
            name="AccountTrouble",
            fields=[
                (
                    "id",
                    models.BigIntegerField(
                        default=yantuan.kernel.ids.new_id, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("account_id", models.BigIntegerField(unique=True)),
                ("problem", models.CharField(max_length=40)),
                ("words", models.CharField(blank=True, default="", max_length=200)),
                ("since", models.DateTimeField()),
                ("checked_at", models.DateTimeField()),
            ],
            options={"verbose_name": "收款故障", "verbose_name_plural": "收款故障"},
        ),
        migrations.AddField(
            model_name="merchantapplication",
            name="papers",
            field=models.JSONField(default=list),
        ),
    ]
