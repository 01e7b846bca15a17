from django.apps import AppConfig


class NoticesConfig(AppConfig):
    name = "yantuan.notices"
    label = "notices"
    verbose_name = "消息"
