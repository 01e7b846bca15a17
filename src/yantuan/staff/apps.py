from django.apps import AppConfig


class StaffConfig(AppConfig):
    name = "yantuan.staff"
    label = "staff"
    verbose_name = "管理员"
