from django.apps import AppConfig


class SettlingConfig(AppConfig):
    name = "yantuan.settling"
    label = "settling"
    verbose_name = "截单结算"
