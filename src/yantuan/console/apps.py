from django.apps import AppConfig
from django.contrib.admin import apps as admin_apps


class ConsoleConfig(AppConfig):
    name = "yantuan.console"
    label = "console"
    verbose_name = "运营台"


class ConsoleAdminConfig(admin_apps.AdminConfig):
    """In place of `django.contrib.admin`: every `admin.register` then lands on the console's site."""

    default = False
    default_site = "yantuan.console.site.ConsoleSite"
    verbose_name = "运营台"
