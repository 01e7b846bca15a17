"""Waits until so many orders are paid, three minutes at most; prints how many are, and how many notices were kept.

Run with the product's settings.
"""

from __future__ import annotations

import json
import os
import sys
import time

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "yantuan.settings")
django.setup()

# Importable only when Django is set up.
from yantuan.orders.models import Order  # noqa: E402
from yantuan.payments.models import ProviderNotice  # noqa: E402

if __name__ == "__main__":
    wanted, until = int(sys.argv[1]), time.monotonic() + 180
    while (paid := Order.objects.filter(payment="paid").count()) < wanted and time.monotonic() < until:
        time.sleep(0.1)
    sys.stdout.write(json.dumps({"paid": paid, "notices": ProviderNotice.objects.count()}))
