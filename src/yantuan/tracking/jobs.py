"""Work after commits and on the clock: begin and stop watching, take in pushes, ask about silent parcels, tidy up."""

from __future__ import annotations

from typing import Any

from yantuan.kernel.db import retrying
from yantuan.kernel.outbox import on
from yantuan.kernel.schedule import every
from yantuan.orders.actions import lock_order
from yantuan.tracking import actions, inbox, watching
from yantuan.tracking.receipt import plan_receipt


@on("order.shipped")
def watch_parcel(payload: dict[str, Any]) -> None:
    """A parcel has left."""
    _begin(payload)


@on("parcel.corrected")
def watch_corrected(payload: dict[str, Any]) -> None:
    """A parcel got its right number."""
    _begin(payload)


def _begin(payload: dict[str, Any]) -> None:
    row = actions.start(int(payload["shipment_id"]))
    if row is not None:
        watching.step(row.id)


@on("parcel.withdrawn")
def stop_watching(payload: dict[str, Any]) -> None:
    """A parcel didn't leave after all."""
    actions.stop(int(payload["shipment_id"]))


@on("order.received")
def rest(payload: dict[str, Any]) -> None:
    """The buyer has everything."""
    actions.rest(int(payload["order_id"]))


@on("order.nothing_more_to_ship")
def plan_again(payload: dict[str, Any]) -> None:
    """What was missing was refunded: the parcels under way are all there will be."""
    retrying(lambda: plan_receipt(lock_order(int(payload["order_id"]))))


@on("tracking.look")
def look(payload: dict[str, Any]) -> None:
    """Somebody looks at a parcel of which nothing new was heard."""
    watching.ask(int(payload["tracking_id"]))


@on("courier.pushed")
def take_push(payload: dict[str, Any]) -> None:
    """A genuine push was stored."""
    inbox.handle(int(payload["push_id"]))


@every(60)
def step_due() -> int:
    """Subscribe again what could not be, ask about what is silent."""
    return watching.step_due()


@every(600)
def mark_silent() -> int:
    """Show leaders the parcels of which nothing was heard for two days."""
    return actions.mark_silent()


@every(6 * 3600)
def tidy() -> int:
    """Forget what pushes said weeks ago."""
    return inbox.tidy()
