from django.apps import AppConfig


class MerchantsConfig(AppConfig):
    name = "yantuan.merchants"
    label = "merchants"
    verbose_name = "收款"
