from django.apps import AppConfig


class PaymentsConfig(AppConfig):
    name = "yantuan.payments"
    label = "payments"
    verbose_name = "支付"
