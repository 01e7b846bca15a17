from django.apps import AppConfig


class BatchRefundsConfig(AppConfig):
    name = "yantuan.batchrefunds"
    label = "batchrefunds"
    verbose_name = "批量退款"
