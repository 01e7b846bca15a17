from django.apps import AppConfig


class KernelConfig(AppConfig):
    name = "yantuan.kernel"
    label = "kernel"
    verbose_name = "内核"
