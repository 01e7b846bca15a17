"""Places one order and, on PostgreSQL, prints the rows it wrote. Run with the product's settings by `bench.recording`."""

from __future__ import annotations

import json
import os
import sys
from dataclasses import asdict

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "yantuan.settings")
django.setup()

# Importable only when Django is set up.
from django.db import connection  # noqa: E402

from bench import world  # noqa: E402
from bench.recording import BUYER, KEY, OFFER, Written  # noqa: E402
from yantuan.kernel.actors import Actor  # noqa: E402
from yantuan.orders.drafts import Draft, DraftLine, Placed  # noqa: E402
from yantuan.orders.placing import place_orders  # noqa: E402


def _place() -> None:
    place = world.place_of(OFFER)
    draft = Draft(
        person_id=world.BUYER_0 + BUYER, group_buy_id=place.sale_id, lines=(DraftLine(place.offer_id, 1),),
        delivery_method="courier", payment_method="offline", expected_total_fen=world.TOTAL_FEN,
        idempotency_key=KEY, body_hash="a" * 64, actor=Actor("buyer", world.BUYER_0 + BUYER),
        address_id=world.ADDRESS_0 + BUYER,
    )  # fmt: skip
    (outcome,) = place_orders([draft])
    assert isinstance(outcome, Placed), outcome


def _on_postgres() -> list[Written]:
    """Every row whose creating transaction is younger than the moment before the order."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_current_xact_id()::text::bigint")
        before = cursor.fetchone()[0]
    _place()
    rows: list[Written] = []
    for table in sorted(connection.introspection.table_names()):
        with connection.cursor() as cursor:
            cursor.execute(f'SELECT * FROM "{table}" WHERE xmin::text::bigint > %s', [before])
            names = [column.name for column in cursor.description]
            rows += [Written(table, dict(zip(names, row, strict=True))) for row in cursor.fetchall()]
    return rows


if __name__ == "__main__":
    if connection.vendor == "postgresql":
        sys.stdout.write(json.dumps([asdict(row) for row in _on_postgres()], default=str))
    else:
        _place()
