from django.apps import AppConfig


class IdentityConfig(AppConfig):
    name = "yantuan.identity"
    label = "identity"
    verbose_name = "身份"
