from django.apps import AppConfig


class GateConfig(AppConfig):
    name = "yantuan.gate"
    label = "gate"
    verbose_name = "核销台"
