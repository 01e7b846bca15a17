from django.apps import AppConfig


class StoresConfig(AppConfig):
    name = "yantuan.stores"
    label = "stores"
    verbose_name = "卖场"
