from django.apps import AppConfig


class SharingConfig(AppConfig):
    name = "yantuan.sharing"
    label = "sharing"
    verbose_name = "分享"
