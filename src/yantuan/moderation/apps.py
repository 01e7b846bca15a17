from django.apps import AppConfig


class ModerationConfig(AppConfig):
    name = "yantuan.moderation"
    label = "moderation"
    verbose_name = "内容审核"
