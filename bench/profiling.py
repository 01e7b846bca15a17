"""Prints where the time of booking goes: batches of 64 orders on the hot offer under cProfile. Run with the product's settings."""

from __future__ import annotations

import cProfile
import io
import os
import pstats
import sys
import time

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "yantuan.settings")
django.setup()

# Importable only when Django is set up.
from django.db import connection  # noqa: E402

from bench import world  # noqa: E402
from yantuan.kernel.actors import Actor  # noqa: E402
from yantuan.orders.drafts import Draft, DraftLine, Placed  # noqa: E402
from yantuan.orders.placing import place_orders  # noqa: E402

BATCH = 64
BATCHES = 60
_SHOWN = 40


def _draft(buyer: int) -> Draft:
    place = world.place_of(world.special("hot"))
    return Draft(
        person_id=world.BUYER_0 + buyer, group_buy_id=place.sale_id, lines=(DraftLine(place.offer_id, 1),),
        delivery_method="courier", payment_method="offline", expected_total_fen=world.TOTAL_FEN,
        idempotency_key=f"profile-{buyer}", body_hash="a" * 64, actor=Actor("buyer", world.BUYER_0 + buyer),
        address_id=world.ADDRESS_0 + buyer,
    )  # fmt: skip


def _book(first: int) -> None:
    for batch in range(first, first + BATCHES):
        outcomes = place_orders([_draft(batch * BATCH + n) for n in range(BATCH)])
        assert all(isinstance(one, Placed) for one in outcomes), outcomes[:1]


def main() -> None:
    """First without the profiler for the true time, then with it for its parts."""
    began = time.perf_counter()
    _book(0)
    plain = (time.perf_counter() - began) / BATCHES * 1000
    profile = cProfile.Profile()
    profile.runcall(_book, BATCHES)
    text = io.StringIO()
    pstats.Stats(profile, stream=text).strip_dirs().sort_stats("tottime").print_stats(_SHOWN)
    sys.stdout.write(
        f"Booking on {connection.vendor}: {plain:.2f} ms per batch of {BATCH} orders without the profiler"
        f" ({BATCH / plain * 1000:,.0f} orders/s in one thread).\nWith the profiler, by own time:\n"
    )
    sys.stdout.write(text.getvalue().strip() + "\n")


if __name__ == "__main__":
    main()
