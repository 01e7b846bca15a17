from django.apps import AppConfig


class LeadersConfig(AppConfig):
    name = "yantuan.leaders"
    label = "leaders"
    verbose_name = "团长"
