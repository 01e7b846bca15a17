from django.apps import AppConfig


class AfterSalesConfig(AppConfig):
    name = "yantuan.aftersales"
    label = "aftersales"
    verbose_name = "售后"
