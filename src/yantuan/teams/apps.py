from django.apps import AppConfig


class TeamsConfig(AppConfig):
    name = "yantuan.teams"
    label = "teams"
    verbose_name = "拼团"
