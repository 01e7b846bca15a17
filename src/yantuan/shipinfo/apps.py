from django.apps import AppConfig


class ShipInfoConfig(AppConfig):
    name = "yantuan.shipinfo"
    label = "shipinfo"
    verbose_name = "微信发货信息"
