"""Prints how many orders are paid and how many notices were kept. Run with the product's settings."""

from __future__ import annotations

import json
import os
import sys

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "yantuan.settings")
django.setup()

from yantuan.orders.models import Order  # noqa: E402
from yantuan.payments.models import ProviderNotice  # noqa: E402

if __name__ == "__main__":
    paid = Order.objects.filter(payment="paid").count()
    sys.stdout.write(json.dumps({"paid": paid, "notices": ProviderNotice.objects.count()}))
