from django.apps import AppConfig


class GroupBuysConfig(AppConfig):
    name = "yantuan.groupbuys"
    label = "groupbuys"
    verbose_name = "团购"
