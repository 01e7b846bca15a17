import yantuan.kernel.ids
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('sharing', '0002_app_links'),
    ]

    operations = [
        migrations.CreateModel(
            name='LiveCard',
            fields=[
                ('id', models.BigIntegerField(default=yantuan.kernel.ids.new_id, editable=False, primary_key=True, serialize=False)),
                ('store_id', models.BigIntegerField()),
                ('group_buy_id', models.BigIntegerField()),
                ('version', models.CharField(max_length=40)),
                ('activity_id', models.CharField(blank=True, default='', max_length=128)),
                ('state', models.CharField(choices=[('asking', '申请中'), ('live', '更新中'), ('closed', '已到齐'), ('lost', '已失效'), ('refused', '微信未受理')], default='asking', max_length=8)),
                ('members', models.PositiveIntegerField(default=0)),
                ('room', models.PositiveIntegerField(default=0)),
                ('expires_at', models.DateTimeField(null=True)),
                ('next_at', models.DateTimeField()),
                ('tries', models.PositiveSmallIntegerField(default=0)),
                ('error', models.CharField(blank=True, default='', max_length=300)),
                ('created_at', models.DateTimeField()),
            ],
            options={
                'indexes': [
                    models.Index(condition=models.Q(('state', 'live')), fields=['next_at'], name='live_card_due'),
                    models.Index(fields=['group_buy_id', '-id'], name='live_card_of_sale'),
                ],
                'constraints': [models.UniqueConstraint(condition=models.Q(('state', 'asking')), fields=('group_buy_id',), name='live_card_asked_once')],
            },
        ),
    ]
