from django.apps import AppConfig


class PushConfig(AppConfig):
    name = "yantuan.push"
    label = "push"
    verbose_name = "微信推送"
