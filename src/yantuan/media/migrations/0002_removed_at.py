from __future__ import annotations

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("media", "0001_initial")]

    operations = [
        migrations.AddField(
            model_name="media",
            name="removed_at",
            field=models.DateTimeField(null=True),
        ),
    ]
