from django.apps import AppConfig


class ConsoleConfig(AppConfig):
    name = "yantuan.console"
    label = "console"
    verbose_name = "运营台"
