from django.apps import AppConfig


class ProxiesConfig(AppConfig):
    name = "yantuan.proxies"
    label = "proxies"
    verbose_name = "代下单"
