from django.apps import AppConfig
from django.utils.module_loading import autodiscover_modules


class KernelConfig(AppConfig):
    name = "yantuan.kernel"
    label = "kernel"
    verbose_name = "内核"

    def ready(self) -> None:
        # Outbox handlers and timed work register themselves when their module is imported.
        autodiscover_modules("jobs", "parts")
