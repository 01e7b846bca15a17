from django.apps import AppConfig


class MediaConfig(AppConfig):
    name = "yantuan.media"
    label = "media"
    verbose_name = "图片"
