from django.apps import AppConfig


class PromotionsConfig(AppConfig):
    name = "yantuan.promotions"
    label = "promotions"
    verbose_name = "优惠券"
