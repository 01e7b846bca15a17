from django.apps import AppConfig
from django.contrib.admin import apps as admin_apps


class ConsoleConfig(AppConfig):
    name = "yantuan.console"
    label = "console"
    verbose_name = "运营台"


class ConsoleAdminConfig(admin_apps.SimpleAdminConfig):
    """In place of `django.contrib.admin`: every `admin.register` then lands on the console's site.

    The tables are looked for with the console's addresses (see `console.urls`), not in every process that starts.
    """

    default = False
    default_site = "yantuan.console.site.ConsoleSite"
    verbose_name = "运营台"


class ThemeConfig(AppConfig):
    """In place of `unfold.apps`, which would bring the theme's own admin site."""

    name = "unfold"
