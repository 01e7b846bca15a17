from django.apps import AppConfig


class MembersConfig(AppConfig):
    name = "yantuan.members"
    label = "members"
    verbose_name = "团员"
