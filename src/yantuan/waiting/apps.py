from django.apps import AppConfig


class WaitingConfig(AppConfig):
    name = "yantuan.waiting"
    label = "waiting"
    verbose_name = "候补"
