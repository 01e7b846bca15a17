from django.apps import AppConfig


class SplitsConfig(AppConfig):
    name = "yantuan.splits"
    label = "splits"
    verbose_name = "分账"
