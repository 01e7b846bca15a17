from django.apps import AppConfig


class CatalogConfig(AppConfig):
    name = "yantuan.catalog"
    label = "catalog"
    verbose_name = "商品"
