from django.apps import AppConfig


class FulfilmentConfig(AppConfig):
    name = "yantuan.fulfilment"
    label = "fulfilment"
    verbose_name = "配送"
