"""Makes the schema and one event; every good is a product with a quota of its own.

PEER_GOODS is a JSON list of {name, stock}. Writes {name: item id, "token": API token} to PEER_ANSWER.
"""

from __future__ import annotations

import json
import os
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import django
from django.core.management import call_command
from django.utils.timezone import now

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "pretix.settings")
django.setup()
call_command("migrate", verbosity=0)

# Importable only when Django is set up.
from django_scopes import scope  # noqa: E402
from pretix.base.models import Event, Item, Organizer, Quota, Team  # noqa: E402

organizer = Organizer.objects.create(name="Bench", slug="bench")
team = Team.objects.create(
    organizer=organizer,
    name="API",
    all_events=True,
    all_event_permissions=True,
    all_organizer_permissions=True,
)
found = {"token": team.tokens.create(name="bench").token}
with scope(organizer=organizer):
    event = Event.objects.create(
        organizer=organizer,
        name="Bench",
        slug="bench",
        live=True,
        currency="EUR",
        date_from=now() + timedelta(days=30),
        plugins="pretix.plugins.manualpayment",
    )
    event.settings.set("payment_manual__enabled", True)
    for goods in json.loads(os.environ["PEER_GOODS"]):
        item = Item.objects.create(
            event=event, name=goods["name"], default_price=Decimal("39.90"), active=True
        )
        Quota.objects.create(event=event, name=goods["name"], size=goods["stock"]).items.add(item)
        found[goods["name"]] = str(item.pk)
Path(os.environ["PEER_ANSWER"]).write_text(json.dumps(found))
