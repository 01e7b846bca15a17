from django.apps import AppConfig


class OrdersConfig(AppConfig):
    name = "yantuan.orders"
    label = "orders"
    verbose_name = "订单"
