from django.apps import AppConfig


class ReportsConfig(AppConfig):
    name = "yantuan.reports"
    label = "reports"
    verbose_name = "报表"
