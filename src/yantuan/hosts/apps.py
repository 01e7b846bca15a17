from django.apps import AppConfig


class HostsConfig(AppConfig):
    name = "yantuan.hosts"
    label = "hosts"
    verbose_name = "自提点负责人"
