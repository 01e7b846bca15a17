from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("moderation", "0001_initial")]

    operations = [
        migrations.AddField(
            model_name="part",
            name="place_en",
            field=models.CharField(blank=True, db_default="", default="", max_length=80),
        ),
        migrations.AddField(
            model_name="submission",
            name="reason_en",
            field=models.CharField(blank=True, db_default="", default="", max_length=300),
        ),
    ]
