"""The provider's bill of the run's days against our rows, as the worker does it the morning after. Prints JSON."""

from __future__ import annotations

import json
import os
import sys
from datetime import date

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "yantuan.settings")
django.setup()

# Importable only when Django is set up.
from yantuan.payments import reconcile  # noqa: E402
from yantuan.payments.models import BillDifference, ProviderNotice  # noqa: E402


def main(days: list[date]) -> None:
    """`rows` of the bill, and what differs: number and problem."""
    for day in days:
        reconcile.reconcile(day)
    told = ProviderNotice.objects.filter(event_type=reconcile.CHECKED).values_list("resource", flat=True)
    differs = BillDifference.objects.all()
    found = {
        "rows": sum(json.loads(text)["rows"] for text in told),
        "differences": [f"{n.number}: {n.problem}" for n in differs.order_by("id")],
    }
    sys.stdout.write(json.dumps(found))


if __name__ == "__main__":
    main([date.fromisoformat(text) for text in sys.argv[1:]])
